"""Numeric columns as raw numbers and back: whole ticks (integers, dates, times) stay int64, the rest is float64.

A double holds 53 bits; nanoseconds since 1970 and long integers need 61 and more. Subtracting in integers first keeps
them exact while they lie within 2**49 steps of their mean: six days of nanoseconds, 17 years of microseconds, any
number of seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.codec.field import Floats
from vaekit.schema import Column, arrow_type, restore
from vaekit.schema import times as text_times
from vaekit.schema.clock import DAY, PER_SECOND
from vaekit.schema.types import is_moment, is_text, is_tick, value_type
from vaekit.schema.values import as_floats, flat

Raw = NDArray[Any]  # int64, uint64 or float64

_YEARS = (-62_135_596_800, 253_402_300_799)  # seconds from 1970 to the first of year 1 and the last of year 9999


def read(column: Column, array: pa.ChunkedArray | pa.Array) -> tuple[Raw, NDArray[np.bool_]]:
    """Raw numbers (0 where missing) and which of them are observed, both (B,)."""
    array = flat(array)
    if column.kind == "datetime" and is_text(array.type):
        array = text_times.parse(array, column.format or "")
    if not is_whole(array.type):
        numbers = as_floats(array).to_numpy(zero_copy_only=False)  # a null is not a number there
        observed = ~np.isnan(numbers)
        return (numbers if observed.all() else np.where(observed, numbers, 0.0)), observed
    array = _whole(array)
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False), np.ones(len(array), dtype=bool)
    observed = array.is_valid().to_numpy(zero_copy_only=False)
    return array.fill_null(0).to_numpy(zero_copy_only=False), observed


def write(column: Column, raw: Raw, observed: NDArray[np.bool_]) -> pa.Array:
    """Raw numbers as cells of the fitted type, null where not observed; the inverse of `read`."""
    kind = arrow_type(column.type)
    target, mask = value_type(kind), ~observed
    if not is_whole(tick_type(column)):
        if pa.types.is_floating(kind):
            return pa.array(raw, pa.float64(), mask=mask).cast(kind, safe=False)
        if not is_text(target):  # rounded already, and Arrow's rounding overflows where numbers are huge
            column = column.model_copy(update={"decimals": None})
        return restore(column, pa.array(raw, pa.float64(), mask=mask))
    ticks = pa.array(raw, mask=mask)
    if is_text(target):
        return text_times.write(ticks.cast(tick_type(column)), column.format or "").cast(kind)
    array = _narrow(ticks, target)
    return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array


def tick_type(column: Column) -> pa.DataType:
    """The type whose ticks are counted: the fitted one, or what a date in text is parsed to."""
    target = value_type(arrow_type(column.type))
    if column.kind == "datetime" and is_text(target):
        return text_times.parse(pa.array([], pa.string()), column.format or "").type
    return target


def is_whole(kind: pa.DataType) -> bool:
    """True where every value is a whole number of ticks."""
    return bool(pa.types.is_integer(kind) or is_moment(kind) or is_tick(kind))


def holds_raw(column: Column) -> bool:
    """True where the fitted type holds raw numbers as they are: no text, no decimals, no fewer digits."""
    target = value_type(arrow_type(column.type))
    return pa.types.is_float64(target) or (is_whole(target) and not is_text(target))


def per_unit(kind: pa.DataType) -> int:
    """Ticks in one unit of `Field`: a second for timestamps, a day for dates, one for all others."""
    if pa.types.is_timestamp(kind):
        return PER_SECOND[kind.unit]
    return DAY * 1000 if pa.types.is_date64(kind) else 1


def step(ticks: Raw, kind: pa.DataType) -> int:
    """The coarsest of day, hour, minute, second, ... that all training moments are whole multiples of, in ticks.

    Durations and times of day may have any whole number of seconds in common: lessons take 45 minutes.

    >>> step(np.array([7200, 10800]), pa.timestamp("s")), step(np.array([2700, 5400]), pa.duration("s"))
    (3600, 2700)
    """
    if pa.types.is_date64(kind):
        return DAY * 1000
    if not (pa.types.is_timestamp(kind) or is_tick(kind)) or len(ticks) == 0:
        return 1
    per, common = PER_SECOND[kind.unit], int(np.gcd.reduce(ticks))
    if is_tick(kind) and common % per == 0:
        return common or 1
    spans = [DAY * per, 3600 * per, 60 * per, *(10**power for power in (9, 6, 3) if 10**power <= per)]
    return next((span for span in spans if common % span == 0), 1)


def limits(kind: pa.DataType) -> tuple[int, int]:
    """The smallest and largest legal tick: what the type holds, moments within the years 1 to 9999."""
    if pa.types.is_time(kind):
        return 0, DAY * PER_SECOND[kind.unit] - 1
    if pa.types.is_date32(kind):
        return _YEARS[0] // DAY, _YEARS[1] // DAY
    if pa.types.is_date64(kind):
        return _YEARS[0] * 1000, _YEARS[1] // DAY * DAY * 1000
    whole = np.iinfo(str(kind) if pa.types.is_integer(kind) else "int64")
    if not pa.types.is_timestamp(kind):
        return int(whole.min), int(whole.max)
    per = PER_SECOND[kind.unit]
    return max(whole.min, _YEARS[0] * per), min(whole.max, _YEARS[1] * per + per - 1)


def largest(kind: pa.DataType) -> float:
    """The largest number that a float, decimal or text column can hold."""
    if pa.types.is_decimal(kind):
        return float(np.nextafter(10.0 ** (kind.precision - kind.scale) - 10.0**-kind.scale, 0))
    return 1e18 if is_text(kind) else float(_precision(kind).max)  # texts are written by way of int64


def smallest(kind: pa.DataType) -> float:
    """The smallest positive number that a float, decimal or text column can hold."""
    return float(_precision(kind).tiny)


def from_origin(raw: Raw, origin: int) -> Floats:
    """The difference raw - origin without losing digits, (B,), as floats."""
    rough = raw.astype(float) - float(origin)
    exact = (raw.view(np.uint64) - np.uint64(origin % 2**64)).view(np.int64).astype(float)
    return np.where(np.abs(rough) > 2.0**62, rough, exact)  # the difference itself would wrap round


def to_origin(distance: Floats, origin: int, low: int, high: int) -> Raw:
    """The sum origin + distance in whole ticks within [low, high], (B,); the inverse of `from_origin`."""
    word = np.iinfo(np.int64)
    whole = _as_words(np.rint(distance), word.min, word.max)
    whole = np.clip(whole, max(low - origin, word.min), min(high - origin, word.max))
    ticks = whole.view(np.uint64) + np.uint64(origin % 2**64)
    return ticks if high > word.max else ticks.view(np.int64)


def to_ticks(numbers: Floats, low: int, high: int) -> Raw:
    """Numbers as whole ticks within [low, high], (B,)."""
    return _as_words(np.rint(numbers), low, high)


def _as_words(numbers: Floats, low: int, high: int) -> Raw:
    # float(2**63 - 1) is 2**63 and would wrap round: stay on the inner side of each limit
    bottom, top = float(low), float(high)
    bottom = np.nextafter(bottom, 0) if bottom < low else bottom
    top = np.nextafter(top, 0) if top > high else top
    return np.clip(numbers, bottom, top).astype(np.uint64 if high > np.iinfo(np.int64).max else np.int64)


def _whole(array: pa.Array) -> pa.Array:
    if pa.types.is_uint64(array.type):
        return array
    narrow = (
        not pa.types.is_integer(array.type) and array.type.bit_width == 32
    )  # date32 and time32 cast by way of int32
    return (array.cast(pa.int32()) if narrow else array).cast(pa.int64())


def _narrow(ticks: pa.Array, target: pa.DataType) -> pa.Array:
    narrow = not pa.types.is_integer(target) and target.bit_width == 32
    return (ticks.cast(pa.int32()) if narrow else ticks).cast(target)


def _precision(kind: pa.DataType) -> np.finfo[Any]:
    if pa.types.is_float16(kind):
        return np.finfo(np.float16)
    return np.finfo(np.float32) if pa.types.is_float32(kind) else np.finfo(np.float64)
