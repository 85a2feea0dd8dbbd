"""The decimal mark of a file is the same for each of its parts, and for a small and a large file."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pyarrow as pa
import pytest

from vaekit.errors import VaekitWarning
from vaekit.sources import read
from vaekit.sources.batches import batches
from vaekit.sources.marks import Marks, marks_of
from vaekit.sources.pieces import read as read_piece
from vaekit.sources.pieces import walk
from vaekit.sources.survey import survey


def put(folder: Path, text: str) -> str:
    (folder / "t.csv").write_text(text)
    return str(folder / "t.csv")


LATE = "n;price;x\n" + "7.000;5;a\n" * 400 + "1.500;5,25;a\n" * 400 + "2.000;5;a\n" * 400


@pytest.mark.filterwarnings("ignore::vaekit.errors.VaekitWarning")
def test_a_comma_that_comes_late_decides_for_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, LATE)
    whole = read(path).arrow
    assert whole["n"].to_pylist() == [7000.0] * 400 + [1500.0] * 400 + [2000.0] * 400
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 1_000)
    assert read(path).arrow.equals(whole)
    parts = [batch.table.arrow for batch in batches(path)]
    assert len(parts) > 5 and pa.concat_tables(parts, promote_options="permissive").equals(whole)
    pieces = list(walk([path]))
    walked = [table for _, tables in pieces for table in tables]
    again = [table for piece, _ in pieces for table in read_piece(piece)]
    for tables in (walked, again):
        assert pa.concat_tables(tables, promote_options="permissive").equals(whole)
    assert survey([path], 5_000).table.equals(whole)


def test_one_number_that_reads_in_one_way_alone_tells() -> None:
    assert marks_of("t", [b"n;m\n7.000;8.5\n"]) == Marks(".")
    assert marks_of("t", [b"n;m\n7.000;8,5\n"]) == Marks(",")
    assert marks_of("t", [b"n;m\n7.000;1.234.567\n"]) == Marks(",")
    assert marks_of("t", [b"n\tm\n7\t8\n", b"5\t1,5\n"]) == Marks(",")
    assert marks_of("t", [b"n,m\n7.000,8\n"]) == Marks(".")
    assert marks_of("t", [b"n;m\n7,000;8\n"]) == Marks(","), "commas alone are decimal ones, beside semicolons"
    assert marks_of("t", [b"n;m\n0.125;8\n"]) == Marks("."), "no group of thousands begins with a zero"


def test_columns_that_contradict_each_other_have_marks_of_their_own() -> None:
    with pytest.warns(VaekitWarning, match="points in numbers of 'n' may stand before decimals or between thousands"):
        marks = marks_of("t", [b"n;lat;price\n7.000;48.1371;1,5\n"])
    assert [marks.of(name) for name in ("n", "lat", "price")] == [".", ".", ","]


def test_where_nothing_tells_that_is_told() -> None:
    with pytest.warns(VaekitWarning, match="'t.csv': points in numbers of 'n' .*; 7.000 is read as 7. Write 7000"):
        assert marks_of("'t.csv'", [b"n;m\n7.000;8\n"]) == Marks(".")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert marks_of("t", [b"n;m\n7;8\n"]) == Marks(".")
        assert marks_of("t", [b"n;m\n7.000;8,5\n"], ["m", "n"]) == Marks("."), "text tells nothing"


def test_lines_of_other_lengths_and_other_encodings_do_no_harm() -> None:
    assert marks_of("t", ["Größe;n\n1;2;3\nä;1,5\n".encode("cp1252")]) == Marks(",")
