"""Reading ahead and writing behind: one thread each beside the one that computes, and never more than two batches waiting."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from vaekit.errors import DataError
from vaekit.sources.write import whole_file, write_csv, write_feather, write_json_lines

WAITING = 2  # batches in each queue
Item = TypeVar("Item")
Put = Callable[[pa.Table], None]
_END: Any = object()


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The items, the next ones made in a thread while one is used; its errors are raised here.

    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    made: queue.Queue[Any] = queue.Queue(WAITING)
    stop = threading.Event()

    def offer(item: Any) -> None:
        while not stop.is_set():
            try:
                return made.put(item, timeout=0.1)
            except queue.Full:
                continue
        return None

    def run() -> None:
        try:
            for item in items:
                offer((item, None))
                if stop.is_set():
                    return
            offer((_END, None))
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            offer((_END, error))

    thread = threading.Thread(target=run, name="vaekit-reader", daemon=True)
    thread.start()
    try:
        while (pair := made.get())[0] is not _END:
            yield pair[0]
        if pair[1] is not None:
            raise pair[1]
    finally:
        stop.set()
        thread.join()


@contextmanager
def behind(use: Callable[[Item], None]) -> Iterator[Callable[[Item], None]]:
    """A function that takes items for a thread to use, in their order; all are used, or an error is raised, at the end.

    >>> found = []
    >>> with behind(found.append) as put:
    ...     put(1), put(2)
    (None, None)
    >>> found
    [1, 2]
    """
    waiting: queue.Queue[Any] = queue.Queue(WAITING)
    failed: list[BaseException] = []

    def run() -> None:
        while (item := waiting.get()) is not _END:
            if not failed:
                try:
                    use(item)
                except BaseException as error:  # noqa: BLE001 - raised again where the items come from
                    failed.append(error)

    def put(item: Item) -> None:
        if failed:
            raise failed[0]
        waiting.put(item)

    thread = threading.Thread(target=run, name="vaekit-writer", daemon=True)
    thread.start()
    try:
        yield put
    finally:
        waiting.put(_END)
        thread.join()
    if failed:
        raise failed[0]


def write_batches(tables: Iterable[pa.Table], path: str | os.PathLike[str]) -> None:
    """Write tables of one schema one below the other; a file appears whole or not at all, ``-`` is standard output.

    Raises:
        UserError: a place that cannot be written to.
        DataError: a table whose columns have other types than those of the first.
    """
    if str(path) == "-":
        _fill(sys.stdout.buffer, ".csv", tables)
        sys.stdout.buffer.flush()
    else:
        whole_file(path, lambda stream: _fill(stream, Path(path).suffix.lower(), tables))


def _fill(stream: BinaryIO, ending: str, tables: Iterable[pa.Table]) -> None:
    with closing(_Sink(stream, ending)) as sink, behind(sink.add) as put:
        try:
            for table in tables:
                put(table)
        finally:
            if isinstance(tables, Generator):  # what reads ahead for it ends now: at the end of a process it could not
                tables.close()


class _Sink:
    """A file that grows by tables; the first one's types are those of the file."""

    def __init__(self, stream: BinaryIO, ending: str) -> None:
        self.stream, self.ending = stream, ending
        self.schema: pa.Schema | None = None
        self.writer: Any = None
        self.whole, self.kept = (
            False,
            list[pa.Table](),
        )  # a Feather file knows one set of levels, which is known at the end

    def add(self, table: pa.Table) -> None:
        first = self.schema is None
        if first:
            self.schema = table.schema
            levels = any(pa.types.is_dictionary(field.type) for field in table.schema)
            self.whole = self.ending == ".feather" and levels
            self.writer = None if self.whole else _writer(self.stream, self.ending, table.schema)
        if self.whole:
            self.kept.append(_alike(table, self.schema))
        elif self.writer is not None:
            self.writer.write_table(_alike(table, self.schema))
        elif self.ending == ".jsonl":
            write_json_lines(table, self.stream)
        else:
            write_csv(table, self.stream, header=first)

    def close(self) -> None:
        if self.kept:
            write_feather(pa.concat_tables(self.kept).unify_dictionaries(), self.stream)
        if self.writer is not None:
            self.writer.close()


def _writer(stream: BinaryIO, ending: str, schema: pa.Schema) -> Any:
    if ending == ".parquet":
        return pa_parquet.ParquetWriter(stream, schema, compression="zstd")
    if ending == ".feather":
        return pa.ipc.new_file(stream, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
    return None


def _alike(table: pa.Table, schema: pa.Schema | None) -> pa.Table:
    if schema is None or table.schema.equals(schema):
        return table
    try:
        return table.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise DataError(
            f"the types of the answer change on the way: {str(error).splitlines()[0]}",
            hint="write .jsonl or .csv, or read a format that has types, such as .parquet",
        ) from None


STREAMED = (".csv", ".jsonl", ".parquet", ".feather")
