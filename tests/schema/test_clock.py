"""Durations and times of day in every spelling that people and programs have for them."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from vaekit.schema import clock

UNITS = ["s", "ms", "us", "ns"]
TIMES = [pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]


def ticks(cells):
    return cells.cast(pa.int32() if cells.type.bit_width == 32 else pa.int64()).to_pylist()


@pytest.mark.parametrize("unit", UNITS)
def test_a_duration_reads_back(unit):
    most = clock.longest(pa.duration(unit)) // 100 * 99
    noise = np.random.default_rng(0)
    some = [*noise.integers(-(10**6), 10**6, 50).tolist(), *noise.integers(-most, most, 50).tolist()]
    cells = pa.array(
        [0, -1, None, clock.DAY, clock.PER_SECOND[unit] * clock.DAY, 1 - most, most - 1, *some], pa.int64()
    )
    cells = cells.cast(pa.duration(unit))
    assert clock.read(clock.write(cells), cells.type).equals(cells)


@pytest.mark.parametrize("kind", TIMES, ids=str)
def test_a_time_of_day_reads_back(kind):
    last = clock.DAY * clock.PER_SECOND[kind.unit] - 1
    whole = pa.array([0, 1, None, last, *np.random.default_rng(0).integers(0, last, 50).tolist()], pa.int64())
    cells = (whole.cast(pa.int32()) if kind.bit_width == 32 else whole).cast(kind)
    assert clock.read(clock.write(cells), kind).equals(cells)


@pytest.mark.parametrize(("text", "seconds"), [
    ("600", 600), (" -1.5e1 ", -15), ("00:10", 600), ("2:44:49.933745", 9889.933745), ("100:00:00", 360_000),
    ("1 day, 0:00:01", 86_401), ("80 days 00:00:00.5", 6_912_000.5), ("2 days +01:00", 176_400), ("3 days", 259_200),
    ("-1 days +23:59:59", -1), ("-1 day, 23:59:59", -1), ("-2 days", -172_800), ("-00:00:01.25", -1.25), (" 03:00 ", 10_800),
])  # fmt: skip
def test_durations_as_people_and_programs_write_them(text, seconds):
    assert ticks(clock.read(pa.array([text, None]), pa.duration("us"))) == [round(seconds * 10**6), None]


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "1:60", "10:00:60", "5 weeks", "-1 days 01:00", "1 day 600", "1e300", "::"]
)
def test_what_is_no_duration_is_null(text):
    assert clock.read(pa.array([text]), pa.duration("ns")).null_count == 1


@pytest.mark.parametrize("days", [10**6, -(10**6), 10**12])
def test_durations_beyond_the_unit_are_null(days):
    assert clock.read(pa.array([f"{days} days"]), pa.duration("ns")).null_count == 1
    assert clock.read(pa.array([days * 86_400], pa.duration("s")), pa.duration("ns")).null_count == 1
    assert clock.read(pa.array([days * 86_400.0]), pa.duration("ns")).null_count == 1
    coarse = clock.read(pa.array([f"{days} days"]), pa.duration("s"))
    assert coarse.null_count == (abs(days) > dt.timedelta.max.days) and len(coarse.to_pylist()) == 1


def test_times_of_day_as_people_and_programs_write_them():
    text = pa.array(["03:00", "3:00:01", "21:53:02.091767", "24:00", "600", "-01:00", "1 day 01:00", None])
    assert clock.read(text, pa.time64("us")).to_pylist() == [
        dt.time(3), dt.time(3, 0, 1), dt.time(21, 53, 2, 91767), None, None, None, None, None,
    ]  # fmt: skip


def test_numbers_are_seconds_of_a_duration_and_no_time_of_day():
    for numbers in (pa.array([600, None]), pa.array([600.0, None]), pa.array([600, None], pa.int16())):
        assert ticks(clock.read(numbers, pa.duration("ms"))) == [600_000, None]
        assert clock.read(numbers, pa.time64("us")).null_count == 2


def test_durations_and_times_of_day_become_one_another():
    hours = pa.array([3600, 90_000, -1, None], pa.duration("s"))
    assert clock.read(hours, pa.time32("ms")).to_pylist() == [dt.time(1), None, None, None]
    assert ticks(clock.read(pa.array([dt.time(1), None], pa.time32("s")), pa.duration("ns"))) == [3600 * 10**9, None]


def test_other_types_hold_neither():
    for odd in (pa.array([True]), pa.array([dt.date(2024, 1, 1)])):
        assert clock.read(odd, pa.duration("s")).null_count == clock.read(odd, pa.time32("s")).null_count == 1


def test_dictionaries_and_chunks_are_written():
    cells = pa.chunked_array([pa.array([60, None], pa.duration("s")), pa.array([86_461], pa.duration("s"))])
    assert clock.write(cells).to_pylist() == ["00:01:00", None, "1 days 00:01:01"]
    assert clock.write(cells.dictionary_encode()).to_pylist() == clock.write(cells).to_pylist()
    assert clock.write(cells.slice(0, 0)).to_pylist() == []


@pytest.mark.parametrize(
    "value", [dt.timedelta(-1, 1, 1), dt.timedelta(0), dt.timedelta(10**9 - 1), dt.timedelta(1 - 10**9)]
)
def test_one_duration_is_spelled_as_many_are(value):
    unit = "us" if value.microseconds else "s"
    assert clock.read(pa.array([clock.spelled(value)]), pa.duration(unit)).to_pylist() == [value]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["21:53:02", "1:00:00"], pa.time32("s")),
        (["21:53:02.123456", "1:00:00"], pa.time64("us")),
        (["21:53:02.1234567"], pa.time64("ns")),
        (["24:00:00", " 01:00:00.5 "], pa.duration("ms")),
        (["-1 days +23:59:59", None], pa.duration("s")),
        (["3:10", "2:00:00"], None),
        (["7 days", "1 days 00:00:00"], None),
        (["2024-01-01 10:00:00"], None),
        ([None], None),
    ],
)
def test_text_that_is_durations_throughout_is_found(cells, kind):
    made = clock.found(pa.array(cells, pa.string()))
    assert made is None if kind is None else (made.type == kind and made.null_count == cells.count(None))
