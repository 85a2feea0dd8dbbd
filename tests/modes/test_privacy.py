import numpy as np
import pytest

from vaekit.modes import privacy as p

NAMED = np.array([False, False, True])


def rows_of(count, seed):
    noise = np.random.default_rng(seed)
    return np.column_stack([noise.normal(size=(count, 2)), noise.integers(0, 3, count)])


def test_distance_by_hand():
    # (0.2 + min(5, 1) + 1) / 3, and a gap on both sides is no distance
    near, second = p.nearest(np.array([[0.0, np.nan, 1.0]]), np.array([[0.2, np.nan, 2.0], [0.2, 0.0, 2.0]]), NAMED)
    assert near == pytest.approx([1.2 / 3])
    assert second == pytest.approx([2.2 / 3])


def test_samples_that_are_copies_are_found():
    real = rows_of(300, 0)
    found = p.privacy(real, real[:200], NAMED)
    assert found["exact_copies"] == 1.0
    assert found["exact_copies_among_real"] == 0.0
    assert found["nearer_than_real"] > 0.7  # half of the copies have their original in the reference
    assert found["nearest_distance_low"] == 0.0


def test_new_rows_are_like_new_rows():
    found = p.privacy(rows_of(600, 0), rows_of(300, 1), NAMED)
    assert found["exact_copies"] == 0.0
    assert 0.42 < found["nearer_than_real"] < 0.58
    assert found["nearest_distance"] == pytest.approx(found["nearest_distance_real"], rel=0.2)


def test_copies_compare_gaps_and_forgive_the_sign_of_zero():
    assert p.share_of_copies(np.array([[0.0, np.nan], [1.0, 2.0]]), np.array([[-0.0, -np.nan]])) == 0.5


def test_nearer_counts_ties_half():
    assert p.nearer(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx((0.75 + 0.5) / 2)
