"""How much sampled rows look like real ones: column by column, pair by pair, and to a classifier.

Rows are matrices (B, K) of numbers, not-a-number where missing; `named` (K,) marks columns whose numbers are indices of names.
Shapes and trends follow the definitions of SDMetrics' quality report (Datacebo, docs.sdv.dev/sdmetrics), reported as errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS = 10  # numbers beside names are cut into so many bins of equal width
FOLDS = 5


def shapes(real: Floats, drawn: Floats, named: Flags, names: Sequence[str]) -> dict[str, float]:
    """Similarity of each column's distribution, 1 at best: `ks_complement` for numbers, `tv_complement` for names."""
    pick = (ks_complement, tv_complement)
    return {name: pick[int(named[k])](real[:, k], drawn[:, k]) for k, name in enumerate(names)}


def trends(real: Floats, drawn: Floats, named: Flags, names: Sequence[str]) -> dict[tuple[str, str], float]:
    """Similarity of each pair of columns, 1 at best: correlations of numbers, shares of joint levels otherwise."""
    bins = [cut(real[:, k], drawn[:, k]) if not named[k] else (real[:, k], drawn[:, k]) for k in range(len(names))]
    found = {}
    for a, b in combinations(range(len(names)), 2):
        if named[a] or named[b]:
            pairs = (np.column_stack([bins[a][side], bins[b][side]]) for side in (0, 1))
            found[names[a], names[b]] = contingency_similarity(*pairs)
        else:
            found[names[a], names[b]] = correlation_similarity(real[:, [a, b]], drawn[:, [a, b]])
    return found


def ks_complement(real: Floats, drawn: Floats) -> float:
    """1 - sup |F_real - F_drawn| of two columns (B,), missing cells left out; not a number where nothing is left.

    >>> ks_complement(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 9.0]))
    0.75
    """
    a, b = (np.sort(side[~np.isnan(side)]) for side in (real, drawn))
    if not len(a) or not len(b):
        return float("nan")
    at = np.concatenate([a, b])
    below = (np.searchsorted(side, at, side="right") / len(side) for side in (a, b))
    return float(1 - np.abs(np.subtract(*below)).max())


def tv_complement(real: Floats, drawn: Floats) -> float:
    """1 - 1/2 sum |share_real - share_drawn| over the levels of two columns (B,), missing cells left out.

    >>> tv_complement(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 2.0]))
    0.75
    """
    a, b = (side[~np.isnan(side)] for side in (real, drawn))
    return _overlap(a[:, None], b[:, None]) if len(a) and len(b) else float("nan")


def contingency_similarity(real: Floats, drawn: Floats) -> float:
    """1 - 1/2 sum |share_real - share_drawn| over the pairs of levels of (B, 2); missing is a level of its own.

    >>> rows = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> contingency_similarity(rows, np.array([[0.0, 0.0], [1.0, 0.0]]))
    0.5
    """
    return _overlap(real, drawn)


def correlation_similarity(real: Floats, drawn: Floats) -> float:
    """1 - |r_real - r_drawn| / 2 of (B, 2) with Pearson's r over complete rows; not a number where a column is constant.

    >>> up = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    >>> correlation_similarity(up, up * [1, -1])
    0.0
    """
    return float(1 - abs(_correlation(real) - _correlation(drawn)) / 2)


def cut(real: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """Both columns as bins 1 to `BINS` of equal width over the real values, open at the ends, and a bin for missing cells."""
    seen = real[~np.isnan(real)]
    edges = np.histogram_bin_edges(seen if len(seen) else np.zeros(1), bins=BINS)
    edges[0], edges[-1] = -np.inf, np.inf
    a, b = (np.digitize(side, edges).astype(float) for side in (real, drawn))
    return a, b


def two_sample(real: Floats, drawn: Floats, named: Flags, seed: int = 0) -> float:
    """How well a classifier tells drawn from real rows: area under the curve, 0.5 where it cannot, 1 where it always can.

    Gradient-boosted trees on cells and their gaps, five-fold cross-validated. Lopez-Paz and Oquab 2017 (arXiv 1610.06545).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # a second of import that few modes need
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    rows = np.concatenate([real, drawn])
    for k in np.flatnonzero(named):
        rows[:, k] = frequent_levels(rows[:, k])
    side = np.repeat([0, 1], [len(real), len(drawn)])
    judge = HistGradientBoostingClassifier(categorical_features=named, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return float(cross_val_score(judge, rows, side, cv=folds, scoring="roc_auc").mean())


def frequent_levels(levels: Floats, most: int = 250) -> Floats:
    """The levels numbered from 0 by frequency; the rare ones share the last number, missing stays missing.

    >>> frequent_levels(np.array([7.0, 7.0, 3.0, np.nan]))
    array([ 0.,  0.,  1., nan])
    """
    seen = ~np.isnan(levels)
    _, index, count = np.unique(levels[seen], return_inverse=True, return_counts=True)
    rank = np.empty(len(count))
    rank[np.argsort(-count, kind="stable")] = np.arange(len(count))
    out = np.full(len(levels), np.nan)
    out[seen] = np.minimum(rank[index], most)
    return out


def quality(real: Floats, drawn: Floats, named: Flags, names: Sequence[str]) -> dict[str, Any]:
    """Errors in % of shapes and trends, the parts they are made of, and the worst pairs."""
    shape, trend = shapes(real, drawn, named, names), trends(real, drawn, named, names)
    worst = sorted((pair for pair in trend if not np.isnan(trend[pair])), key=trend.__getitem__)[:5]
    return {
        "shape_error_percent": error_percent(list(shape.values())),
        "trend_error_percent": error_percent(list(trend.values())),
        "shape_error_by_column": {name: error_percent([value]) for name, value in shape.items()},
        "worst_trends": [{"columns": list(pair), "error_percent": error_percent([trend[pair]])} for pair in worst],
    }


def error_percent(similarities: Sequence[float]) -> float | None:
    """100 (1 - mean similarity) over those that exist.

    >>> error_percent([0.9, float("nan"), 0.7])
    20.0
    """
    known = [value for value in similarities if not np.isnan(value)]
    return round(100 * (1 - float(np.mean(known))), 6) if known else None


def _correlation(pair: Floats) -> float:
    """Pearson's r of the complete rows of (B, 2)."""
    complete = pair[~np.isnan(pair).any(1)]
    if len(complete) < 2:
        return float("nan")
    a, b = (complete - complete.mean(0)).T
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float("nan")


def _overlap(real: Floats, drawn: Floats) -> float:
    """1 - total variation between the rows of two matrices, as shares of each; not-a-number equals itself."""
    code = np.zeros(len(real) + len(drawn), dtype=np.int64)
    for column in np.concatenate([real, drawn]).T:  # column by column: np.unique of whole rows is ten times slower
        levels, each = np.unique(column, return_inverse=True)
        code = np.unique(code * len(levels) + each, return_inverse=True)[1]
    a, b = (np.bincount(part, minlength=code.max() + 1) / len(part) for part in np.split(code, [len(real)]))
    return float(1 - np.abs(a - b).sum() / 2)
