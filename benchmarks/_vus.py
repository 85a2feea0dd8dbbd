"""Volumes under the surface: ROC and precision-recall areas of ranges, averaged over the width of a soft border round them.

Paparrizos et al. 2022 (doi 10.14778/3551793.3551830).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def volumes(truth: Array, score: Array, widest: int = 64, thresholds: int = 250) -> tuple[float, float]:
    """VUS-ROC and VUS-PR of a score per step.

    Args:
        truth: 0 or 1 a step, (N,).
        score: higher is stranger, (N,).
        widest: of the soft borders, in steps.
        thresholds: score levels at which the curves are evaluated.

    >>> truth = np.zeros(1000, dtype=int)
    >>> truth[400:450] = 1
    >>> [round(area, 2) for area in volumes(truth, truth + 0.0, widest=0)]
    [1.0, 1.0]
    """
    count = len(truth)
    order = np.argsort(-score, kind="stable")
    levels = score[order][np.linspace(0, count - 1, thresholds).astype(int)]
    flagged = np.searchsorted(-score[order], -levels, side="right")  # steps at or above each level

    def above(weight: Array) -> Array:
        return np.concatenate([[0.0], np.cumsum(weight[order])])[flagged]

    edges = np.diff(np.concatenate([[0], truth, [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    inside = above(truth.astype(float))
    areas = []
    for width in range(widest + 1):
        hits = above(np.minimum(softened(truth, starts, ends, width), 1.0))
        positive = truth.sum() + (hits - inside) / 2
        found = _found(score, levels, starts, ends, width // 2)
        recall = np.concatenate([[0.0], np.minimum(hits / positive, 1) * found, [1.0]])
        false_alarm = np.concatenate([[0.0], (flagged - hits) / (count - positive), [1.0]])
        precision = hits / flagged
        roc = np.dot(np.diff(false_alarm), (recall[1:] + recall[:-1]) / 2)
        areas.append((roc, np.dot(np.diff(recall[:-1]), precision)))
    roc, pr = np.mean(areas, axis=0)
    return float(roc), float(pr)


def softened(truth: Array, starts: Array, ends: Array, width: int) -> Array:
    """The labels with a border of half the width on both sides of every range, which falls from 1 as sqrt(1 - d / width)."""
    half, soft = width // 2, truth.astype(float)
    for start, end in zip(starts, ends, strict=True):
        after = np.arange(end + 1, min(end + half + 1, len(truth)))
        before = np.arange(max(start - half, 0), start)
        if half:
            soft[after] += np.sqrt(1 - (after - end) / width)
            soft[before] += np.sqrt(1 - (start - before) / width)
    return soft


def _found(score: Array, levels: Array, starts: Array, ends: Array, half: int) -> Array:
    """The share of ranges (those whose borders touch are one) with a step at or above each level."""
    apart = np.concatenate([[True], starts[1:] - half > ends[:-1] + half])
    last = np.concatenate([apart[1:], [True]])
    low, high = np.maximum(starts - half, 0)[apart], np.minimum(ends + half, len(score) - 1)[last]
    peaks = np.array([score[a : b + 1].max() for a, b in zip(low, high, strict=True)])
    share: Array = (peaks[None] >= levels[:, None]).mean(1)
    return share
