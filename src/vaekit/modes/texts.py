"""Values of any column as text: a table of mixed columns holds them side by side."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from vaekit.schema import clock
from vaekit.schema.types import is_tick

Values: TypeAlias = pa.Array | list[Any]


def texts(array: Values | None, count: int) -> pa.Array:
    """Values as text, (B,); numbers by the thousand where `as_text` would take them one by one."""
    if array is None:
        return pa.nulls(count, pa.string())
    if isinstance(array, list):
        return pa.array([as_text(value) for value in array], pa.string())
    if pa.types.is_floating(array.type):
        text = np.char.mod("%.6g", array.cast(pa.float64()).fill_null(0.0).to_numpy())
        return pa.array(text.astype(object), pa.string(), mask=array.is_null().to_numpy(zero_copy_only=False))
    if is_tick(array.type):
        return clock.write(array)
    if pa.types.is_integer(array.type) or array.type == pa.string():
        return array.cast(pa.string())
    return pa.array([as_text(value) for value in array.to_pylist()], pa.string())


def as_text(value: Any) -> str | None:
    """A value as a table of mixed columns shows it.

    >>> as_text(0.1 + 0.2), as_text(None), as_text("a")
    ('0.3', None, 'a')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.timedelta | dt.time):
        return clock.spelled(value)
    return format(value, ".6g") if isinstance(value, float) else str(value)
