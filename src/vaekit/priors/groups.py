"""Groups among latents: by density, or by who has whom for a neighbour."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit import rng

Floats = NDArray[np.float64]
STARTS = 4  # of the search for groups, which ends where it began
NEIGHBOURS = 15
NEAR = 7  # the neighbour whose distance is the scale of a row
SPARE = 3  # directions for each group, as some are spent on islands of a few rows,
COSTLIER = 3.0  # unless a cut along them costs more than so many times the dearest cut that is needed,
SOFT = 0.3  # and the share of this one by which cheaper ones do not count for more


def by_density(rows: Floats, count: int, floor: float = 1e-4, starts: int = STARTS) -> Any:
    """The likeliest of several Gaussian mixtures of so many components with whole covariances, fitted to rows (B, L).

    Args:
        rows: what is grouped.
        count: components.
        floor: added to the variances.
        starts: of the search.

    >>> by_density(np.array([[0.0], [0.1], [4.0], [4.1]]), 2).means_.round(2).ravel().tolist()
    [4.05, 0.05]
    """
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(count, reg_covar=floor, random_state=0, n_init=starts).fit(rows)


def by_neighbours(rows: Floats, count: int, floor: float = 1e-4) -> Any:
    """A Gaussian mixture whose components are the groups that a graph of neighbours falls into when it is cut least.

        w_ij = exp(-|x_i - x_j|^2 / s_i s_j) among neighbours,   D^-1/2 W D^-1/2 v = lambda v

    Rows lie by the leading v where those of one connected group lie together, whatever its shape; k-means tells these apart.
    A v counts for the less the dearer a cut along it, by about (1 - lambda)^-1/2: rows are then as far apart as a walk along
    neighbours is long. Ng, Jordan and Weiss 2001 (NeurIPS 14); scales s of Zelnik-Manor and Perona 2004 (NeurIPS 17); lengths
    of walks of Qiu and Hancock 2007 (doi 10.1109/TPAMI.2007.1103). Rows too few for a graph are grouped by density.

    >>> at = np.linspace(0, 2 * np.pi, 100)[:, None]
    >>> rings = np.concatenate([size * np.hstack([np.cos(at), np.sin(at)]) for size in (1.0, 5.0)])
    >>> np.bincount(labels(rings, 2)).tolist()
    [100, 100]
    """
    from sklearn.mixture import GaussianMixture

    if len(rows) <= max(2 * SPARE * count, NEIGHBOURS + 1):
        return by_density(rows, count, floor)
    own = np.eye(count)[labels(rows, count)]
    if not own.any(0).all():  # rows that are equal
        return by_density(rows, count, floor)
    weight, mean = own.mean(0), (own.T @ rows) / own.sum(0)[:, None]
    spread = [
        np.atleast_2d(np.cov(rows[own[:, c] > 0].T, ddof=0)) + floor * np.eye(rows.shape[1]) for c in range(count)
    ]
    start = {"weights_init": weight, "means_init": mean, "precisions_init": np.linalg.inv(np.stack(spread))}
    with warnings.catch_warnings():  # one step, which makes a mixture of the groups; more would look for density again
        warnings.simplefilter("ignore")
        return GaussianMixture(count, reg_covar=floor, max_iter=1, **start).fit(rows)


def labels(rows: Floats, count: int) -> NDArray[np.int64]:
    """The group of each row (B, L), by the cuts of the graph of neighbours, (B,)."""
    from sklearn.cluster import KMeans

    value, seen = leading(graph(rows), SPARE * count)
    cut = 1 - value
    dearest = cut[count - 1] + 1e-9
    seen = (seen / np.sqrt(cut + SOFT * dearest))[:, cut <= COSTLIER * dearest]
    seen /= np.linalg.norm(seen, axis=1, keepdims=True).clip(1e-12)
    found: NDArray[np.int64] = KMeans(count, n_init=10, random_state=0).fit(seen).labels_.astype(np.int64)
    return found


def graph(rows: Floats) -> Any:
    """How close rows (B, L) are to their nearest ones, a sparse symmetric matrix (B, B)."""
    from scipy.sparse import csr_matrix
    from sklearn.neighbors import NearestNeighbors

    distance, index = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(rows).kneighbors(rows)
    distance, index = distance[:, 1:], index[:, 1:]
    scale = distance[:, NEAR - 1].clip(1e-12)
    near = np.exp(-(distance**2) / (scale[:, None] * scale[index])).clip(1e-12)
    start = np.arange(0, near.size + 1, NEIGHBOURS)
    one_way = csr_matrix((near.ravel(), index.ravel(), start), shape=(len(rows), len(rows)))
    return (one_way + one_way.T) / 2


def leading(near: Any, count: int) -> tuple[Floats, Floats]:
    """The largest eigenvalues (count,) of the normalised graph, from 1 down, and their eigenvectors (B, count).

    Every piece of the graph that hangs together by itself has a 1, of which Lanczos's method alone would miss some.
    """
    from scipy.sparse import diags
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import LinearOperator, eigsh

    root = np.sqrt(np.asarray(near.sum(1)).ravel())
    piece = connected_components(near, directed=False)[1]
    largest = np.argsort(-np.bincount(piece), kind="stable")[:count]
    ones = root[:, None] * (piece[:, None] == largest)
    ones /= np.linalg.norm(ones, axis=0)
    if (more := count - len(largest)) == 0:
        return np.ones(count), ones
    graph = diags(1 / root) @ near @ diags(1 / root)
    rest = LinearOperator(near.shape, lambda x: graph @ x - ones @ (ones.T @ x), dtype=np.float64)
    first = rng.numpy(0, "leading").normal(size=len(root))
    value, vectors = eigsh(rest, k=more, which="LA", v0=first, ncv=min(3 * more + 20, len(root)), tol=1e-5)
    order = np.argsort(-value)
    return np.append(np.ones(len(largest)), value[order]), np.hstack([ones, vectors[:, order]])
