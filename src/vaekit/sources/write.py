"""Tables to files, whole or not at all."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet

from vaekit.errors import UserError
from vaekit.schema import clock
from vaekit.schema.tensors import is_tensor
from vaekit.schema.types import is_tick
from vaekit.sources import pictures
from vaekit.sources.archives import write_npy, write_npz
from vaekit.sources.cells import without_nan

_TEXT = (".csv", ".jsonl")


def write(table: pa.Table, path: str | os.PathLike[str]) -> None:
    """Write a table in the format that the ending names; ``-`` is CSV on standard output.

    Args:
        table: (B, F) rows.
        path: ends in one of ``WRITERS``. A table of images also goes into a folder (a path without ending, or one that
            ends in ``/``): 000000.png, 000001.png, ..., and ``columns.csv`` where there are other columns, which begins with
            the column ``picture``. The file or folder appears whole, when everything is written, or not at all.

    Raises:
        UserError: an unknown ending, a place that cannot be written to, or images where text is to be written.
    """
    images = [field.name for field in table.schema if is_tensor(field.type)]
    if images and is_folder(path):
        _folder(table, Path(path))
        return
    if images and (str(path) == "-" or Path(path).suffix.lower() in _TEXT):
        raise UserError(
            f"images cannot be written as text to {str(path)!r}", hint="name a folder (of PNG files), or end it in .npz"
        )
    if str(path) == "-":
        write_csv(table, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    writer = WRITERS.get(Path(path).suffix.lower())
    if writer is None:
        raise UserError(
            f"{str(path)!r} has an unknown ending, expected {', '.join(WRITERS)}",
            hint="name the output after one of these; '-' is CSV on standard output",
        )
    whole_file(path, lambda stream: writer(table, stream))


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `write` makes a folder of pictures there.

    >>> is_folder("digits/"), is_folder("digits"), is_folder("digits.npz"), is_folder("-")
    (True, True, False, False)
    """
    text = os.fspath(path)
    return text != "-" and (text.endswith(("/", os.sep)) or os.path.isdir(text) or not Path(text).suffix)


def whole_file(path: str | os.PathLike[str], fill: Callable[[BinaryIO], None]) -> None:
    """Fill a file beside its place, then move it there in one step; it is as private as one that was there before.

    Where a link leads the file is; a device or a pipe is written to.

    Raises:
        UserError: the place cannot be written to.
    """
    place = Path(path)
    known = place.exists() and not place.is_dir()
    straight = known and (not place.is_file() or place.is_relative_to("/dev"))
    place = place.resolve() if place.is_symlink() and not straight else place
    part = place.parent / f".{place.name}.{os.getpid()}.part"
    try:
        with (place if straight else part).open("wb") as stream:
            fill(stream)
        if not straight:
            if known:
                part.chmod(stat.S_IMODE(place.stat().st_mode))
            os.replace(part, place)
    except OSError as error:
        hint = "make the folder first" if not place.parent.is_dir() else "choose another place"
        raise UserError(f"{str(place)!r} cannot be written: {error.strerror or error}", hint=hint) from None
    finally:
        with suppress(OSError):  # it is there only when something else went wrong, which is what is reported
            part.unlink(missing_ok=True)


def _folder(table: pa.Table, place: Path) -> None:
    with pictures.whole_folder(place) as part:
        beside = pictures.write_pictures(table, part)
        if beside is not None:
            with (part / pictures.COLUMNS).open("wb") as stream:
                write_csv(beside, stream)


def write_csv(table: pa.Table, stream: BinaryIO, *, header: bool = True) -> None:
    """Rows as CSV, below a line of names."""
    columns = [_told(column) for column in table.columns]
    if len(columns) == 1 and columns[0].null_count:  # an empty line is no row: a missing cell alone on its line is ""
        columns = [columns[0].cast(pa.string()).fill_null("")]
    options = pa_csv.WriteOptions(include_header=header)
    pa_csv.write_csv(pa.table(columns, names=table.column_names), stream, options)


def _told(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # durations and times of day have one spelling, whatever the format; others write numbers, or as many digits as they hold
    if is_tick(column.type):
        return pa.chunked_array([clock.write(column)])
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _parquet(table: pa.Table, stream: BinaryIO) -> None:
    pa_parquet.write_table(table, stream, compression="zstd")


def write_feather(table: pa.Table, stream: BinaryIO) -> None:
    """Rows as a Feather file."""
    pa_feather.write_feather(table, stream)


def write_json_lines(table: pa.Table, stream: BinaryIO) -> None:
    """Rows as one JSON object a line."""
    plain = pa.table([_told(column) for column in table.columns], names=table.column_names)
    for batch in without_nan(plain).to_batches(max_chunksize=10_000):
        lines = (json.dumps(row, ensure_ascii=False, default=_plain) for row in batch.to_pylist())
        stream.write("".join(f"{line}\n" for line in lines).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, decimal.Decimal) else str(value)


WRITERS: dict[str, Callable[[pa.Table, BinaryIO], None]] = {
    ".csv": write_csv,
    ".parquet": _parquet,
    ".feather": write_feather,
    ".jsonl": write_json_lines,
    ".npz": write_npz,
    ".npy": write_npy,
}
