import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.errors import DataError, SpecError, VaekitWarning
from vaekit.sources.cut import Cut
from vaekit.sources.steps import ending


def table(**columns):
    return pa.table({**columns, "x": np.arange(len(next(iter(columns.values()))), dtype=float)})


@st.composite
def machines(draw):
    """A shuffled stream of machines with a regular clock and holes: its table, and each row's (machine, piece)."""
    pieces = draw(st.lists(st.lists(st.integers(1, 15), min_size=1, max_size=3), min_size=1, max_size=4))
    unit, hour, piece = [], [], []
    for name, lengths in enumerate(pieces):
        start = 0
        for at, length in enumerate(lengths):
            unit += [f"m{name}"] * length
            hour += range(start, start + length)
            piece += [at] * length
            start += length + draw(st.integers(5, 9))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(unit))
    unit, hour, piece = np.array(unit)[order], np.array(hour)[order], np.array(piece)[order]
    return table(unit=unit, hour=hour), hour, [f"{a}.{b}" for a, b in zip(unit, piece, strict=True)]


CUT = {"time": "hour", "by": ("unit",), "interval": 1.0, "hole": 1.5}


@given(machines(), st.integers(2, 8), st.data())
def test_windows_cover_every_long_stretch_and_cross_nothing(stream, size, data):
    rows, hour, piece = stream
    cut = Cut(size, data.draw(st.integers(1, size)), **CUT)
    segments = cut.segments(rows)
    at = cut.windows(segments)
    assert np.array_equal(np.sort(np.concatenate(segments)), np.arange(rows.num_rows))
    assert all(len({piece[row] for row in window}) == 1 for window in at)
    assert (np.diff(hour[at], axis=1) == 1).all()
    lengths = {name: piece.count(name) for name in piece}
    long = {row for row in range(rows.num_rows) if lengths[piece[row]] >= size}
    assert set(at.reshape(-1).tolist()) == long
    assert set(cut.uncovered(segments).tolist()) == set(range(rows.num_rows)) - long
    assert len(at) == sum(cut.count(len(segment)) for segment in segments) == len({tuple(window) for window in at})


@given(st.integers(2, 6), st.integers(0, 9), st.booleans())
def test_what_comes_later_changes_no_causal_answer(size, seed, own):
    noise = np.random.default_rng(seed)
    unit = np.repeat(["a", "b"], 40)
    hour = np.concatenate([np.cumsum(noise.choice([1, 1, 1, 7], 40)), 50 * np.cumsum(noise.choice([1, 1, 1, 7], 40))])
    x = noise.normal(size=80)
    cut = Cut(size, 1, own=True, time="hour", by=("unit",)) if own else Cut(size, 1, **CUT)

    def causal(rows):
        at = cut.windows(cut.segments(table(unit=unit[rows], hour=hour[rows])), stride=1)
        return ending(x[rows][at].sum(1), at, len(rows))

    whole = causal(np.arange(80))
    for until in (10, 25):
        rows = np.concatenate([np.arange(until), np.arange(40, 40 + until)])
        assert np.array_equal(causal(rows), whole[rows], equal_nan=True)


def test_rows_come_in_time_order_and_repeated_times_keep_theirs():
    cut = Cut(2, 1, **CUT)
    segments = cut.segments(table(unit=["b", "a", "b", "a", "b"], hour=[2, 1, 1, 1, 1]))
    assert [rows.tolist() for rows in segments] == [[2, 4, 0], [1, 3]]


def test_without_time_the_order_of_the_rows_is_the_clock():
    cut = Cut.fit(table(unit=[1, 2, 1, 2], day=["x", "x", "x", "y"]), 2, by=["unit", "day"])
    assert [rows.tolist() for rows in cut.segments(table(unit=[1, 2, 1, 2], day=["x", "x", "x", "y"]))] == [
        [0, 2],
        [1],
        [3],
    ]
    assert (cut.interval, cut.hole, cut.aside) == (None, None, ("unit", "day"))


def test_machines_of_different_pace_keep_their_own_clocks():
    unit = np.repeat(["fast", "slow"], 20)
    hour = np.concatenate([np.arange(20), 60 * np.arange(20)])
    hour[10:20] += 5
    hour[35:] += 300
    rows = table(unit=unit, hour=hour)
    cut = Cut.fit(rows, 4, time="hour", by="unit")
    assert cut.own and cut.interval is None and cut.holes == {'["fast"]': 1.5, '["slow"]': 90.0}
    assert [len(segment) for segment in cut.segments(rows)] == [10, 10, 15, 5]
    new = table(unit=["new"] * 9, hour=[0, 7, 14, 21, 28, 35, 90, 97, 104])
    assert [len(segment) for segment in cut.segments(new)] == [6, 3], "a new machine shows its pace itself"
    assert Cut.from_dict(json.loads(json.dumps(cut.to_dict(), allow_nan=False))) == cut


def test_a_short_stream_is_judged_by_the_fitted_clock():
    cut = Cut.fit(table(hour=np.arange(50)), 2, time="hour")
    assert [len(rows) for rows in cut.segments(table(hour=[0, 1, 9]))] == [2, 1]
    assert Cut.from_dict(json.loads(json.dumps(cut.to_dict()))) == cut


def test_the_time_may_change_its_unit_but_not_its_nature():
    seconds = pa.array(3600 * np.arange(50), pa.timestamp("s"))
    cut = Cut.fit(table(t=seconds), 4, time="t")
    assert len(cut.segments(table(t=seconds.cast(pa.timestamp("ns", "UTC"))))) == 1
    assert len(cut.segments(table(t=seconds.cast(pa.string())))) == 1
    with pytest.raises(DataError, match="'t' holds plain numbers, moments were fitted"):
        cut.segments(table(t=np.arange(5)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 1}, "size=1, a whole number of steps of at least 2"),
        ({"size": 2.5}, "size=2.5, a whole number"),
        ({"size": True}, "size=True, a whole number"),
        ({"size": 8, "stride": 0}, "stride=0, a whole number of steps from 1 to 8"),
        ({"size": 8, "stride": 9}, "stride=9, a whole number of steps from 1 to 8"),
        ({"size": 4, "time": "hour", "by": "hour"}, "'hour' is given as time= and as by="),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises(SpecError) as caught:
        Cut.fit(table(hour=[1, 2, 3]), **options)
    assert says in str(caught.value)


def test_columns_are_checked():
    rows = table(hour=[1, 2, 3], unit=["a", None, "b"])
    with pytest.raises(DataError, match=r"column 'Hour' \(time=\) is absent(.|\n)*did you mean 'hour'"):
        Cut.fit(rows, 2, time="Hour")
    with pytest.raises(DataError, match=r"column 'units' \(by=\) is absent(.|\n)*did you mean 'unit'"):
        Cut.fit(rows, 2, by=["units"])
    with pytest.raises(DataError, match=r"column 'unit', row 1 .* is empty, the name of a machine"):
        Cut.fit(rows, 2, by="unit")
    with pytest.raises(DataError, match="no channel is left beside 'hour', 'unit'"):
        Cut.fit(rows.drop_columns("x"), 2, time="hour", by="unit")


def test_the_stride_is_an_eighth_of_the_size():
    assert [Cut.fit(table(y=[1, 2]), size).stride for size in (2, 16, np.int64(100))] == [1, 2, 12]


def test_a_stream_shorter_than_a_window_is_refused_by_its_longest_stretch():
    rows = table(unit=["a", "b", "b", "b"], hour=[1, 1, 2, 9])
    cut = Cut(3, 1, **CUT)
    with pytest.raises(DataError) as caught:
        cut.refuse_short(rows, cut.segments(rows))
    assert str(caught.value) == (
        "the stream is shorter than a window: 3 steps were expected, the longest of 3 stretches without a hole in time "
        "(unit='b') has 2\nHint: size=2 is the largest that fits"
    )
    with pytest.raises(DataError, match="does by= number the rows"):
        Cut(2, 1, by=("x",)).refuse_short(rows, Cut(2, 1, by=("x",)).segments(rows))
    Cut(2, 1, **CUT).refuse_short(rows, cut.segments(rows))


def test_steps_without_a_window_are_told_once():
    with pytest.warns(VaekitWarning, match="3 steps lie in stretches of the stream shorter than a window of 4") as told:
        Cut(4, 1).warn_uncovered([np.arange(2), np.arange(9), np.arange(1)])
    assert len(told) == 1
    Cut(4, 1).warn_uncovered([np.arange(4)])


def test_times_that_repeat_hint_at_machines():
    rows = table(hour=np.repeat(np.arange(10), 3))
    with pytest.warns(VaekitWarning, match="67% of the times in 'hour' repeat; if a column tells machines apart"):
        Cut.fit(rows, 4, time="hour")
