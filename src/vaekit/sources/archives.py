"""NumPy's own files: `.npy` holds one array, `.npz` several by name. Nothing in them is unpickled."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.lib import format as npy
from numpy.typing import NDArray

from vaekit.errors import DataError, UserError, warn
from vaekit.schema.look import listed, nearest
from vaekit.schema.tensors import is_tensor
from vaekit.sources import pixels
from vaekit.sources.arrays import array_column, plain, read_numpy

IMAGES = ("image", "images", "x")  # names that say which of several arrays is meant
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
Shapes = Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]
Result = TypeVar("Result")


def split(path: str) -> tuple[str, str | None]:
    """A path, and the array within it that is meant.

    >>> split("mnist.npz:x_train"), split("rows.npy")
    (('mnist.npz', 'x_train'), ('rows.npy', None))
    """
    head, mark, name = path.rpartition(":")
    return (head, name) if mark and head.lower().endswith(".npz") and not os.path.exists(path) else (path, None)


def read_npy(path: str) -> NDArray[Any]:
    """The array of a `.npy` file.

    Raises:
        DataError: the file is damaged, or holds Python objects.
    """
    return _guarded(path, lambda: np.load(path, allow_pickle=False))


def read_npz(path: str) -> pa.Table:
    """The arrays of a `.npz` file as columns of one table.

    Args:
        path: its arrays of three or four dimensions are images: the only one, the one named image, images or x, or the one
            that ``path.npz:name`` names. Other arrays of as many rows are columns, one for each column of a matrix;
            empty text is missing. Without images all arrays are columns.

    Raises:
        DataError: a damaged file, Python objects in it, or several arrays that might be the images.
    """
    path, wanted = split(path)
    shapes = _guarded(path, lambda: _shapes(path))
    name = _chosen(path, shapes, wanted)
    beside = _beside(path, shapes, name, wanted is None)
    held = _load(path, [name, *beside] if name else beside)
    if name is None:
        return read_numpy(held[beside[0]]).arrow if len(held) == 1 else pa.table(_columns(held))
    images = pixels.read_pixels(held.pop(name))[0]
    if pixels.NAME in held:
        raise DataError(f"{path!r}: {name!r} holds the images, so no column is named 'image'", hint="rename it")
    return pa.table({pixels.NAME: images, **_columns(held)})


def write_npz(table: pa.Table, stream: BinaryIO) -> None:
    """Every column as an array of its name, without pickles; images are (B, H, W) where grey, else (B, H, W, C).

    Missing numbers are not-a-number, missing text is empty.
    """
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:  # np.savez takes no array of the name "file"
        for name in table.column_names:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                npy.write_array(entry, _array(table[name]), allow_pickle=False)


def write_npy(table: pa.Table, stream: BinaryIO) -> None:
    """The images of a table as one array.

    Raises:
        UserError: there are no images, or columns beside them.
    """
    if table.num_columns != 1 or not is_tensor(table.schema.types[0]):
        raise UserError(
            f".npy holds one array of images, columns {listed(table.column_names)} were to be written",
            hint=".npz holds columns beside images; .parquet or .csv hold tables",
        )
    npy.write_array(stream, _array(table.column(0)), allow_pickle=False)


def _guarded(path: str, read: Callable[[], Result]) -> Result:
    try:
        return read()
    except _DAMAGED as error:
        objects = isinstance(error, ValueError) and "allow_pickle" in str(error)
        raise DataError(
            f"{path!r} cannot be read as {os.path.splitext(split(path)[0])[1].lower()}: {str(error) or type(error).__name__}",
            hint="save numbers or text, not Python objects" if objects else "the file may be damaged or incomplete",
        ) from None


def _shapes(path: str) -> Shapes:
    """The shape and type of each array, without reading any."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            with archive.open(entry) as stream:
                version = npy.read_magic(stream)
                read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                shape, _, kind = read(stream)
            found[entry.removesuffix(".npy")] = (shape, kind)
    return found


def _chosen(path: str, shapes: Shapes, wanted: str | None) -> str | None:
    """The array that holds the images, where one does."""
    choices = [name for name, (shape, kind) in shapes.items() if len(shape) in (3, 4) and kind.kind in "biuf"]
    if wanted is not None:
        if wanted not in choices:
            hint = nearest(wanted, choices) or f"arrays of images: {listed(choices) or 'none'}"
            raise DataError(f"{path!r} has no array {wanted!r} of images", hint=hint)
        return wanted
    named = [name for name in choices if name.lower() in IMAGES] or choices
    if len(named) > 1:
        each = ", ".join(f"{name} {shapes[name][0]}" for name in named)
        raise DataError(f"{path!r} holds several arrays of images: {each}", hint=f"'{path}:{named[0]}' is one of them")
    return named[0] if named else None


def _beside(path: str, shapes: Shapes, images: str | None, tell: bool) -> list[str]:
    """The arrays that are columns; a warning names the others."""
    flat = [name for name, (shape, _) in shapes.items() if len(shape) in (1, 2)]
    lengths = {shapes[name][0][0] for name in flat}
    if images is None and len(lengths) != 1:
        each = ", ".join(f"{name} {shape}" for name, (shape, _) in shapes.items())
        raise DataError(
            f"{path!r} holds neither images nor columns of one length: {each or 'nothing'}",
            hint="images have the shape (B, H, W), (B, H, W, C) or (B, C, H, W)",
        )
    rows = shapes[images][0][0] if images is not None else lengths.pop()
    beside = [name for name in flat if shapes[name][0][0] == rows]
    left = [name for name in shapes if name not in beside and name != images]
    if left and tell:
        warn(f"{path!r}: {listed(left)} left out: no columns of {rows} rows")
    return beside


def _load(path: str, names: list[str]) -> dict[str, NDArray[Any]]:
    with _guarded(path, lambda: np.load(path, allow_pickle=False)) as archive:
        return {name: _guarded(f"{path}:{name}", partial(archive.__getitem__, name)) for name in names}


def _columns(arrays: Mapping[str, NDArray[Any]]) -> dict[str, pa.Array]:
    """A column for each array of one dimension, one for each column of a matrix: ``name_0``, ``name_1``, ..."""
    columns = {name: array for name, array in arrays.items() if array.ndim == 1}
    for name, array in arrays.items():
        if array.ndim == 2:
            columns |= {f"{name}_{at}": array[:, at] for at in range(array.shape[1])}
    return {name: _filled(array_column(name, array)) for name, array in columns.items()}


def _filled(column: pa.Array) -> pa.Array:
    text = pa.types.is_string(column.type)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column) if text else column


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    if is_tensor(column.type):
        return pixels.back(column, pixels.plain_native(column.type))
    values = plain(column)
    if values.dtype != object:
        return values
    if pa.types.is_boolean(column.type) or pa.types.is_decimal(column.type):
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(["" if value is None else str(value) for value in values], dtype=str)
