"""Between fitted Arrow types and the few plain types that the codecs work on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.schema import times
from vaekit.schema.column import NUMERIC, Column
from vaekit.schema.types import arrow_type, is_moment, is_number, is_text, is_tick, value_type

_INT64_MOST = pa.scalar(2**63 - 1, pa.uint64())
_SECONDS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def plain(column: Column, array: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The cells of a fitted column as plain values.

    Args:
        column: the column; its kind decides the plain type.
        array: its cells in the fitted type, (B,).

    Returns:
        (B,), nulls kept: float64 for real, positive, count and mixed (a float's not-a-number becomes null, durations
        and times of day are numbers of their own unit); float64 seconds since 1970 for datetime (days where the
        column holds dates); otherwise int64, float64, bool or text, whichever the cells are.

    >>> plain(Column(name="n", kind="count", type="int8"), pa.array([1, None], pa.int8())).type
    DataType(double)
    """
    array = flat(array)
    if column.kind in NUMERIC:
        return as_numbers(array)
    return as_moments(array, column.format) if column.kind == "datetime" else as_values(array)


def restore(column: Column, array: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The cells of a column in the fitted type, from plain values: the inverse of `plain`.

    Args:
        column: the column; its ``type`` (and ``format``) say what to write.
        array: plain values, (B,); numbers are rounded to the nearest value that the type can hold.

    Returns:
        (B,) cells of type ``column.type``, nulls kept.

    >>> restore(Column(name="d", kind="datetime", type="date32[day]"), pa.array([1.0]))[0].as_py().isoformat()
    '1970-01-02'
    """
    array, kind = flat(array), arrow_type(column.type)
    target = value_type(kind)
    if column.kind == "datetime":
        array = _moments_back(array, target, column.format)
    elif column.kind in NUMERIC:
        array = _numbers_back(array, target, column.decimals)
    else:
        array = _values_back(array, target)
    return pc.dictionary_encode(array).cast(kind) if pa.types.is_dictionary(kind) else array.cast(kind)


def flat(array: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One contiguous array of values: chunks joined, dictionaries looked up."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
        if isinstance(array, pa.ChunkedArray):  # an empty column has no chunk to join
            array = pa.array([], array.type)
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array


def as_numbers(array: pa.Array) -> pa.Array:
    """Numbers of any type (text included) as float64, not-a-number as null."""
    return no_nan(as_floats(array))


def as_floats(array: pa.Array) -> pa.Array:
    """The same with not-a-number as it is."""
    if is_text(array.type):
        return pc.utf8_trim_whitespace(array).cast(pa.float64())
    if is_tick(array.type):
        array = array.cast(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return array if array.type == pa.float64() else array.cast(pa.float64(), safe=False)


def no_nan(array: pa.Array) -> pa.Array:
    """Not-a-number as null: a missing value has one spelling from here on."""
    if np.isnan(array.to_numpy(zero_copy_only=False)).sum() == array.null_count:  # a null is not a number there
        return array
    return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)


def as_moments(array: pa.Array, pattern: str | None) -> pa.Array:
    """Seconds since 1970 (UTC where a zone is known), or days for dates, as float64."""
    if is_text(array.type):
        array = times.parse(array, pattern or "")
    if pa.types.is_date(array.type):
        return array.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
    ticks = array.cast(pa.int64()).cast(pa.float64(), safe=False)
    return pc.divide(ticks, _SECONDS[array.type.unit])


def as_values(array: pa.Array) -> pa.Array:
    """Discrete values: int64, float64, bool, or text (moments as ISO text in UTC)."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return array
    if pa.types.is_integer(kind):
        beyond = kind == pa.uint64() and pc.any(pc.greater(array, _INT64_MOST)).as_py()
        return array.cast(pa.string() if beyond else pa.int64())  # hashes and the like keep every digit as text
    if is_number(kind):
        return no_nan(array.cast(pa.float64()))
    if is_tick(kind):
        return array.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(pa.int64())
    if is_moment(kind) and getattr(kind, "tz", None):
        array = array.cast(pa.timestamp(kind.unit))
    return array.cast(pa.string())


def _moments_back(array: pa.Array, target: pa.DataType, pattern: str | None) -> pa.Array:
    array = array.cast(pa.float64())
    if is_text(target):
        return times.write(_from_seconds(array, pa.timestamp("us")), pattern or "")
    if pa.types.is_date(target):
        return pc.round(array).cast(pa.int32(), safe=False).cast(pa.date32())
    return _from_seconds(array, target)


def _from_seconds(array: pa.Array, target: pa.DataType) -> pa.Array:
    ticks = pc.round(pc.multiply(array, _SECONDS[target.unit]))
    return ticks.cast(pa.int64(), safe=False).cast(target)


def _numbers_back(array: pa.Array, target: pa.DataType, decimals: int | None) -> pa.Array:
    array = array.cast(pa.float64(), safe=False)
    if decimals is not None:
        array = pc.round(array, ndigits=decimals)
    if is_text(target):
        return (array.cast(pa.int64(), safe=False) if decimals == 0 else array).cast(pa.string())
    if pa.types.is_decimal(target):
        return pc.round(array, ndigits=target.scale).cast(target, safe=False)
    if pa.types.is_integer(target) or is_tick(target):
        return _whole(array, target)
    return array.cast(target, safe=False)


def _whole(array: pa.Array, target: pa.DataType) -> pa.Array:
    bits, signed = target.bit_width, not pa.types.is_unsigned_integer(target)
    low, high = (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1)) if signed else (0.0, 2.0**bits)
    # the largest double below 2**63 is 2**63 - 1024: stay inside the type without wrapping round
    high = high - 1 if bits <= 32 else high - 2048
    whole = pc.round(pc.min_element_wise(pc.max_element_wise(array, low, skip_nulls=False), high, skip_nulls=False))
    if is_tick(target):
        return whole.cast(pa.int32() if bits == 32 else pa.int64(), safe=False).cast(target)
    return whole.cast(target, safe=False)


def _values_back(array: pa.Array, target: pa.DataType) -> pa.Array:
    if is_tick(target):
        return array.cast(pa.int32() if target.bit_width == 32 else pa.int64()).cast(target)
    if is_moment(target) and getattr(target, "tz", None):
        array = array.cast(pa.timestamp(target.unit))  # text was written in UTC, and a cast to a zone reads UTC
    return array.cast(target)
