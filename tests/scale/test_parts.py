"""Parts appear whole, are never made twice, and belong to one question."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from vaekit.scale import Parts


def test_a_repeated_command_finishes_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    first = Parts(out, 3, of=["model", 1])
    first.write(0, pa.table({"x": [0, 1]}))
    first.write(2, pa.table({"x": [4]}))
    again = Parts(out, 3, of=["model", 1])
    assert again.missing() == [1] and not out.exists()
    again.write(1, pa.table({"x": [2, 3]}))
    again.join()
    assert pa_parquet.read_table(out)["x"].to_pylist() == [0, 1, 2, 3, 4] and not again.folder.exists()


def test_parts_of_another_question_are_thrown_away(tmp_path: Path) -> None:
    Parts(tmp_path / "out.csv", 2, of="this").write(0, pa.table({"x": [0]}))
    assert Parts(tmp_path / "out.csv", 2, of="that").missing() == [0, 1]


def test_an_answer_with_a_part_missing_is_none(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Parts(tmp_path / "out.csv", 1, of="this").join()
