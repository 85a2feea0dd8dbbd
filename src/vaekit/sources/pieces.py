"""Files of rows as pieces that can be read one by one in any order: row groups of Parquet, blocks of whole lines of CSV."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from vaekit.errors import DataError
from vaekit.sources import files, lines
from vaekit.sources.batches import ROWS
from vaekit.sources.cells import without_nan
from vaekit.sources.delimited import read_csv
from vaekit.sources.frames import refuse_twice
from vaekit.sources.marks import Marks, marks_of

PER_CELL, PER_BYTE = 40, 6  # bytes that a fit in memory takes at most, for a cell of Parquet and for a byte of text
BUFFER = 1 << 18  # bytes of each column that are read at once, where the whole row group would be
_PARQUET, _TEXT = (".parquet", ".pq"), (".csv", ".tsv")
_ROW = re.compile(r"\brow (\d+)\b")


@dataclass(frozen=True)
class Piece:
    """Rows that lie together in a file.

    Args:
        path: the file.
        at: number of the row group, or the byte at which the lines begin.
        size: bytes of the lines, 0 of a row group.
        first: number of the first row, counted over all files.
        rows: how many there are.
        marks: how the numbers of the file are written, where it is text.
    """

    path: str
    at: int
    size: int
    first: int
    rows: int
    marks: Marks = field(default_factory=Marks)


def paths_of(data: Any) -> list[str] | None:
    """The files that data name, where all of them can be read in pieces; else None.

    >>> paths_of("rows.npz") is None, paths_of({"x": [1.0]}) is None
    (True, True)
    """
    if not files.is_file(data):
        return None
    paths = [os.fspath(path) for path in ([data] if isinstance(data, str | os.PathLike) else data)]
    if any(files.ending(path) not in (*_PARQUET, *_TEXT) for path in paths):
        return None
    every = [one for path in paths for one in files.found(path)]
    plain = all(
        os.path.splitext(path)[1].lower() in (*_PARQUET, *_TEXT) for path in every
    )  # what is squeezed has no middle
    return every if plain else None


def size_in_memory(paths: Sequence[str]) -> int:
    """Bytes that a fit of these files takes in memory, estimated from their cells or their size."""
    return sum(_size(path) for path in paths)


def _size(path: str) -> int:
    if files.ending(path) in _TEXT:
        return os.path.getsize(path) * PER_BYTE
    try:
        with pa_parquet.ParquetFile(path) as file:
            return int(file.metadata.num_rows * len(file.schema_arrow.names) * PER_CELL)
    except (pa.ArrowException, OSError) as error:
        raise files.unreadable(path, error) from None


def rows_known(paths: Sequence[str]) -> int | None:
    """How many rows there are, where the files say so without being read."""
    if any(files.ending(path) in _TEXT for path in paths):
        return None
    return sum(int(pa_parquet.read_metadata(path).num_rows) for path in paths)


def walk(paths: Sequence[str], text: Collection[str] = ()) -> Iterator[tuple[Piece, Iterator[pa.Table]]]:
    """Every piece in the order of the rows, with its rows in tables of some thousand.

    Args:
        paths: Parquet and CSV files of the same columns.
        text: columns of a CSV whose cells stay text.

    Raises:
        DataError: a damaged file, or one without rows.
    """
    first = 0
    for path in paths:
        before = first
        for piece in _text_pieces(path, text) if files.ending(path) in _TEXT else _groups(path):
            if piece.size:  # lines are counted when they are parsed
                table = _parsed(piece, text, first, look=True)
                piece = replace(piece, first=first, rows=table.num_rows)
                text = {*text, *(column.name for column in table.schema if pa.types.is_string(column.type))}
                yield piece, _cut(table)
            else:
                piece = replace(piece, first=first)
                yield piece, read(piece)
            first += piece.rows
        if first == before:
            raise DataError(f"{path!r} is empty: it holds 0 rows", hint="at least one row and one column are needed")


def read(piece: Piece, text: Collection[str] = (), columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a piece, in tables of some thousand, not-a-number as null.

    Args:
        piece: as `walk` told it.
        text: columns of a CSV whose cells stay text.
        columns: those wanted; all when None, or where they lie in text.
    """
    if piece.size:
        yield from _cut(_parsed(piece, text, piece.first))
        return
    try:
        with pa_parquet.ParquetFile(piece.path, pre_buffer=False, buffer_size=BUFFER) as file:
            names = [name for name in _names(file) if columns is None or name in columns]
            for batch in file.iter_batches(ROWS, row_groups=[piece.at], columns=names, use_threads=False):
                yield without_nan(pa.Table.from_batches([batch]).replace_schema_metadata(None))
    except (pa.ArrowException, OSError) as error:
        raise files.unreadable(piece.path, error) from None


def moved(text: str, first: int) -> str:
    """A message about a row of a part, told of the whole.

    >>> moved("column 'x', row 3: given inf", 1000)
    "column 'x', row 1003: given inf"
    """
    return _ROW.sub(lambda found: f"row {int(found[1]) + first}", text)


def _groups(path: str) -> Iterator[Piece]:
    try:
        with pa_parquet.ParquetFile(path) as file:
            refuse_twice(_names(file))
            sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise files.unreadable(path, error) from None
    yield from (Piece(path, at, 0, 0, rows) for at, rows in enumerate(sizes) if rows)


def _names(file: Any) -> list[str]:
    return [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]


def _text_pieces(path: str, text: Collection[str]) -> Iterator[Piece]:
    """Blocks of whole lines, the first one with the line of names."""
    at = 0
    with open(path, "rb") as stream:
        marks = marks_of(repr(path), (block for block, _ in lines.blocks(stream, quotes=True)), text)
    with open(path, "rb") as stream:
        for block, _ in lines.blocks(stream, quotes=True):
            if block.strip():
                yield Piece(path, at, len(block), 0, 0, marks)
            at += len(block)
    if at == 0:
        read_csv(repr(path), b"", ())  # says what is wrong


def _parsed(piece: Piece, text: Collection[str], first: int, *, look: bool = False) -> pa.Table:
    with open(piece.path, "rb") as stream:
        names = b"" if piece.at == 0 else lines.read_names(stream)
        stream.seek(piece.at)
        content = names + stream.read(piece.size)
    try:
        table = read_csv(repr(piece.path), content, text, piece.marks, look=look)
    except DataError as error:
        raise DataError(moved(error.message, first), hint=error.hint) from None
    refuse_twice(table.column_names)
    return without_nan(table.replace_schema_metadata(None))


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    yield from (table.slice(at, ROWS) for at in range(0, table.num_rows, ROWS))
