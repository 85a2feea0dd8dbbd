"""Whole ticks and their limits."""

import numpy as np
import pyarrow as pa
import pytest

from vaekit.codec import ticks
from vaekit.schema import Column

LONG = np.iinfo(np.int64)


@pytest.mark.parametrize("origin", [0, -5, 2**62, -(2**62)])
def test_differences_lose_no_digit(origin):
    raw = origin + np.array([-3, 0, 1, 2**40 + 1])
    distance = ticks.from_origin(raw, origin)
    assert distance.tolist() == [-3, 0, 1, 2**40 + 1]
    assert ticks.to_origin(distance, origin, LONG.min, LONG.max).tolist() == raw.tolist()


def test_unsigned_integers_above_the_signed_range():
    raw = np.array([2**64 - 1, 2**64 - 9], dtype=np.uint64)
    distance = ticks.from_origin(raw, 2**64 - 5)
    assert distance.tolist() == [4, -4]
    assert ticks.to_origin(distance, 2**64 - 5, 0, 2**64 - 1).tolist() == raw.tolist()


def test_far_differences_do_not_wrap_round():
    assert ticks.from_origin(np.array([LONG.max]), -(2**62))[0] > 2**63


@pytest.mark.parametrize(("low", "high"), [(-128, 127), (LONG.min, LONG.max), (0, 2**64 - 1)])
def test_numbers_stop_at_the_limits(low, high):
    first, last = ticks.to_ticks(np.array([-1e300, 1e300]), low, high).tolist()
    assert first >= low
    assert last <= high
    assert last > high - 4096


@pytest.mark.parametrize(
    ("name", "holds"),
    [("double", True), ("int8", True), ("date32[day]", True), ("dictionary<values=int64, indices=int8, ordered=0>", True),
     ("float", False), ("decimal128(12, 2)", False), ("string", False)],
)  # fmt: skip
def test_some_types_hold_raw_numbers_as_they_are(name, holds):
    assert ticks.holds_raw(Column(name="x", kind="real", type=name)) is holds


def test_dates_stay_within_the_calendar():
    low, high = ticks.limits(pa.date32())
    years = pa.array([low, high], pa.int32()).cast(pa.date32()).to_pylist()
    assert [day.year for day in years] == [1, 9999]
