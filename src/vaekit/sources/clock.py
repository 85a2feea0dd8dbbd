"""The clock of a stream: a column of times as numbers that differ by what passed, and what a hole in it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.schema import times
from vaekit.schema.look import cell, first_row
from vaekit.schema.types import in_words, is_moment, is_number, is_text, is_tick
from vaekit.schema.values import flat
from vaekit.schema.words import DATE_SHARE, date_pattern

HOLE = 1.5  # of the usual step: a regular clock that waits longer has stopped
DROPPED = 2.5  # the same, for a clock that often misses a single tick
OFTEN = 0.01  # of the steps
IRREGULAR = 0.5  # a tenth of the steps this far from the usual one (as a share of it), and there is no usual one
FAR = 10.0  # times the 0.95 quantile: a hole on an irregular clock
APART = 0.25  # groups whose usual steps differ by this share run clocks of their own
ENOUGH = 8  # rows of a group from which its pace can be told

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class Ticks(NamedTuple):
    """Times as numbers: values (B,), what one of them is in seconds (None for plain numbers), the pattern of text."""

    values: NDArray[Any]
    seconds: float | None
    format: str | None


class Clock(NamedTuple):
    """What is usual between two steps: interval (None: nothing is), hole (longer is one), own (every group has its own)."""

    interval: float | None
    hole: float | None
    own: bool


def ticks(name: str, column: pa.ChunkedArray, pattern: str | None = None) -> Ticks:
    """A column of times as numbers.

    Args:
        name: its name, for messages.
        column: timestamps with or without zone, dates, times of day, durations, numbers, or dates as text (B,).
        pattern: how text was written when the cut was made; other text is read by a pattern of its own.

    Returns:
        Ticks: whole numbers stay whole, so that no nanosecond is lost.

    Raises:
        DataError: an empty or infinite cell, or a column that is no time; the row is named.

    >>> ticks("t", pa.chunked_array([["2024-03-01 12:00", "2024-03-01 12:10"]])).values.tolist()
    [1709294400000000, 1709295000000000]
    """
    refuse_null(name, column, "a time")
    array, found = flat(column), None
    if is_text(array.type):
        array, found = _from_text(name, array, pattern)
    kind = array.type
    if pa.types.is_date(kind):
        array = array.cast(pa.date32(), safe=False).cast(pa.int32())
        return Ticks(array.to_numpy(zero_copy_only=False).astype(np.int64), 86400.0, found)
    if is_moment(kind) or is_tick(kind):
        whole = array.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
        return Ticks(whole.to_numpy(zero_copy_only=False).astype(np.int64), _SECONDS[kind.unit], found)
    if not is_number(kind):
        raise _no_time(name, array)
    exact = pa.types.is_integer(kind) and kind != pa.uint64()
    values = array.cast(pa.int64() if exact else pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise DataError(f"time column {name!r}, row {row} (counted from 0): {values[row]} was given, a finite number "
                        "was expected", hint="leave out rows whose time is unknown")  # fmt: skip
    return Ticks(values, None, None)


def refuse_null(name: str, column: pa.ChunkedArray, what: str) -> None:
    """Refuse an empty cell where every row needs one.

    Args:
        name: the column's name.
        column: its cells (B,).
        what: what was expected, for the message.
    """
    if column.null_count:
        row = first_row(pc.is_null(flat(column)))
        raise DataError(
            f"column {name!r}, row {row} (counted from 0) is empty, {what} was expected in every row",
            hint="fill in the cell, or leave out the row",
        )


def learn(steps: NDArray[np.float64], starts: NDArray[np.int64], size: int) -> Clock:
    """What is usual between two steps, from all that were seen.

    Args:
        steps: time since the row before (N,), sorted by group and time; not-a-number in the first row of a group.
        starts: the first row of each group.
        size: steps of a window; groups with fewer, or fewer than 8, have no say in whether the paces differ.

    >>> learn(np.array([np.nan, 60, 60, 60, 7200, 60]), np.array([0]), 2)
    Clock(interval=60.0, hole=90.0, own=False)
    """
    groups = [group[group > 0] for group in np.split(steps, starts[1:]) if len(group) >= max(size, ENOUGH)]
    usual = np.array([np.median(group) for group in groups if len(group)])
    if len(usual) and (np.abs(usual / np.median(usual) - 1) > APART).any():
        return Clock(None, None, True)
    return Clock(*pace(steps), False)


def pace(steps: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """The usual step of a clock, and the longest step that is no hole.

    The usual step is the median. A hole is a step above 1.5 of it (2.5 where single ticks are missed in more than one
    step of a hundred), or, on a clock without a usual step, one above ten times the 0.95 quantile.

    Args:
        steps: time since the row before (N,); what does not move (0) or has no row before (not-a-number) is no step.

    Returns:
        (interval, hole); no interval on an irregular clock, neither where time never moves.

    >>> pace(np.array([60.0, 60.0, 120.0, 60.0])), pace(np.array([1.0, 9.0, 30.0]))
    ((60.0, 150.0), (None, 90.0))
    """
    steps = steps[steps > 0]
    if not len(steps):
        return None, None
    interval = float(np.median(steps))
    ratio = steps / interval
    # "lower": among few steps the one hole must not count as usual
    if np.quantile(np.abs(ratio - 1), 0.9, method="lower") > IRREGULAR:
        return None, FAR * float(np.quantile(steps, 0.95, method="lower"))
    missed = ((ratio > HOLE) & (ratio < DROPPED)).mean() > OFTEN
    return interval, (DROPPED if missed else HOLE) * interval


def _from_text(name: str, array: pa.Array, pattern: str | None) -> tuple[pa.Array, str | None]:
    if pattern and not (moments := times.parse(array, pattern)).null_count:
        return moments, pattern
    for iso in (pa.timestamp(unit, zone) for unit in ("us", "ns") for zone in ("UTC", None)):
        try:
            return array.cast(iso), None
        except pa.ArrowInvalid:
            continue
    found, share, _ = date_pattern(pc.unique(array).cast(pa.string()))
    if share < DATE_SHARE:
        raise _no_time(name, array)
    moments = times.parse(array, found)
    if (row := first_row(moments.is_null())) is not None:
        raise DataError(
            f"time column {name!r}, row {row} (counted from 0): {cell(array, row)} was given, "
            f"a date like {times.example(found)!r} ({found}) was expected",
            hint="write all dates in one format",
        )
    return moments, found


def _no_time(name: str, array: pa.Array) -> DataError:
    shown = f", such as {cell(array, 0)}," if len(array) else ""
    return DataError(
        f"time column {name!r} holds {in_words(array.type)}{shown} which is no time",
        hint="dates, dates with times, or numbers were expected; without time= the order of the rows is the clock",
    )
