"""Reading ahead and writing behind."""

import itertools
import threading

import pyarrow as pa
import pytest

from vaekit.errors import DataError, UserError
from vaekit.sources import STREAMED, ahead, read, write_batches
from vaekit.sources.pipe import WAITING, behind

PARTS = [pa.table({"x": [1.5, None], "name": ["a", "b"]}), pa.table({"x": [None, 2.5], "name": [None, "c"]})]


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name in ("vaekit-reader", "vaekit-writer")]


def test_never_more_than_a_few_items_are_made_ahead():
    made = itertools.count()
    first = next(items := ahead(next(made) for _ in range(100)))
    items.close()
    assert first == 0 and next(made) <= WAITING + 3 and not threads()


def test_errors_of_the_thread_are_raised_where_the_items_are_used():
    def broken():
        yield 1
        raise DataError("row 7")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(DataError, match="row 7"):
        next(items)
    with pytest.raises(ZeroDivisionError), behind(lambda x: 1 / x) as put:
        put(0)
    assert not threads()


@pytest.mark.parametrize("ending", STREAMED)
def test_tables_stand_one_below_the_other(tmp_path, ending):
    write_batches(iter(PARTS), tmp_path / f"out{ending}")
    assert read(str(tmp_path / f"out{ending}")).arrow.equals(pa.concat_tables(PARTS))
    assert [path.name for path in tmp_path.iterdir()] == [f"out{ending}"]


@pytest.mark.parametrize("ending", STREAMED)
def test_levels_may_differ_from_batch_to_batch(tmp_path, ending):
    parts = [pa.table({"x": pa.array(names).dictionary_encode()}) for names in (["a", "b"], ["c", "a"])]
    write_batches(iter(parts), tmp_path / f"out{ending}")
    assert read(str(tmp_path / f"out{ending}")).arrow["x"].to_pylist() == ["a", "b", "c", "a"]


@pytest.mark.parametrize("ending", STREAMED)
def test_nothing_is_left_of_a_file_that_fails_midway(tmp_path, ending):
    def broken():
        yield PARTS[0]
        raise DataError("row 7")

    with pytest.raises(DataError, match="row 7"):
        write_batches(broken(), tmp_path / f"out{ending}")
    assert not list(tmp_path.iterdir())


def test_types_stay_those_of_the_first_table(tmp_path):
    with pytest.raises(DataError, match="types of the answer change"):
        write_batches([pa.table({"x": [1]}), pa.table({"x": ["a"]})], tmp_path / "out.parquet")
    with pytest.raises(UserError, match="cannot be written"):
        write_batches(PARTS, tmp_path / "absent" / "out.parquet")


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_text_may_follow_numbers_where_a_format_has_no_types(tmp_path, ending):
    write_batches([pa.table({"x": [1]}), pa.table({"x": ["a"]})], tmp_path / f"out{ending}")
    text = (tmp_path / f"out{ending}").read_text()
    assert "1" in text and '"a"' in text


def test_what_makes_the_tables_is_closed_where_one_cannot_be_written(tmp_path):
    closed = []

    def tables():
        try:
            yield pa.table({"x": [1]})
            while True:
                yield pa.table({"x": ["a"]})
        finally:
            closed.append(True)

    with pytest.raises(DataError) as caught:
        write_batches(tables(), tmp_path / "out.parquet")
    assert closed and caught.value.__traceback__ is not None  # which holds on to every frame
