import numpy as np
import pytest

from vaekit.modes import neighbours as n


def cloud(count, seed, width=4):
    return np.random.default_rng(seed).normal(size=(count, width))


def test_classes_that_lie_apart_are_told_and_shuffled_ones_are_not():
    codes = np.repeat([0, 1, 2], 60)
    rows = cloud(180, 0) + 20 * codes[:, None]
    assert n.knn_accuracy(rows, codes) == 1.0
    assert n.knn_accuracy(rows, np.random.default_rng(1).permutation(codes)) == pytest.approx(1 / 3, abs=0.15)


def test_leave_one_out_by_hand():
    rows, codes = np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])
    assert n.knn_accuracy(rows, codes, k=1) == pytest.approx(2 / 3)  # the third has a neighbour of another class
    assert n.knn_accuracy(rows, codes, k=2) == pytest.approx(2 / 3)  # of equal votes the nearer one decides


def test_a_row_alone_has_no_neighbours():
    assert np.isnan(n.knn_accuracy(np.zeros((1, 2)), np.array([0])))


def test_knn_agrees_with_scikit_learn():
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    rows = cloud(120, 0)
    codes = (rows[:, 0] + 0.5 * cloud(120, 1)[:, 0] > 0).astype(int)
    expected = cross_val_score(KNeighborsClassifier(5), rows, codes, cv=LeaveOneOut()).mean()
    assert n.knn_accuracy(rows, codes) == pytest.approx(expected)


def test_equal_sets_are_covered_and_distant_ones_are_not():
    rows = cloud(600, 0)
    same = n.overlap(rows, rows)
    assert same["coverage"] == 1.0
    assert same["density"] == pytest.approx(6 / 5, abs=1e-6)  # each row lies in its own ball too
    assert n.overlap(rows, rows + 100) == {**same, "density": 0.0, "coverage": 0.0}


def test_rows_of_one_law_have_the_density_and_the_coverage_that_are_expected():
    found = n.overlap(cloud(1500, 0), cloud(1500, 1))
    assert found["density"] == pytest.approx(1, abs=0.1)
    assert found["coverage"] == pytest.approx(found["coverage_expected"], abs=0.03)


def test_a_mode_that_is_never_drawn_is_not_covered():
    real = cloud(400, 0) + 50 * (np.arange(400) % 2)[:, None]
    found = n.overlap(real, cloud(400, 1))
    assert found["coverage"] == pytest.approx(0.5, abs=0.05)
    assert found["density"] > 0.8


def test_nearest_two_are_root_mean_squares_and_equal_rows_are_at_zero():
    rows = cloud(700, 0, 16)
    near, second = n.nearest_two(rows, rows)
    assert near.max() < 1e-6
    apart = np.sqrt(np.square(rows[0] - rows[1:]).mean(1)).min()
    assert second[0] == pytest.approx(apart, rel=1e-6)
