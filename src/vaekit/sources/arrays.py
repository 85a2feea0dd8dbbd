"""NumPy arrays and torch tensors of rows; torch is never imported here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.errors import DataError
from vaekit.schema.look import listed
from vaekit.sources.cells import column
from vaekit.sources.frames import refuse_twice
from vaekit.sources.table import Table


def is_numpy(data: object) -> bool:
    """True for a NumPy array."""
    return isinstance(data, np.ndarray)


def is_torch(data: object) -> bool:
    """True for a torch tensor (which cannot be unless torch is there)."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, torch.Tensor)


def read_numpy(data: np.ndarray[Any, Any], *, names: Sequence[str] | None = None) -> Table:
    """A 2-D array of rows; its columns are ``x0``, ``x1``, ... unless named, those of a structured array have names."""
    if data.dtype.names:
        return Table(pa.table({name: _column(name, data[name]) for name in data.dtype.names}), "numpy")
    if data.ndim != 2:
        raise _not_rows(data.shape)
    names = _named(names, data.shape[1])
    arrays = [_column(name, data[:, at]) for at, name in enumerate(names)]
    native = {name: {"dtype": str(data.dtype)} for name in names}
    return Table(pa.table(arrays, names=names) if names else pa.table({}), "numpy", native)


def read_torch(data: Any, *, names: Sequence[str] | None = None) -> Table:
    """A 2-D tensor of rows, on any device."""
    if data.ndim != 2:
        raise _not_rows(tuple(data.shape))
    kind = str(data.dtype).removeprefix("torch.")
    plain = data.detach().cpu()
    plain = plain.float() if kind == "bfloat16" else plain
    table = read_numpy(plain.resolve_conj().numpy(), names=names)
    return Table(table.arrow, "torch", {name: {"dtype": kind} for name in table.names})


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


def _column(name: str, values: np.ndarray[Any, Any]) -> pa.Array:
    if values.dtype.kind in "OSU" or values.ndim != 1:
        if values.dtype.kind == "S":
            values = values.astype("U")
        return column(name, values.tolist())
    if values.dtype.kind == "c":
        raise DataError(f"column {name!r} holds complex numbers, real ones were expected", hint="give .real and .imag")
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    return pa.array(np.ascontiguousarray(np.ma.getdata(values)), mask=mask, from_pandas=True)


def _not_rows(shape: tuple[int, ...]) -> DataError:
    message = f"an array of shape {shape} was given, rows and columns (2-D) were expected"
    if len(shape) == 1:
        return DataError(message, hint="array.reshape(1, -1) is one row, array.reshape(-1, 1) is one column")
    return DataError(message, hint="array.reshape(len(array), -1) makes one row of each item")
