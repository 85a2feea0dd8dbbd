"""NumPy arrays and torch tensors, of rows or of images; torch is never imported here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.schema.look import listed
from vaekit.sources.cells import column
from vaekit.sources.frames import refuse_twice
from vaekit.sources.pixels import NAME, back, read_pixels
from vaekit.sources.table import Table

Shape = tuple[int, ...]


def is_numpy(data: object) -> bool:
    """True for a NumPy array."""
    return isinstance(data, np.ndarray)


def is_torch(data: object) -> bool:
    """True for a torch tensor (which cannot be unless torch is there)."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, torch.Tensor)


def read_numpy(data: NDArray[Any], *, names: Sequence[str] | None = None, image: Shape | None = None) -> Table:
    """A 2-D array of rows, or a 3-D or 4-D array of images.

    Args:
        data: its columns are ``x0``, ``x1``, ... unless named, those of a structured array have names; images are the
            column ``image``.
        names: the columns of a 2-D array.
        image: (H, W, C) where images of this size are expected.
    """
    if data.dtype.names:
        return Table(pa.table({name: array_column(name, data[name]) for name in data.dtype.names}), "numpy")
    if image is not None or data.ndim in (3, 4):
        pixels, about = read_pixels(data, image)
        return Table(pa.table({NAME: pixels}), "numpy", {NAME: about})
    if data.ndim != 2:
        raise _not_rows(data.shape)
    names = _named(names, data.shape[1])
    arrays = [array_column(name, data[:, at]) for at, name in enumerate(names)]
    native = {name: {"dtype": str(data.dtype)} for name in names}
    return Table(pa.table(arrays, names=names) if names else pa.table({}), "numpy", native)


def read_torch(data: Any, *, names: Sequence[str] | None = None, image: Shape | None = None) -> Table:
    """A 2-D tensor of rows, or a 3-D or 4-D tensor of images, on any device."""
    kind = str(data.dtype).removeprefix("torch.")
    table = read_numpy(from_torch(data), names=names, image=image)
    return Table(table.arrow, "torch", {name: {**native, "dtype": kind} for name, native in table.native.items()})


def from_torch(data: Any) -> NDArray[Any]:
    """The numbers of a tensor; those of bfloat16, which NumPy lacks, in single precision."""
    plain = data.detach().cpu()
    plain = plain.float() if str(plain.dtype) == "torch.bfloat16" else plain
    return np.asarray(plain.resolve_conj().numpy())


def to_torch(column: pa.ChunkedArray, native: dict[str, Any]) -> Any:
    """Images as the tensor that was given; floats where its type cannot hold them."""
    torch, kind = import_module("torch"), native["dtype"]
    given = back(column, {**native, "dtype": "float32" if kind == "bfloat16" else kind})
    tensor = torch.from_numpy(given)
    return tensor.bfloat16() if kind == "bfloat16" else tensor


def plain(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column as a NumPy array.

    >>> plain(pa.chunked_array([["a", None]])).tolist(), plain(pa.chunked_array([[1, None]])).tolist()
    (['a', None], [1.0, nan])
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if (
        (pa.types.is_temporal(kind) and not pa.types.is_time(kind))
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
    ):
        return np.asarray(column.to_numpy())
    if pa.types.is_boolean(kind) and not column.null_count:
        return np.asarray(column.to_numpy())
    values = column.to_pylist()
    text = (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and not column.null_count and values
    return np.array(values) if text else np.array(values, dtype=object)


def _named(names: Sequence[str] | None, columns: int) -> list[str]:
    if names is None:
        return [f"x{at}" for at in range(columns)]
    if len(names) != columns:
        raise DataError(
            f"an array of {columns} columns was given, {len(names)} were expected: {listed(names)}",
            hint="give the columns in this order, one for each name",
        )
    refuse_twice(list(names))
    return list(names)


def array_column(name: str, values: NDArray[Any]) -> pa.Array:
    """One column of a 1-D array; not-a-number and masked cells are missing."""
    if values.dtype.kind in "OSU" or values.ndim != 1:
        if values.dtype.kind == "S":
            values = values.astype("U")
        return column(name, values.tolist())
    if values.dtype.kind == "c":
        raise DataError(f"column {name!r} holds complex numbers, real ones were expected", hint="give .real and .imag")
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    return pa.array(np.ascontiguousarray(np.ma.getdata(values)), mask=mask, from_pandas=True)


def _not_rows(shape: tuple[int, ...]) -> DataError:
    message = f"an array of shape {shape} was given, rows and columns (2-D) or images (3-D, 4-D) were expected"
    if len(shape) == 1:
        return DataError(message, hint="array.reshape(1, -1) is one row, array.reshape(-1, 1) is one column")
    return DataError(message, hint="array.reshape(len(array), -1) makes one row of each item")
