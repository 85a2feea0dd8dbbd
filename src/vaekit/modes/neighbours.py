"""What nearest neighbours say of rows of numbers: whether like lies beside like, and how two sets of rows overlap.

Distances are Euclidean, between all pairs, a chunk of rows at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

K = 5  # neighbours
CHUNK = 500  # rows whose distances are held at once


def knn_accuracy(rows: Floats, codes: Codes, k: int = K) -> float:
    """The share of rows whose k nearest other rows say, by majority, which class they are of (leave-one-out).

    Args:
        rows: (B, F) numbers.
        codes: (B,) classes, counted from 0.
        k: neighbours that vote; among equal votes the nearer ones decide.

    >>> knn_accuracy(np.array([[0.0], [0.1], [5.0], [5.1]]), np.array([0, 0, 1, 1]), k=1)
    1.0
    """
    k = min(k, len(rows) - 1)
    if k < 1:
        return math.nan
    # the nearer of two equal votes wins: each rank weighs a little less than the one before
    weight = torch.linspace(1.0, 1.0 - 0.1 / k, k)
    named, right = torch.from_numpy(codes), 0
    for at, apart in _distances(rows, rows):
        apart[torch.arange(len(apart)), torch.arange(at, at + len(apart))] = torch.inf
        near = apart.topk(k, largest=False).indices
        votes = torch.zeros(len(near), int(codes.max()) + 1).scatter_add_(1, named[near], weight.expand(len(near), k))
        right += int((votes.argmax(1) == named[at : at + len(near)]).sum())
    return right / len(rows)


def overlap(real: Floats, drawn: Floats, k: int = K) -> dict[str, float]:
    """Density and coverage of drawn rows (M, F) around real ones (N, F): Naeem et al. 2020 (arXiv 2002.09797).

        density  = 1/(k M) sum_j sum_i [drawn_j in ball_i]        coverage = 1/N sum_i [some drawn_j in ball_i]

    A ball reaches from a real row to the k-th nearest other real row. Rows of one law have density 1, and the coverage that
    `coverage_expected` tells.

    >>> rows = np.arange(20.0)[:, None]
    >>> overlap(rows, rows)["coverage"], overlap(rows, rows + 1000)
    (1.0, {'density': 0.0, 'coverage': 0.0, 'coverage_expected': 0.979...})
    """
    k = min(k, len(real) - 1)
    inside, covered = 0, 0
    for (at, apart), (_, others) in zip(_distances(real, drawn), _distances(real, real), strict=True):
        others[torch.arange(len(others)), torch.arange(at, at + len(others))] = torch.inf
        within = apart <= others.kthvalue(k, dim=1).values[:, None]
        inside, covered = inside + int(within.sum()), covered + int(within.any(1).sum())
    return {
        "density": inside / (k * len(drawn)),
        "coverage": covered / len(real),
        "coverage_expected": expected_coverage(len(real), len(drawn), k),
    }


def expected_coverage(real: int, drawn: int, k: int = K) -> float:
    """The coverage of as many rows of the same law: 1 - P(the k nearest of all other rows are real).

    >>> expected_coverage(1000, 1000, 1)
    0.500...
    """
    return 1 - math.prod((real - i) / (real + drawn - i) for i in range(1, k + 1))


def nearest_two(rows: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Root mean squared differences (B,) of each row (B, F) to its nearest and its second nearest row of the reference.

    >>> nearest_two(np.array([[0.0, 0.0]]), np.array([[3.0, 3.0], [1.0, 1.0]]))
    (array([1.]), array([3.]))
    """
    both = torch.cat([apart.topk(2, largest=False).values for _, apart in _distances(rows, reference)])
    near = both.double().numpy() / math.sqrt(rows.shape[1])
    return near[:, 0], near[:, 1]


def _distances(rows: Floats, others: Floats) -> Iterator[tuple[int, torch.Tensor]]:
    """The number of the first row of each chunk, and the distances of the chunk's rows to all others."""
    centre = others.mean(0)  # distances are differences of squares, and small squares have small errors
    left, right = (torch.from_numpy(side - centre) for side in (rows, others))
    for at in range(0, len(left), CHUNK):
        yield at, torch.cdist(left[at : at + CHUNK], right, compute_mode="use_mm_for_euclid_dist")
