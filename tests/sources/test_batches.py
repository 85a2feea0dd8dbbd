"""Tables in files, batch by batch: together the rows of the whole file."""

import gzip
import sys

import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.sources import Batch, batches, read, write

ROWS = pa.table(
    {"n": range(1_000), "name": [f'a "quoted"\nline, {i}' if i % 7 == 0 else f"b{i}" for i in range(1_000)]}
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    module = sys.modules["vaekit.sources.batches"]
    monkeypatch.setattr(module, "ROWS", 128)
    monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 2_000)


def joined(path, text=()):
    found = list(batches(str(path), text))
    assert all(isinstance(each, Batch) for each in found)
    return len(found), pa.concat_tables([each.table.arrow for each in found], promote_options="permissive"), found


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.feather", "rows.jsonl"])
def test_batches_are_the_rows_of_the_file(tmp_path, name):
    write(ROWS, tmp_path / name)
    count, table, found = joined(tmp_path / name)
    assert count > 3 and table.equals(ROWS) and table.equals(read(str(tmp_path / name)).arrow)
    assert found[-1].share == 1.0 and found[0].share < 0.5


def test_compressed_text_and_streams_of_arrow(tmp_path):
    write(ROWS, tmp_path / "rows.csv")
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress((tmp_path / "rows.csv").read_bytes()))
    with pa.ipc.new_stream(tmp_path / "rows.arrow", ROWS.schema) as stream:
        stream.write_table(ROWS, 300)
    for name in ("rows.csv.gz", "rows.arrow"):
        assert joined(tmp_path / name)[1].equals(ROWS)


def test_a_key_that_comes_late_is_null_before(tmp_path):
    lines = ['{"a": 1}'] * 500 + ['{"a": 2, "b": "x"}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    count, table, _ = joined(tmp_path / "rows.jsonl")
    assert count > 1 and table["b"].null_count == 500


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\n\n"])
def test_a_file_without_rows_is_refused(tmp_path, content):
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(DataError, match="is empty"):
        joined(tmp_path / "rows.csv")


def test_a_damaged_file_is_refused(tmp_path):
    write(ROWS, tmp_path / "rows.parquet")
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "rows.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cannot be read as \.parquet"):
        joined(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="there is no file"):
        joined(tmp_path / "absent.csv")


def test_types_follow_each_batch(tmp_path):
    (tmp_path / "rows.csv").write_text("x,t\n" + "1,7\n" * 1_000 + "1.5,8\n" * 1_000)
    assert joined(tmp_path / "rows.csv", {"t"})[1].schema.types == [pa.float64(), pa.string()]
