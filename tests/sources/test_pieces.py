"""Pieces hold every row once, in any order, whatever the file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

from vaekit.errors import DataError
from vaekit.sources.pieces import moved, paths_of, read, rows_known, size_in_memory, walk

ROWS = 1_000


def table() -> pa.Table:
    noise = np.random.default_rng(0)
    names = ['a "quoted" one', "two\nlines", "comma, here", "plain"]
    return pa.table({
        "number": np.arange(ROWS),
        "x": noise.normal(size=ROWS).round(6),
        "name": [names[k] for k in noise.integers(0, 4, ROWS)],
    })  # fmt: skip


@pytest.fixture(params=["parquet", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / f"rows.{request.param}"
    if request.param == "csv":
        monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 4_000)
        pa_csv.write_csv(table(), place)
    else:
        pa_parquet.write_table(table(), place, row_group_size=170)
    return place


def test_pieces_hold_every_row_once_and_are_read_again_in_any_order(path: Path) -> None:
    pieces, seen = [], []
    for piece, tables in walk([str(path)]):
        pieces.append(piece)
        seen += list(tables)
    assert len(pieces) > 5 and pa.concat_tables(seen).equals(table())
    assert [piece.first for piece in pieces] == np.cumsum([0, *(piece.rows for piece in pieces)])[:-1].tolist()
    for piece in reversed(pieces):
        assert pa.concat_tables(read(piece)).equals(table().slice(piece.first, piece.rows))


def test_several_files_are_counted_on(path: Path) -> None:
    pieces = [piece for piece, _ in walk([str(path), str(path)])]
    assert sum(piece.rows for piece in pieces) == 2 * ROWS and pieces[-1].first + pieces[-1].rows == 2 * ROWS


def test_rows_are_known_where_the_file_says_so(path: Path) -> None:
    assert rows_known([str(path)]) == (ROWS if path.suffix == ".parquet" else None)
    assert 1e4 < size_in_memory([str(path)]) < 1e6


def test_columns_of_row_groups_are_read_by_themselves(tmp_path: Path) -> None:
    pa_parquet.write_table(table(), tmp_path / "rows.parquet")
    (piece, _), *_ = walk([str(tmp_path / "rows.parquet")])
    assert next(read(piece, columns=["x"])).column_names == ["x"]


def test_not_a_number_is_null(tmp_path: Path) -> None:
    pa_parquet.write_table(pa.table({"x": [1.0, float("nan")]}), tmp_path / "rows.parquet")
    (piece, _), *_ = walk([str(tmp_path / "rows.parquet")])
    assert next(read(piece))["x"].to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ("a.csv", True),
        (["a.parquet", "a.csv"], True),
        ("*.csv", True),
        ("a.csv.gz", False),
        ("a.npz", False),
        ({"x": [1]}, False),
    ],
)
def test_which_data_are_read_in_pieces(data: Any, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "a.parquet", "a.csv.gz", "a.npz"):
        (tmp_path / name).write_text("")
    assert (paths_of(data) is not None) == known


def test_damaged_and_empty_files_are_refused(tmp_path: Path) -> None:
    damaged, empty, bare = (tmp_path / name for name in ("damaged.parquet", "empty.csv", "bare.csv"))
    damaged.write_bytes(b"PAR1 and nothing of the kind")
    empty.write_text("")
    bare.write_text("a,b\n")
    for path, words in ((damaged, "cannot be read"), (empty, "empty"), (bare, "0 rows")):
        with pytest.raises(DataError, match=words):
            list(walk([str(path)]))
    with pytest.raises(DataError, match="cannot be read"):
        size_in_memory([str(damaged)])


def test_a_message_names_the_row_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 64)
    lines = ["a,b", *("1,2" for _ in range(100)), "1,2,3", *("1,2" for _ in range(100))]
    (tmp_path / "ragged.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="row 100 "):
        list(walk([str(tmp_path / "ragged.csv")]))
    assert moved("nothing of the kind", 5) == "nothing of the kind"
