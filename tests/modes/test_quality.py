import numpy as np
import pytest

from vaekit.modes import quality as q

NAN = np.nan


def column(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("real", "drawn", "expected"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], 1.0),
        ([1, 2, 3, 4], [5, 6, 7, 8], 0.0),
        ([1, 2, 3, 4], [2, 3, 4, 5], 0.75),
        ([1, 2, NAN], [1, 2, 2, NAN], 1 - 1 / 6),  # gaps are left out: F(1) = 1/2 against 1/3
    ],
)
def test_ks_complement_by_hand(real, drawn, expected):
    assert q.ks_complement(column(*real), column(*drawn)) == pytest.approx(expected)


def test_ks_complement_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    noise = np.random.default_rng(0)
    a, b = noise.normal(size=300).round(1), noise.normal(0.2, 1.3, size=217).round(1)
    assert q.ks_complement(a, b) == pytest.approx(1 - stats.ks_2samp(a, b).statistic)


@pytest.mark.parametrize(
    ("real", "drawn", "expected"),
    [
        ([0, 0, 1, 1], [0, 1], 1.0),
        ([0, 0, 1, 1], [0, 0, 0, 1], 0.75),
        ([0, 0], [1, 1], 0.0),
        ([0, 1, NAN, NAN], [0, 1], 1.0),
    ],
)
def test_tv_complement_by_hand(real, drawn, expected):
    assert q.tv_complement(column(*real), column(*drawn)) == pytest.approx(expected)


def test_all_missing_columns_have_no_shape():
    empty, full = column(NAN, NAN), column(1, 2)
    assert np.isnan(q.ks_complement(empty, full))
    assert np.isnan(q.tv_complement(full, empty))


def test_correlation_similarity_by_hand():
    x = np.arange(5.0)
    up, flat = np.column_stack([x, x]), np.column_stack([x, [1, -1, 0, -1, 1]])  # correlations 1 and 0
    assert q.correlation_similarity(up, flat) == pytest.approx(0.5)
    assert q.correlation_similarity(up, np.column_stack([x, -x])) == pytest.approx(0.0)
    gap = np.vstack([up, [[NAN, 100.0]]])
    assert q.correlation_similarity(gap, up) == pytest.approx(1.0)
    assert np.isnan(q.correlation_similarity(up, np.column_stack([x, np.ones(5)])))


def test_contingency_similarity_by_hand():
    real = np.array([[0, 0], [0, 0], [1, 1], [1, NAN]])
    drawn = np.array([[0, 0], [1, 0], [1, 1], [1, NAN]])
    assert q.contingency_similarity(real, drawn) == pytest.approx(0.75)  # a gap is a level of its own


def test_cut_has_ten_open_bins_and_one_for_gaps():
    real, drawn = q.cut(np.linspace(0, 10, 11), column(-5, 0.5, 99, NAN))
    assert real.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]
    assert drawn.tolist() == [1, 1, 10, 11]


def test_a_number_beside_a_name_is_binned():
    real = np.column_stack([[0, 0, 10, 10], [0, 0, 1, 1]]).astype(float)
    drawn = np.column_stack([[0.3, 0.2, 9.9, 9.8], [0, 1, 1, 0]])
    trend = q.trends(real, drawn, np.array([False, True]), ["x", "c"])
    assert trend == {("x", "c"): pytest.approx(0.5)}


def test_quality_of_a_table_with_itself_is_perfect():
    noise = np.random.default_rng(0)
    rows = np.column_stack([noise.normal(size=50), noise.normal(size=50), noise.integers(0, 3, 50)])
    found = q.quality(rows, rows, np.array([False, False, True]), ["a", "b", "c"])
    assert found["shape_error_percent"] == found["trend_error_percent"] == 0
    assert set(found["shape_error_by_column"]) == {"a", "b", "c"}
    assert len(found["worst_trends"]) == 3


def test_quality_without_pairs():
    rows = np.arange(10.0)[:, None]
    assert q.quality(rows, rows, np.array([False]), ["a"])["trend_error_percent"] is None


def test_a_classifier_tells_what_differs_and_not_what_does_not():
    noise = np.random.default_rng(0)
    named = np.array([False, True])

    def rows(shift):
        made = np.column_stack([noise.normal(shift, 1, 400), noise.integers(0, 300, 400)])
        made[noise.random(made.shape) < 0.2] = NAN
        return made

    assert 0.42 < q.two_sample(rows(0), rows(0), named) < 0.58
    assert q.two_sample(rows(0), rows(4), named) > 0.85
    gap = rows(0)
    gap[:, 0] = NAN
    assert q.two_sample(rows(0), gap, named) > 0.85  # gaps alone give rows away
