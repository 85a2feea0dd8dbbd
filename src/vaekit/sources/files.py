"""Tables and images in files: one, several, a glob, a folder of pictures, or standard input."""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as pa_feather
import pyarrow.json as pa_json
import pyarrow.parquet as pa_parquet

from vaekit.errors import DataError
from vaekit.schema import clock
from vaekit.schema.look import listed, nearest, not_number
from vaekit.schema.types import is_tick
from vaekit.schema.values import flat
from vaekit.sources import archives, idx, pictures, pixels
from vaekit.sources.arrays import read_numpy
from vaekit.sources.delimited import read_csv
from vaekit.sources.frames import refuse_twice
from vaekit.sources.table import Table

_WHOLE = (1 << 31) - 1  # bytes that are read at once
_SQUEEZED = (".gz", ".bz2", ".zst")
Text = Collection[str]


def is_file(data: object) -> bool:
    """True for a path, or a list of paths."""
    if isinstance(data, list | tuple):
        return len(data) > 0 and all(isinstance(path, str | os.PathLike) for path in data)
    return isinstance(data, str | os.PathLike)


def read_files(data: Any, *, text: Text = ()) -> Table:
    """Files as one table, in the order given; a glob's are sorted by name, ``-`` is CSV on standard input.

    Images are the column ``image``.

    Args:
        data: a path, a glob, or a list of them.
        text: columns of a CSV whose cells stay text, even where they look like numbers.

    Raises:
        DataError: no such file, an unknown ending, a damaged file, files whose columns differ.
    """
    paths = [one for path in ([data] if isinstance(data, str | os.PathLike) else data) for one in found(str(path))]
    if any(pictures.is_picture(path) for path in paths):
        _refuse_mixed(paths)
        table = pictures.read_pictures(paths, paths)
    else:
        table = _joined(paths, _alike(paths, [_read_one(path, text) for path in paths], text))
    if pixels.NAME in table.column_names and ending(paths[0]) not in READERS:
        return Table(table, "file", {pixels.NAME: pixels.plain_native(table.schema.field(pixels.NAME).type)})
    return Table(table, "file")


def _refuse_mixed(paths: Sequence[str]) -> None:
    other = [path for path in paths if not pictures.is_picture(path)]
    if other:
        one = next(path for path in paths if pictures.is_picture(path))
        raise DataError(f"{other[0]!r} is no picture, {one!r} is one", hint="read pictures by themselves")


def read_values(path: str) -> np.ndarray[Any, Any]:
    """The values of one column: the labels of an IDX file, or the array of a ``.npy`` file."""
    paths = found(path)
    if ending(path) == ".npy":
        return archives.read_npy(path)
    if len(paths) == 1 and idx.is_idx(path):
        return idx.read_idx(path)
    raise DataError(f"{path!r} holds no column of values", hint="give a .npy or an IDX file, or the values themselves")


def found(path: str) -> list[str]:
    """The files that a path, a folder of pictures or a glob names."""
    if path == "-" or os.path.isfile(archives.split(path)[0]):
        return [path]
    if os.path.isdir(path):
        if pictures.in_folder(path):
            return [path]
        pattern = os.path.join(path, "*.csv")
        raise DataError(
            f"{path!r} is a folder without pictures ({', '.join(pictures.ENDINGS)}); pictures or a file were expected",
            hint=f"name its files: {pattern!r}",
        )
    if any(letter in path for letter in "*?["):
        matches = sorted(match for match in glob.glob(path, recursive=True) if os.path.isfile(match))
        if not matches:
            raise DataError(f"no file matches {path!r} in {os.getcwd()!r}", hint="check the pattern and the folder")
        return matches
    folder = Path(path).parent
    beside = [str(other) for other in folder.iterdir()] if folder.is_dir() else []
    hint = nearest(path, beside) if folder.is_dir() else f"the folder {str(folder)!r} does not exist"
    raise DataError(f"there is no file {path!r}", hint=hint or "check the name and the folder")


def _read_one(path: str, text: Text) -> pa.Table:
    where = "standard input" if path == "-" else repr(path)
    table = read_csv(where, sys.stdin.buffer.read(), text) if path == "-" else _guarded(_reader(path), path, text)
    refuse_twice(table.column_names)
    if not table.num_rows or not table.num_columns:
        raise DataError(
            f"{where} is empty: it holds {table.num_rows} rows and {table.num_columns} columns",
            hint="at least one row and one column are needed",
        )
    return table.replace_schema_metadata(None)


def _reader(path: str) -> Callable[[str, Text], pa.Table]:
    reader = _folder if os.path.isdir(path) else READERS.get(ending(path)) or IMAGES.get(ending(path))
    if reader is None and idx.is_idx(path):
        return _idx
    if reader is None:
        raise DataError(
            f"{path!r} has an unknown ending, expected {', '.join([*READERS, *IMAGES])} (text formats also with .gz)",
            hint=OTHERS.get(ending(path), "convert the file, or rename it if only its ending is unusual"),
        )
    return reader


def ending(path: str) -> str:
    """The ending that says the format, without that of a compression."""
    name = archives.split(path)[0].lower()
    for squeezed in _SQUEEZED:
        name = name.removesuffix(squeezed) if Path(name.removesuffix(squeezed)).suffix in _TEXT_FORMATS else name
    return Path(name).suffix


def _guarded(reader: Callable[[str, Text], pa.Table], path: str, text: Text) -> pa.Table:
    try:
        return reader(path, text)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: Exception) -> DataError:
    """What is said of a damaged file."""
    return DataError(
        f"{path!r} cannot be read as {ending(path)}: {str(error).splitlines()[0]}",
        hint="the file may be damaged, incomplete, or of another format than its ending says",
    )


def _csv(path: str, text: Text) -> pa.Table:
    return read_csv(repr(path), pa.input_stream(path, compression="detect").read(), text)


def _parquet(path: str, _: Text) -> pa.Table:
    table = pa_parquet.ParquetFile(path).read()
    spare = [name for name in table.column_names if name.startswith("__index_level_")]  # a pandas index without a name
    return table.drop_columns(spare) if spare else table


def _feather(path: str, _: Text) -> pa.Table:
    return pa_feather.read_table(path)


def _ipc(path: str, _: Text) -> pa.Table:
    with pa.memory_map(path) as source:
        head = source.read(6)
        source.seek(0)
        opened = pa.ipc.open_file(source) if head == b"ARROW1" else pa.ipc.open_stream(source)
        return opened.read_all()


def _json_lines(path: str, _: Text) -> pa.Table:
    with pa.input_stream(path, compression="detect") as stream:
        content = stream.read()
    if not content.strip():
        raise DataError(f"{path!r} is empty, expected one JSON object a line")
    block = min(len(content) + 1, _WHOLE)
    return pa_json.read_json(io.BytesIO(content), read_options=pa_json.ReadOptions(block_size=block))


def _npy(path: str, _: Text) -> pa.Table:
    return read_numpy(archives.read_npy(path)).arrow


def _npz(path: str, _: Text) -> pa.Table:
    return archives.read_npz(path)


def _idx(path: str, _: Text) -> pa.Table:
    values = idx.read_idx(path)
    if values.ndim == 1:
        raise DataError(
            f"{path!r} holds {len(values)} single values, images were expected",
            hint=f'labels go beside their images: vaekit.images(path, columns={{"label": {path!r}}})',
        )
    return read_numpy(values).arrow


def _folder(path: str, text: Text) -> pa.Table:
    """The pictures of a folder, with the columns of the ``columns.csv`` that `write` leaves beside them."""
    table, beside = pictures.read_folder(path), os.path.join(path, pictures.COLUMNS)
    if not os.path.exists(beside):
        return table
    columns = _read_one(beside, text)
    if columns.num_rows != table.num_rows:
        raise DataError(
            f"{beside!r} holds {columns.num_rows} rows, for {table.num_rows} pictures",
            hint="give one row for each picture",
        )
    if pictures.PICTURE in columns.column_names:
        _refuse_other_order(beside, columns[pictures.PICTURE].to_pylist(), table["file"].to_pylist())
        columns = columns.drop_columns([pictures.PICTURE])
    for name in columns.column_names:
        table = table.drop_columns([name]) if name in table.column_names else table
        table = table.append_column(name, columns[name])
    return table


def _refuse_other_order(path: str, told: Sequence[str], found: Sequence[str]) -> None:
    for row, (one, other) in enumerate(zip(told, found, strict=True)):
        if one != other:
            raise DataError(
                f"{path!r}, row {row} (counted from 0): {one!r} was given, the picture {other!r} was expected",
                hint="sort the rows by the names of the pictures",
            )


def _alike(paths: Sequence[str], tables: list[pa.Table], text: Text) -> list[pa.Table]:
    """Files of CSV where one shows codes (00123) or durations and another numbers or times of day: read alike."""
    if len({frozenset(table.column_names) for table in tables}) > 1 or {*map(ending, paths)} - {".csv", ".tsv"}:
        return tables
    mixed = [
        column.name for column in tables[0].schema
        if not all(_unites(column.type, table.schema.field(column.name).type) for table in tables)
    ]  # fmt: skip
    if not mixed:
        return tables
    again = [_read_one(path, [*text, *mixed]) for path in paths]
    joined = pa.concat_tables([table.select(mixed) for table in again])
    types = clock.with_found(joined, mixed).schema
    if any(pa.types.is_string(kind.type) and pc.any(not_number(joined[kind.name])).as_py() for kind in types):
        return tables  # words in one of the files, which is told
    return [_cast(table, types) for table in again]


def _cast(table: pa.Table, types: pa.Schema) -> pa.Table:
    for column in types:
        if is_tick(column.type):
            ticks = clock.read(flat(table[column.name]), column.type)
            table = table.set_column(table.column_names.index(column.name), column.name, ticks)
    return table


def _joined(paths: Sequence[str], tables: Sequence[pa.Table]) -> pa.Table:
    first = tables[0]
    for path, table in zip(paths[1:], tables[1:], strict=True):
        _refuse_other_columns(paths[0], first, path, table)
    if len(tables) == 1:
        return first
    try:
        same = [table.select(first.column_names) for table in tables]
        return pa.concat_tables(same, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        raise _other_types(paths, tables) from None


def _refuse_other_columns(path: str, first: pa.Table, other: str, table: pa.Table) -> None:
    absent = [name for name in first.column_names if name not in table.column_names]
    extra = [name for name in table.column_names if name not in first.column_names]
    if absent or extra:
        lacks = [f"lacks {listed(absent)}"] if absent else []
        differs = " and ".join(lacks + ([f"has {listed(extra)} more"] if extra else []))
        raise DataError(
            f"the files differ in their columns: compared with {path!r}, {other!r} {differs}",
            hint="read files together only where they have the same columns",
        )


def _other_types(paths: Sequence[str], tables: Sequence[pa.Table]) -> DataError:
    for name in tables[0].column_names:
        for path, table in zip(paths, tables, strict=True):
            kinds = tables[0].schema.field(name).type, table.schema.field(name).type
            if not _unites(*kinds):
                return DataError(
                    f"column {name!r} holds {kinds[0]} in {paths[0]!r} and {kinds[1]} in {path!r}, expected one type",
                    hint="convert the column in one of the files",
                )
    return DataError("the files differ in the types of their columns", hint="convert them to the same types")


def _unites(one: pa.DataType, other: pa.DataType) -> bool:
    try:
        pa.unify_schemas([pa.schema([("x", one)]), pa.schema([("x", other)])], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


OTHERS = {
    ".json": "write one JSON object a line, and call it .jsonl; or give the frame of pandas.read_json(path)",
    **dict.fromkeys(
        (".xlsx", ".xls", ".ods"), "save the sheet as CSV (UTF-8), or give the frame of pandas.read_excel(path)"
    ),
}
_TEXT_FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson")
READERS: dict[str, Callable[[str, Text], pa.Table]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".feather": _feather,
    ".arrow": _ipc,
    ".ipc": _ipc,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
IMAGES: dict[str, Callable[[str, Text], pa.Table]] = {".npy": _npy, ".npz": _npz}
