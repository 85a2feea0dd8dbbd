"""Durations and times of day: read from text, numbers and one another, and written in one spelling that reads back.

```
duration      02:44:49.933745    80 days 01:55:22    -1 days +23:59:59      days below zero, as pandas and databases write them
time of day   21:53:02.091767    03:00
```

A number is a duration in seconds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.schema.look import NUMBER
from vaekit.schema.types import is_number, is_text, is_tick
from vaekit.schema.values import flat

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
DAY = 86_400
HEAD = 100  # cells that mostly tell words from durations
_SECONDS = r":[0-5][0-9]:[0-5][0-9]"

_PARTS = r"(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9])(?:\.(?P<fraction>[0-9]{1,9}))?)?"
_TIME = rf"^(?P<hours>[01]?[0-9]|2[0-3]):{_PARTS}$"
# of days below zero the sign says which way the hours go: "-1 days 01:00" may mean either
_DURATION = (
    r"^(?:(?P<days>[0-9]{1,12}) days?(?: \+?|, |$)|(?P<less>-[0-9]{1,12}) days?(?: \+|, |$))?"
    rf"(?:(?P<sign>-)?(?P<hours>[0-9]{{1,12}}):{_PARTS})?$"
)
TIME, DURATION = (
    re.sub(r"\?P<\w+>", "?:", pattern) for pattern in (_TIME, r"^(?=.)" + _DURATION[1:])
)  # as JSON has them


def read(array: pa.Array, target: pa.DataType) -> pa.Array:
    """Cells of any type as durations or times of day; null where they are none.

    Args:
        array: text, numbers (seconds), durations or times of day, (B,).
        target: a duration or a time of day; what is finer than its unit is cut off.

    >>> read(pa.array(["2 days 01:00:00.5", "90", "soon"]), pa.duration("ms")).cast(pa.int64()).to_pylist()
    [176400500, 90000, None]
    """
    per, is_time = PER_SECOND[target.unit], bool(pa.types.is_time(target))
    if is_text(array.type):
        text = pc.utf8_trim_whitespace(array.cast(pa.string()))
        ticks = _spelled(text, _TIME if is_time else _DURATION, per)
        ticks = ticks if is_time else pc.coalesce(ticks, _seconds(_numerals(text), per))
    elif is_tick(array.type):
        ticks = _rescaled(_ticks(array), PER_SECOND[array.type.unit], per)
    elif is_number(array.type) and not is_time:
        ticks = _seconds(array.cast(pa.float64(), safe=False), per)
    else:
        return pa.nulls(len(array), target)
    low, high = (0, DAY * per - 1) if is_time else (-longest(target), longest(target))
    ticks = _where(pc.and_(pc.greater_equal(ticks, low), pc.less_equal(ticks, high)), ticks)
    return (ticks.cast(pa.int32()) if target.bit_width == 32 else ticks).cast(target)


def found(cells: pa.ChunkedArray | pa.Array) -> pa.Array | None:
    """Text as times of day, or else as durations, where every cell is one with its seconds; None where some are not.

    >>> found(pa.array(["21:53:02", None])).type, found(pa.array(["21:53:02.5", "2 days 00:00:00"])).type
    (Time32Type(time32[s]), DurationType(duration[ms]))
    >>> found(pa.array(["21:53:02", "late"])) is None
    True
    """
    for some in (cells.slice(0, HEAD), cells):
        if pc.all(pc.match_substring_regex(some, _SECONDS)).as_py() is not True:
            return None
    array = flat(cells)
    fraction = pc.replace_substring_regex(array, r"^[^.]*\.?\s*|\s+$", "")
    unit = {0: "s", 1: "ms", 2: "us", 3: "ns"}.get(-(-pc.max(pc.utf8_length(fraction)).as_py() // 3), "ns")
    time = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
    return next(
        (made for kind in (time, pa.duration(unit)) if (made := read(array, kind)).null_count == array.null_count), None
    )


def with_found(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """A table whose columns of these names are times of day or durations where `found` finds them.

    >>> with_found(pa.table({"took": ["26:00:00", None]}), ["took"])["took"].type
    DurationType(duration[s])
    """
    for name in names:
        if is_text(table[name].type) and (made := found(table[name])) is not None:
            table = table.set_column(table.column_names.index(name), name, made)
    return table


def write(cells: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Durations or times of day as the text that `read` takes, without zeros at the end of a fraction.

    >>> write(pa.array([9_889_500, -1000, None], pa.duration("ms"))).to_pylist()
    ['02:44:49.5', '-1 days +23:59:59', None]
    >>> write(pa.array([10_800_000_000], pa.time64("us"))).to_pylist()
    ['03:00:00']
    """
    array = flat(cells)
    per, ticks = PER_SECOND[array.type.unit], _ticks(array)
    days, rest = np.divmod(ticks.fill_null(0).to_numpy(zero_copy_only=False), DAY * per)
    clock = pa.array(rest, mask=~ticks.is_valid().to_numpy(zero_copy_only=False))
    time = (pa.time32 if per < 10**6 else pa.time64)(array.type.unit)
    text = (clock.cast(pa.int32()) if time.bit_width == 32 else clock).cast(time).cast(pa.string())
    text = pc.utf8_rtrim(pc.replace_substring_regex(text, r"(\.\d*?)0+$", r"\1"), ".")
    if not days.any():
        return text
    between = pc.if_else(pa.array(days < 0), " days +", " days ")
    return pc.if_else(
        pa.array(days == 0), text, pc.binary_join_element_wise(pa.array(days).cast(pa.string()), between, text, "")
    )


def longest(kind: pa.DataType) -> int:
    """The most ticks of a duration: what 64 bits and Python's own durations hold."""
    return int(min(2**63 - 1, (10**9 - 1) * DAY * PER_SECOND[kind.unit]))


def spelled(value: dt.timedelta | dt.time) -> str:
    """One of Python's or pandas' own, as `write` writes it.

    >>> spelled(dt.timedelta(days=2, seconds=1.5)), spelled(dt.time(3))
    ('2 days 00:00:01.5', '03:00:00')
    """
    if isinstance(value, dt.time):
        return str(write(pa.array([value], pa.time64("us")))[0])
    fine = getattr(value, "nanoseconds", 0)  # pandas has finer durations than Python, and the longest fit no fine unit
    return str(write(pa.array([value], pa.duration("ns" if fine else "us" if value.microseconds % 1000 else "ms")))[0])


def expected(target: pa.DataType) -> str:
    """What `read` takes, for messages."""
    if pa.types.is_time(target):
        return "a time of day like '21:53:02'"
    return "a duration like '02:44:49' or '3 days 02:44:49', or its seconds"


def _spelled(text: pa.Array, pattern: str, per: int) -> pa.Array:
    """Ticks of text that fits a pattern, null where it does not."""
    found = pc.extract_regex(text, pattern)
    kind, fits = found.type, pc.and_(found.is_valid(), pc.not_equal(text, ""))
    part = {kind.field(i).name: pc.struct_field(found, i) for i in range(kind.num_fields)}
    hours, minutes, seconds = (_whole(part[name]) for name in ("hours", "minutes", "seconds"))
    fraction = pc.divide(_whole(pc.utf8_rpad(part["fraction"], 9, "0")), 10**9 // per)
    whole = pc.add(pc.multiply(pc.add(pc.multiply(hours, 60), minutes), 60), seconds)
    if "sign" in part:
        back = pc.equal(part["sign"], "-")
        whole, fraction = (pc.if_else(back, pc.negate(each), each) for each in (whole, fraction))
        whole = pc.add(whole, pc.multiply(pc.add(_whole(part["days"]), _whole(part["less"])), DAY))
    return _where(fits, pc.add(_rescaled(whole, 1, per), fraction))


def _whole(digits: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())


def _numerals(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(text, NUMBER), text, pa.scalar(None, pa.string())).cast(pa.float64())


def _seconds(numbers: pa.Array, per: int) -> pa.Array:
    """Seconds as ticks, null where 64 bits do not hold them."""
    ticks = pc.round(pc.multiply(numbers, float(per)))
    return _where(pc.less(pc.abs(ticks), 2.0**63), ticks).cast(pa.int64())


def _rescaled(ticks: pa.Array, per: int, wanted: int) -> pa.Array:
    """Ticks of one unit in another, null where 64 bits do not hold them."""
    if wanted <= per:
        return pc.divide(ticks, per // wanted)
    most = (2**63 - 1) // (wanted // per) - 1  # a fraction of the unit is added still
    held = pc.and_(pc.less_equal(ticks, most), pc.greater_equal(ticks, -most))
    return pc.multiply(_where(held, ticks), wanted // per)


def _ticks(array: pa.Array) -> pa.Array:
    return (array.cast(pa.int32()) if array.type.bit_width == 32 else array).cast(pa.int64())


def _where(holds: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(holds, values, pa.scalar(None, values.type))
