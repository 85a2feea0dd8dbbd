"""Arrow types as text and back, and in words for messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pyarrow as pa

_DICTIONARY = re.compile(r"dictionary<values=(?P<values>.+), indices=(?P<indices>\w+), ordered=(?P<ordered>[01])>")
_TIMESTAMP = re.compile(r"timestamp\[(?P<unit>\w+)(, tz=(?P<zone>.+))?\]")
_DECIMAL = re.compile(r"decimal(?P<bits>\d+)\((?P<precision>\d+), (?P<scale>-?\d+)\)")
_TENSOR = re.compile(
    r"extension<arrow\.fixed_shape_tensor\[value_type=(?P<value>\w+), shape=\[(?P<shape>[\d,]+)\].*\]>"
)
_ALIASES = {"float": "float32", "double": "float64", "halffloat": "float16"}


@cache
def arrow_type(text: str) -> pa.DataType:
    """The Arrow type that ``str(type)`` came from.

    Args:
        text: e.g. ``"timestamp[us, tz=UTC]"``, ``"dictionary<values=string, indices=int8, ordered=0>"``.

    Returns:
        The type; equal to the one whose text was given, for every type that a column may have.

    Raises:
        ValueError: the text names no such type.

    >>> arrow_type("timestamp[us, tz=Europe/Berlin]")
    TimestampType(timestamp[us, tz=Europe/Berlin])
    """
    if match := _DICTIONARY.fullmatch(text):
        return pa.dictionary(arrow_type(match["indices"]), arrow_type(match["values"]), match["ordered"] == "1")
    if match := _TENSOR.fullmatch(text):
        return pa.fixed_shape_tensor(arrow_type(match["value"]), [int(size) for size in match["shape"].split(",")])
    if match := _TIMESTAMP.fullmatch(text):
        return pa.timestamp(match["unit"], match["zone"])
    if match := _DECIMAL.fullmatch(text):
        make: Callable[[int, int], pa.DataType] = getattr(pa, f"decimal{match['bits']}")
        return make(int(match["precision"]), int(match["scale"]))
    return pa.type_for_alias(_ALIASES.get(text, text))


def value_type(kind: pa.DataType) -> pa.DataType:
    """The type of the values: what a dictionary holds, otherwise the type itself."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_text(kind: pa.DataType) -> bool:
    """True for the string types, dictionaries of them included."""
    kind = value_type(kind)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """True for integers, floats and decimals, dictionaries of them included."""
    kind = value_type(kind)
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_moment(kind: pa.DataType) -> bool:
    """True for dates and timestamps, dictionaries of them included."""
    kind = value_type(kind)
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def is_tick(kind: pa.DataType) -> bool:
    """True for durations and times of day, which are modelled as numbers of their own unit."""
    kind = value_type(kind)
    return bool(pa.types.is_duration(kind) or pa.types.is_time(kind))


def is_supported(kind: pa.DataType) -> bool:
    """True where a column of this type can be modelled."""
    plain = value_type(kind)
    return (
        is_text(kind)
        or is_number(kind)
        or is_moment(kind)
        or is_tick(kind)
        or bool(pa.types.is_boolean(plain) or pa.types.is_null(plain))
    )


def in_words(kind: pa.DataType) -> str:
    """The type for people: ``text``, ``whole numbers (int64)``, ``dates`` ..."""
    plain = value_type(kind)
    if is_text(plain):
        return "text"
    if pa.types.is_integer(plain):
        return f"whole numbers ({plain})"
    if is_number(plain):
        return f"numbers ({plain})"
    if pa.types.is_date(plain):
        return "dates"
    if is_tick(plain):
        return f"{'times of day' if pa.types.is_time(plain) else 'durations'} ({plain})"
    return f"dates with times ({plain})" if pa.types.is_timestamp(plain) else str(plain)
