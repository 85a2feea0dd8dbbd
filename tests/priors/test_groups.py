"""Groups by density, and by who has whom for a neighbour."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from vaekit import rng
from vaekit.priors.groups import by_density, by_neighbours, graph, labels, leading


def crescents(count=400):
    """Two half rings that reach into each other: no two normal laws tell them apart."""
    at = np.pi * np.linspace(0, 1, count // 2)
    upper = np.stack([np.cos(at), np.sin(at)], 1)
    noise = 0.05 * rng.table(0, (count, 2), "crescents").numpy()
    return np.concatenate([upper, [1.0, 0.5] - upper]) + noise, np.arange(count) // (count // 2)


def test_groups_of_any_shape_are_told_apart():
    rows, of = crescents()
    assert (
        adjusted_rand_score(of, labels(rows, 2))
        > 0.95
        > 0.8
        > adjusted_rand_score(of, by_density(rows, 2).predict(rows))
    )


def test_the_mixture_has_the_shares_and_moments_of_the_groups():
    rows = rng.table(0, (600, 3), "blobs").double().numpy() + 9.0 * np.eye(3)[np.arange(600) % 3]
    found = by_neighbours(rows, 3)
    of = found.predict(rows)
    assert adjusted_rand_score(np.arange(600) % 3, of) == 1
    for c in range(3):
        np.testing.assert_allclose(found.weights_[c], 1 / 3, atol=1e-6)
        np.testing.assert_allclose(found.means_[c], rows[of == c].mean(0), atol=1e-6)
        np.testing.assert_allclose(found.covariances_[c], np.cov(rows[of == c].T, ddof=0), atol=1e-3)


def test_the_graph_is_symmetric_and_its_first_vector_that_of_the_degrees():
    near = graph(crescents()[0] * [1.0, 0.1])
    assert abs(near - near.T).max() == 0 and near.max() <= 1
    assert near.diagonal().max() == 0, "no row is its own neighbour"
    value, vectors = leading(near, 4)
    assert value[0] == pytest.approx(1) and (np.diff(value) <= 0).all()
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(4), atol=1e-6)
    first = vectors[:, 0] * np.asarray(near.sum(1)).ravel() ** -0.5
    assert value[1] < 1 - 1e-6, "in one piece"
    np.testing.assert_allclose(first / first.mean(), 1, atol=1e-2)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_equal_rows_are_grouped_by_density():
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0]], 30, 0)
    assert len(np.unique(by_neighbours(rows, 2).predict(rows))) == 2
    assert by_neighbours(np.zeros((60, 2)), 4).predict_proba(np.zeros((1, 2))).sum() == pytest.approx(1)
