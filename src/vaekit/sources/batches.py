"""Tables in files, some thousand rows at a time: what is read of a file at once does not grow with it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pa_parquet

from vaekit.errors import DataError
from vaekit.sources import files, lines
from vaekit.sources.cells import without_nan
from vaekit.sources.delimited import read_csv
from vaekit.sources.frames import refuse_twice
from vaekit.sources.marks import marks_of
from vaekit.sources.sql import Sql, is_sql, no_rows, sql_tables
from vaekit.sources.table import Table

ROWS = 16_384  # of one batch of a format that knows its rows
_TEXT = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_IPC = (".feather", ".arrow", ".ipc")


class Batch(NamedTuple):
    """Some rows of a file, and the share of the file that has been read with them (None where nobody knows)."""

    table: Table
    share: float | None


def is_streamable(data: object) -> bool:
    """Whether `batches` reads it: one file of a table, or CSV on standard input.

    >>> is_streamable("rows.parquet"), is_streamable("-"), is_streamable("*.csv"), is_streamable("digits.npz")
    (True, True, False, False)
    """
    if not isinstance(data, str | os.PathLike):
        return is_sql(data)
    path = os.fspath(data)
    known = files.ending(path) in (*_TEXT, *_LINES, *_IPC, ".parquet", ".pq")
    return path == "-" or (known and (os.path.isfile(path) or not any(letter in path for letter in "*?[")))


def batches(source: str | Sql, text: Collection[str] = ()) -> Iterator[Batch]:
    """The rows of one file in their order.

    Text is cut at the ends of lines, and the types of its columns are found batch by batch: hold each against a schema.

    Args:
        source: a file of a table, ``-`` for CSV on standard input, or `vaekit.sql`.
        text: columns of a CSV whose cells stay text.

    Raises:
        DataError: no such file, a damaged or an empty one.
    """
    if isinstance(source, Sql):
        yield from _answered(source)
        return
    path = source
    files.found(path)
    several, where, empty = _tables(path, text), "standard input" if path == "-" else repr(path), True
    try:
        for table, share in several:
            refuse_twice(table.column_names)
            if table.num_rows and table.num_columns:
                empty = False
                plain = without_nan(table.replace_schema_metadata(None))
                yield Batch(Table(plain, "file"), share)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise files.unreadable(path, error) from None
    if empty:
        raise DataError(
            f"{where} is empty: it holds 0 rows",
            hint="at least one row and one column are needed",
        )


def _answered(source: Sql) -> Iterator[Batch]:
    rows = 0
    for table in sql_tables(source):
        if table.num_rows:
            rows += table.num_rows
            yield Batch(Table(without_nan(table), "file"), None)
    if not rows:
        raise no_rows(source)


Parts = Iterator[tuple[pa.Table, float | None]]


def _tables(path: str, text: Collection[str]) -> Parts:
    ending = files.ending(path)
    if path == "-":
        return _csv("standard input", sys.stdin.buffer, text, None)
    if ending in _TEXT:
        return _csv(repr(path), pa.input_stream(path, compression="detect"), text, path)
    if ending in _LINES:
        return _json_lines(path)
    return _ipc(path) if ending in _IPC else _parquet(path)


def _parquet(path: str) -> Parts:
    with pa_parquet.ParquetFile(path, pre_buffer=False) as file:
        names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
        done, rows = 0, max(file.metadata.num_rows, 1)
        for batch in file.iter_batches(ROWS, columns=names, use_threads=False):
            done += batch.num_rows
            yield pa.Table.from_batches([batch]), done / rows


def _ipc(path: str) -> Parts:
    with pa.OSFile(path) as source:
        head = source.read(6)
        source.seek(0)
        if head != b"ARROW1":
            for batch in pa.ipc.open_stream(source):
                yield from ((part, None) for part, _ in _cut(batch))
            return
        opened = pa.ipc.open_file(source)
        for at in range(opened.num_record_batches):
            for part, share in _cut(opened.get_batch(at)):
                yield part, (at + share) / opened.num_record_batches


def _cut(batch: pa.RecordBatch) -> Iterator[tuple[pa.Table, float]]:
    for at in range(0, batch.num_rows, ROWS):
        yield pa.Table.from_batches([batch.slice(at, ROWS)]), min(at + ROWS, batch.num_rows) / batch.num_rows


def _csv(where: str, stream: Any, text: Collection[str], path: str | None) -> Parts:
    """Blocks of whole lines, each read as a CSV below the line of names; an empty one is told as a whole file's is.

    How numbers are written is found in the whole file, or in the first block of what can be read only once.
    """
    names, marks = b"", None if path is None else marks_of(where, _blocks(path), text)
    for block, read in lines.blocks(stream, quotes=True):
        content = block.removeprefix(lines.BYTE_ORDER_MARK) if not names else names + block
        if not names:
            names = lines.names_of(content)
            if len(block) >= lines.BYTES and content.strip() == names.strip():
                continue
        elif not block.strip():
            continue
        marks = marks or marks_of(where, [content], text)
        yield read_csv(where, content, text, marks, look=False), _share(read, path)
    if not names:
        read_csv(where, b"", text)  # says what is wrong


def _blocks(path: str) -> Iterator[bytes]:
    with pa.input_stream(path, compression="detect") as stream:
        yield from (block for block, _ in lines.blocks(stream, quotes=True))


def _json_lines(path: str) -> Parts:
    """Blocks of lines; a key that a block lacks is null there, as it is in a whole file."""
    types: dict[str, pa.DataType] = {}
    for block, _ in lines.blocks(pa.input_stream(path, compression="detect")):
        types |= {field.name: field.type for field in _objects(block).schema if field.name not in types}
    for block, read in lines.blocks(pa.input_stream(path, compression="detect")):
        table = _objects(block)
        for name in types.keys() - set(table.column_names):
            table = table.append_column(name, pa.nulls(table.num_rows, types[name]))
        yield table.select(list(types)), _share(read, path)


def _objects(block: bytes) -> pa.Table:
    options = pa_json.ReadOptions(use_threads=False, block_size=len(block) + 1)
    return pa_json.read_json(io.BytesIO(block), read_options=options)


def _share(read: int, path: str | None) -> float | None:
    if path is None or os.path.splitext(path)[1] not in (*_TEXT, *_LINES):
        return None
    return min(1.0, read / max(os.path.getsize(path), 1))
