import datetime as dt
import io
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from vaekit.errors import UserError
from vaekit.sources import WRITERS, read, whole_file, write

TABLE = pa.table(
    {
        "n": [1, None],
        "x": [0.5, float("nan")],
        "c": pa.array(["a", "b"]).dictionary_encode(),
        "d": [dt.date(2024, 1, 2), None],
        "t": pa.array([dt.datetime(2024, 1, 2, 3), None], pa.timestamp("s")),
        "m": [Decimal("1.25"), None],
        "b": [True, None],
    }
)


@pytest.mark.parametrize("ending", WRITERS)
def test_every_writer_writes_every_type_and_leaves_nothing_beside(tmp_path, ending):
    write(TABLE, tmp_path / f"t{ending}")
    assert os.listdir(tmp_path) == [f"t{ending}"]
    back = read(tmp_path / f"t{ending}").arrow
    assert back.column("c").to_pylist() == ["a", "b"]
    assert back.column("n").to_pylist() == [1, None]
    assert back.column("x").to_pylist() == [0.5, None]


def test_json_lines_are_plain_json(tmp_path):
    write(TABLE, tmp_path / "t.jsonl")
    first = json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])
    assert first == {
        "n": 1, "x": 0.5, "c": "a", "d": "2024-01-02", "t": "2024-01-02T03:00:00", "m": 1.25, "b": True
    }  # fmt: skip


def test_standard_output_is_csv(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    write(TABLE.select(["n", "c"]), "-")
    assert out.getvalue() == b'"n","c"\n1,"a"\n,"b"\n'


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    place = tmp_path / "t.csv"
    place.write_text("old")

    def fail(stream):
        stream.write(b"half")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        whole_file(place, fail)
    assert place.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_an_unknown_ending_is_refused():
    with pytest.raises(UserError) as caught:
        write(TABLE, "t.xlsx")
    assert "'t.xlsx' has an unknown ending, expected .csv, .parquet, .feather, .jsonl\nHint:" in str(caught.value)


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written: No such file or directory\nHint: make the folder first"):
        write(TABLE, tmp_path / "nowhere" / "t.csv")
    with pytest.raises(UserError, match="cannot be written: Is a directory\nHint: choose another place"):
        (tmp_path / "t.csv").mkdir()
        write(TABLE, Path(tmp_path, "t.csv"))
