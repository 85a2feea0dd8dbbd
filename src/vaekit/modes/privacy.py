"""Whether samples repeat rows: distances to the nearest real row, beside those between real rows.

A fitted model keeps no training rows, so the rows at hand are split in halves: one is the reference, the other shows how near
real rows that are not in the reference come to it. Samples of a model that copies its training rows come nearer than these
when the rows at hand are the training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit import rng
from vaekit.modes.neighbours import nearest_two

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST = 2_000  # rows on each side; distances are all pairs


def privacy(real: Floats, drawn: Floats, named: Flags, seed: int = 0) -> dict[str, Any]:
    """Exact copies, distances to the nearest record and how they compare, of drawn (B, K) and real (B, K) rows.

    Args:
        real: the rows at hand, numbers in standard deviations, not-a-number where missing.
        drawn: sampled rows.
        named: (K,) columns whose numbers are indices of names.
        seed: of the halves.
    """
    return _compared(real, drawn, real, drawn, partial(nearest, named=named), seed)


def picture_privacy(real: Floats, drawn: Floats, near: tuple[Floats, Floats], seed: int = 0) -> dict[str, Any]:
    """The same of pictures: copies pixel by pixel, distances as root mean squared differences of coarse pictures.

    Args:
        real, drawn: pixels (B, K), not-a-number where missing.
        near: the coarse pictures of both, (B, F) each, all there.
        seed: of the halves.
    """
    return _compared(real, drawn, *near, nearest_two, seed)


def _compared(
    real: Floats, drawn: Floats, real_at: Floats, drawn_at: Floats,
    distances: Callable[[Floats, Floats], tuple[Floats, Floats]], seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Copies among the rows themselves, and distances between where these lie."""
    order = rng.numpy(seed, "privacy").permutation(len(real))
    half = min(len(real) // 2, MOST)
    reference, others = order[:half], order[half : 2 * half]
    near, next_near = distances(drawn_at[:MOST], real_at[reference])
    usual, next_usual = distances(real_at[others], real_at[reference])
    return {
        "reference_rows": half,
        "exact_copies": share_of_copies(drawn[:MOST], real),
        "exact_copies_among_real": share_of_copies(real[others], real[reference]),
        "nearest_distance": float(np.median(near)),
        "nearest_distance_real": float(np.median(usual)),
        "nearest_distance_low": float(np.quantile(near, 0.05)),
        "nearest_distance_low_real": float(np.quantile(usual, 0.05)),
        "nearer_than_real": nearer(near, usual),
        "distance_ratio": float(np.median(_ratio(near, next_near))),
        "distance_ratio_real": float(np.median(_ratio(usual, next_usual))),
    }


def nearest(rows: Floats, reference: Floats, named: Flags, chunk: int = 250) -> tuple[Floats, Floats]:
    """Distances (B,) of each row to its nearest and its second nearest row of the reference.

    A distance is the mean over columns (Gower 1971, doi 10.2307/2528823) of: numbers, the difference in standard deviations,
    at most 1; names, 0 when equal, else 1; a gap on one side 1, on both 0.

    >>> named = np.array([False, True])
    >>> near, second = nearest(np.array([[0.0, 1.0]]), np.array([[0.5, 1.0], [0.0, 0.0], [9.0, 9.0]]), named)
    >>> near, second
    (array([0.25]), array([0.5]))
    """
    found = []
    for at in range(0, len(rows), chunk):
        part = rows[at : at + chunk]
        apart = np.zeros((len(part), len(reference)), dtype=np.float32)
        for k in range(rows.shape[1]):
            apart += _gower(part[:, k], reference[:, k], bool(named[k]))
        found.append(np.sort(np.partition(apart, 1, axis=1)[:, :2], axis=1) / rows.shape[1])
    both = np.concatenate(found).astype(float)
    return both[:, 0], both[:, 1]


def share_of_copies(rows: Floats, reference: Floats) -> float:
    """The share of rows that equal a reference row in every cell, gaps included.

    >>> share_of_copies(np.array([[1.0, np.nan], [2.0, 0.0]]), np.array([[1.0, np.nan]]))
    0.5
    """
    known = {row.tobytes() for row in _canonical(reference)}
    return float(np.mean([row.tobytes() in known for row in _canonical(rows)]))


def nearer(near: Floats, usual: Floats) -> float:
    """P(a sample is nearer to the reference than a real row is), ties counting half: 0.5 where samples are like new rows."""
    usual = np.sort(usual)
    beyond = len(usual) - (np.searchsorted(usual, near, "left") + np.searchsorted(usual, near, "right")) / 2
    return float(beyond.mean() / len(usual))


def _gower(a: Floats, b: Floats, named: bool) -> Any:
    left, right = a.astype(np.float32)[:, None], b.astype(np.float32)[None]
    apart = (left != right).astype(np.float32) if named else np.minimum(np.abs(left - right), 1)
    gap_a, gap_b = np.isnan(left), np.isnan(right)
    return np.where(gap_a | gap_b, gap_a != gap_b, apart)


def _ratio(near: Floats, second: Floats) -> Floats:
    """Nearest over second nearest distance, 1 where both are zero: small where one record alone is near."""
    return np.divide(near, second, out=np.ones_like(near), where=second > 0)


def _canonical(rows: Floats) -> NDArray[np.float32]:
    """One pattern of bytes per row: a single not-a-number, no negative zero, float32 to forgive the last bits."""
    plain = rows.astype(np.float32) + np.float32(0)
    plain[np.isnan(plain)] = np.nan
    return np.ascontiguousarray(plain)
