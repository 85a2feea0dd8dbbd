import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from vaekit.sources.cut import Cut
from vaekit.sources.holdout import scarce, split


def made(lengths):
    return np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])


def lengths_of(lengths, size, share):
    return [[len(rows) for rows in part] for part in split(made(lengths), size, share)]


@given(st.lists(st.integers(1, 120), min_size=1, max_size=30), st.integers(2, 12), st.floats(0, 0.99))
def test_no_step_is_on_both_sides_and_none_is_lost(lengths, size, share):
    segments = made(lengths)
    train, held = split(segments, size, share)
    rows = np.concatenate([*train, *held])
    assert np.array_equal(np.sort(rows), np.arange(sum(lengths)))
    cut = Cut(size, 1)
    assert not np.intersect1d(cut.windows(train), cut.windows(held)).size
    assert len(cut.uncovered(held)) == 0, "what is held out is used"
    if max(lengths) >= size:
        assert len(cut.windows(train)), "something is left to train"


@given(st.lists(st.integers(200, 900), min_size=1, max_size=8), st.floats(0.1, 0.5))
def test_of_long_stretches_the_last_share_is_held_out(lengths, share):
    train, held = split(made(lengths), 20, share)
    assert [len(rows) for rows in held] == [round(length * share) for length in lengths]
    assert all(before[-1] + 1 == after[0] for before, after in zip(train, held, strict=True))


def test_of_many_short_stretches_every_tenth_is_held_out():
    train, held = lengths_of([12] * 40, 10, 0.1)
    assert (len(train), held) == (36, [12] * 4)


def test_of_few_short_stretches_the_last_window_of_the_longest():
    assert lengths_of([30, 40, 25], 10, 0.1) == [[30, 30, 25], [10]]
    assert lengths_of([19, 19], 10, 0.1) == [[19, 19], []], "nothing would be left to train"


def test_stretches_shorter_than_a_window_are_never_held_out():
    assert lengths_of([3] * 50 + [200], 10, 0.1) == [[3] * 50 + [180], [20]]


def test_no_share_is_no_holding_out():
    assert lengths_of([100, 5], 10, 0) == [[100, 5], []]
    assert split([], 4, 0.1) == ([], [])


def test_few_labels_are_too_dear_to_hold_out():
    few, many = (pa.table({"digit": ["one" if i % every == 0 else None for i in range(100)]}) for every in (20, 5))
    assert scarce(few, "digit").nonzero()[0].tolist() == [0, 20, 40, 60, 80]
    assert scarce(many, "digit") is None and scarce(few, None) is None
    assert scarce(pa.table({"digit": pa.array([None] * 9, pa.string())}), "digit") is None
