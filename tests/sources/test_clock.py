import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.sources.clock import learn, pace, refuse_null, ticks

HOUR = [dt.datetime(2024, 3, 1, hour) for hour in (0, 1, 2, 5)]


def passed(values, kind=None):
    found = ticks("t", pa.chunked_array([pa.array(values, kind)]))
    return (np.diff(found.values) * (found.seconds or 1)).tolist()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_timestamps_differ_in_seconds(unit, zone):
    assert passed(HOUR, pa.timestamp(unit, zone)) == [3600, 3600, 10800]


@pytest.mark.parametrize(
    "pattern",
    ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+01:00", "%d.%m.%Y %H:%M",
     "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.000000000"],
)  # fmt: skip
def test_text_is_read(pattern):
    assert passed([hour.strftime(pattern) for hour in HOUR]) == [3600, 3600, 10800]


def test_other_times_are_read():
    assert passed([hour.date() + dt.timedelta(days=at) for at, hour in enumerate(HOUR)]) == [86400] * 3
    assert passed([0, 86400000], pa.date64()) == [86400]
    assert passed([hour.time() for hour in HOUR]) == [3600, 3600, 10800]
    assert passed([dt.timedelta(hours=1), dt.timedelta(hours=2)]) == [3600]
    assert passed(pa.array(["2024-03-01 00:00", "2024-03-01 01:00"]).dictionary_encode()) == [3600]


def test_plain_numbers_keep_their_unit_and_their_digits():
    assert passed([1, 2, 4]) == [1, 2]
    assert passed([0.5, 2.0], pa.float32()) == [1.5]
    assert ticks("t", pa.chunked_array([[2**62, 2**62 + 1]])).values.tolist() == [2**62, 2**62 + 1]
    assert ticks("t", pa.chunked_array([[1]])).seconds is None


def test_the_fitted_pattern_reads_days_that_look_like_months():
    days = ["31.12.2023", "01.02.2024"]
    found = ticks("t", pa.chunked_array([["13/01/2024", "14/01/2024"]]))
    assert ticks("t", pa.chunked_array([["01/02/2024", "01/03/2024"]]), found.format).values.tolist()[1] > 0
    later = ticks("t", pa.chunked_array([["01/02/2024", "01/03/2024"]]), found.format)
    assert np.diff(later.values).tolist() == [29 * 86400]
    assert ticks("t", pa.chunked_array([days]), found.format).format == "%d.%m.%Y"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1, None, 3], "column 't', row 1 (counted from 0) is empty, a time was expected in every row"),
        ([1.0, float("inf")], "time column 't', row 1 (counted from 0): inf was given, a finite number"),
        (["a", "b"], "time column 't' holds text, such as 'a', which is no time\nHint: dates"),
        ([True, False], "time column 't' holds bool, such as True, which is no time"),
        (
            [f"{day}.02.2024" for day in range(10, 29)] + ["soon"],
            "time column 't', row 19 (counted from 0): 'soon' was given, a date like",
        ),
    ],
)
def test_what_is_no_time_is_refused(values, says):
    with pytest.raises(DataError) as caught:
        ticks("t", pa.chunked_array([values]))
    assert says in str(caught.value)


def test_a_null_is_named_by_its_row():
    with pytest.raises(DataError, match="column 'unit', row 3"):
        refuse_null("unit", pa.chunked_array([["a", "b"], ["c", None]]), "a name")


def test_a_regular_clock_with_jitter_and_holes():
    noise = np.random.default_rng(0)
    steps = 60 + noise.uniform(-5, 5, 500)
    steps[[7, 100]] = 600
    interval, hole = pace(steps)
    assert interval == pytest.approx(60, abs=1) and hole == pytest.approx(90, abs=2)


def test_a_clock_that_often_misses_a_tick_is_not_torn_at_each():
    steps = np.where(np.arange(400) % 20 == 0, 2.0, 1.0)
    assert pace(steps) == (1.0, 2.5)
    steps[7] = 3.0
    assert pace(steps) == (1.0, 2.5)


def test_an_irregular_clock_has_no_interval_and_far_holes_only():
    steps = np.random.default_rng(0).exponential(5.0, 2000)
    interval, hole = pace(steps)
    assert interval is None and steps.max() < hole < 200


def test_time_that_never_moves_has_no_pace():
    assert pace(np.array([np.nan, 0.0, 0.0])) == (None, None)


def test_groups_of_different_pace_have_clocks_of_their_own():
    steps = np.array([np.nan, *[1] * 9, np.nan, *[60] * 9])
    assert learn(steps, np.array([0, 10]), 3).own
    assert not learn(steps, np.array([0, 10]), 11).own, "groups too short for a window have no say"
    assert learn(np.array([np.nan, 1, 1, 1, np.nan, 1, 3]), np.array([0, 4]), 2) == (1.0, 1.5, False)
