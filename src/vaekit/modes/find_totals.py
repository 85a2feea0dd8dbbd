"""Which numbers of a table add up, or multiply, to others in nearly every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes.totals import Number, Total, added, double

MOST = 20_000  # rows that are looked at
LEAST = 50  # rows that show all numbers: of fewer nothing is believed
EXACT = 0.995  # share of the rows that a total holds in
VARIED, VARIED_ROWS = 0.98, 20  # the same share of rows where a number is not its usual one, and how many at least
FIRST_ROWS, FEWER = 500, 0.02  # rows that are asked first, and by how much fewer a total may hold there
NEARLY = 0.9  # share of the first rows that it holds in nearly, with weights as they were found
LOOSE = 0.05  # deviations of any of its numbers that a total may be off by rounding
TRIES = 8  # samples of rows that are looked at, since some hold one of the few rows in which nothing adds up
# twice as many where few rows show all numbers: each bears as many columns as enough rows of so many show
TRIES_GAPS, FEW_ROWS = 100, 4_000
SPARE = 30  # rows of a sample beyond two of each number
FAILED = 100  # candidates that do not hold, after which what else nearly adds up is left alone
# deviations by which numbers that add up miss it: exactly first, then as they were rounded
NULL = (1e-6, 3e-5, 2e-3, 1e-2)
# deviations that a number takes part with: what takes part with less would be noise of other totals, but for the last ones
SEEN, SEEN_LAST = 1e-3, 1e-5
TERMS_MOST = 32
HUGE = 1e150  # whose square is no number, and one over it is none but 0
PARTS = 32  # of the rows, of which one says how far values lie apart
HARDLY = 1e-9  # the share of a deviation that counts else
NONE, FIRST, ALL = "none", "first", "all"  # which numbers of a total were rounded to their decimals
HEADS = 8  # numbers of a total that are tried as the one that was rounded, or weighs 1
DIGITS = (1, 2, 3, 4, 6, 15)
PLAIN = 0.02  # share by which a weight may be told otherwise than it was found

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


class Numbers(NamedTuple):
    """The numbers of rows, (N, M): their columns, values where they are `shown`, and what is summed: these or the logarithms of
    their sizes, not a number where there is none.
    """

    columns: list[int]
    of: list[Number]
    values: Floats
    shown: Flags
    scale: Floats
    logs: bool


def learned(fields: Sequence[Field], rows: Rows) -> list[Total]:
    """The totals that rows (B, K) follow, but for few exceptions; each holds up to how its numbers were rounded.

    Numbers that add up have a combination that does not vary: the null space of small samples of standardised rows, reduced to
    echelon form so that each total speaks of few columns. A candidate has to hold in the rows at large. The same of logarithms
    finds products and ratios. Conformance constraints without noise: Fariha et al. 2021 (doi 10.1145/3448016.3452795).

    The first number of each follows from the others; no later total speaks of the first number of an earlier one.
    """
    found: list[Total] = []
    may = {logs: _may(_numbers(fields, rows, logs, set())) for logs in (False, True)}
    for logs, null, seen in [*product((False, True), NULL, [SEEN]), (False, NULL[0], SEEN_LAST)]:
        numbers = _numbers(fields, rows, logs, {total.on[0] for total in found}) if may[logs] else None
        found += [] if numbers is None else _totals(numbers, null, seen)
    return found


def _may(numbers: Numbers | None) -> bool:
    """Whether anything adds up in any sample of rows, nearly at least."""
    if numbers is None:
        return False
    free = np.ones(len(numbers.columns), dtype=bool)
    return any(_least(numbers.scale[np.ix_(row, at)]) < NULL[-1] for row, at in _samples(numbers, free))


def _numbers(fields: Sequence[Field], rows: Rows, logs: bool, follow: set[int]) -> Numbers | None:
    """Rows in no order, of columns that mostly show a number and do not follow from others; None where there are too few."""
    columns = [k for k, field in enumerate(fields) if not field.levels and k not in follow]
    some = rng.numpy(0, "rows of totals").permutation(len(rows))[:MOST]
    if len(columns) < 2 or len(some) < LEAST:
        return None
    of = [Number(fields[k]) for k in columns]
    cells, shown = rows.cells[some][:, columns], rows.observed[some][:, columns].numpy()
    values = np.stack([own.values(cells[:, m]).numpy() for m, own in enumerate(of)], 1)
    there = shown & ((values != 0) | (not logs))
    most = np.abs(values).max(0, initial=0, where=there)
    at = ((there.mean(0) > 0.5) & (most < HUGE) & (most > 1 / HUGE)).nonzero()[0]
    if len(at) < 2:
        return None
    values, shown, there = values[:, at], shown[:, at], there[:, at]
    scale = np.full(values.shape, np.nan)
    scale[there] = np.log(np.abs(values[there])) if logs else values[there]
    return Numbers([columns[k] for k in at], [of[k] for k in at], values, shown, scale, logs)


def _totals(numbers: Numbers, null: float, seen: float) -> list[Total]:
    """Samples are asked one after the other, each without what follows by then: some hold a row in which nothing adds up."""
    room, found = _room(numbers.scale), list[Total]()
    free = np.ones(len(numbers.columns), dtype=bool)
    failed: Counter[bytes] = Counter()
    for row, at in _samples(numbers, free):
        some = numbers.scale[np.ix_(row, at)]
        for weight in list(_null(some, at, room, null, seen)):
            on = weight.nonzero()[0]
            if failed.total() >= FAILED:
                return found
            if not free[on].all() or failed[on.tobytes()] > 1:
                continue
            if (total := _held(numbers, row, weight)) is None:
                failed[on.tobytes()] += 1
            else:
                free[total.on[0]] = False
                found.append(_finest_first(numbers, total))
    return found


def _samples(numbers: Numbers, free: Flags) -> Iterator[tuple[Places, Places]]:
    """Some rows, and columns that all of them show: those that are `free` by then, or as many of these as enough rows show.

    Where these are few, each column is joined by those that it hangs together with most; and then by any others.
    """
    noise, there = rng.numpy(0, "totals"), ~np.isnan(numbers.scale)
    whole = np.flatnonzero(there.all(1))
    if len(whole) >= max(LEAST, 2 * len(free) + SPARE):
        for _ in range(TRIES):
            at = free.nonzero()[0]
            yield _varied_in(numbers, noise.permutation(whole)[: 2 * len(at) + SPARE], at)
        return
    unit = np.where(there, numbers.scale - np.nanmean(numbers.scale, 0), 0.0) / np.nanstd(numbers.scale, 0)
    near, columns = np.abs(unit.T @ unit), np.ascontiguousarray(there.T)
    seeds = noise.permutation(len(free))[:TRIES_GAPS]
    for order in [*np.argsort(-near[seeds], axis=1), *(noise.permutation(len(free)) for _ in range(TRIES_GAPS))]:
        row, taken = noise.permutation(len(there))[:FEW_ROWS], list[int]()
        for k in order[free[order]].tolist():
            shows = row[columns[k, row]]
            if len(shows) >= max(LEAST, 2 * (len(taken) + 1) + SPARE):
                row = shows
                taken.append(k)
        at = np.sort(np.array(taken, dtype=np.int64))
        yield _varied_in(numbers, row[: 2 * len(at) + SPARE], at)


def _varied_in(numbers: Numbers, row: Places, at: Places) -> tuple[Places, Places]:
    """Rows, and those of some columns that vary among them."""
    return row, at[np.ptp(numbers.scale[np.ix_(row, at)], axis=0) > 0] if len(at) else at


def _room(scale: Floats) -> Floats:
    """How far the values of each number (N, M) lie apart: what a part of the rows takes, (M,)."""
    quantiles = np.nanquantile(scale, np.linspace(0, 1, PARTS + 1), axis=0)
    room: Floats = np.median(np.diff(quantiles, axis=0), axis=0)
    return room + HARDLY * np.nanstd(scale, axis=0)


def _centred(some: Floats) -> tuple[Floats, Floats]:
    """Rows (S, at) around their mean, and how far they deviate, (at,)."""
    centred = some - some.mean(0)
    return centred, np.sqrt(np.square(centred).mean(0))


def _least(some: Floats) -> float:
    """How far that combination of rows (S, at) deviates that varies least, its weights of size 1 in deviations."""
    if some.shape[1] < 2 or len(some) <= some.shape[1]:
        return np.inf
    centred, unit = _centred(some)
    return float(np.linalg.svd(centred / unit, compute_uv=False)[-1] / np.sqrt(len(some)))


def _null(some: Floats, at: Places, room: Floats, least: float, seen: float) -> Iterator[Floats]:
    """Weights (M,) of what sums to the same in all of some rows (S, at), each with a number of its own.

    Those have most room: what follows from others does not come to lie where many rows share a value.
    """
    if len(at) < 2 or len(some) <= len(at):
        return
    centred, unit = _centred(some)
    _, size, across = np.linalg.svd(centred / unit, full_matrices=False)
    null = across[size / np.sqrt(len(some)) < least]
    row = 0
    for k in np.argsort(-room[at], kind="stable"):  # Gauss and Jordan
        if row == len(null):
            break
        best = row + int(np.abs(null[row:, k]).argmax())
        if abs(null[best, k]) < 0.02:
            continue
        null[[row, best]] = null[[best, row]]
        null[row] /= null[row, k]
        others = np.arange(len(null)) != row
        null[others] -= null[others, k][:, None] * null[row]
        row += 1
    for own in null:
        shown = np.abs(own) > seen * np.abs(own).max()
        if 2 <= shown.sum() <= TERMS_MOST:
            yield np.bincount(at[shown], (own / unit)[shown], len(room)).astype(float)


def _held(numbers: Numbers, row: Places, weight: Floats) -> Total | None:
    """The total of numbers with such weights (M,) that holds in the rows at large, as plain as may be; None where none does."""
    at = weight.nonzero()[0]
    at = at[np.argsort(-np.abs(weight[at]) * _room(numbers.scale[:, at]), kind="stable")]
    some = numbers.scale[np.ix_(row, at)]
    centred = some - some.mean(0)
    weights = np.r_[1.0, -np.linalg.lstsq(centred[:, 1:], centred[:, 0], rcond=None)[0]]
    orders = [[k, *(j for j in range(len(at)) if j != k)] for k in range(min(len(at), HEADS))]
    heads = [(at[own], weights[own] / weights[own[0]]) for own in orders]
    words = list(_worded(numbers, *heads[0], ALL))  # the last as they were found
    if not words or _holds(numbers, words[-1], FIRST_ROWS)[2].mean() < NEARLY:
        return None
    if not any(_slack(numbers, total, loose=True) is not None for total in words):
        return None
    held = [total for own in heads for total in _worded(numbers, *own, NONE) if _slack(numbers, total) is not None]
    if held:
        return min(held, key=_digits)
    for rounded, some_heads in ((FIRST, heads), (ALL, heads[:1])):
        told = (total for own in some_heads for total in _worded(numbers, *own, rounded))
        slack = {off: total for total in told if (off := _slack(numbers, total)) is not None}
        if slack:
            return slack[min(slack)]
    return None


def _finest_first(numbers: Numbers, total: Total) -> Total:
    """Its columns, the first and then those of the finest decimals, which can make up for the others."""
    size = np.exp(np.nanmedian(numbers.scale[:, total.on], axis=0)) if numbers.logs else np.ones(len(total.on))
    steps = total.weight.abs().numpy() * [float(numbers.of[k].step) for k in total.on] / size
    order = [0, *(1 + np.argsort(steps[1:], kind="stable"))]
    on = [numbers.columns[total.on[m]] for m in order]
    return total._replace(on=on, weight=total.weight[order], rounded=total.rounded[order])


def _digits(total: Total) -> int:
    return sum(len(f"{abs(number):.15g}") for number in (*total.weight.tolist(), float(total.rest)))


def _worded(numbers: Numbers, at: Places, weights: Floats, rounded: str) -> Iterator[Total]:
    """Totals of such weights, the plainest first; powers are whole numbers or halves."""
    flags = torch.tensor([rounded == ALL or (rounded == FIRST and j == 0) for j in range(len(at))])
    words: list[Floats] = (
        [np.round(2 * weights) / 2] if numbers.logs else [_plain(weights, digits) for digits in DIGITS]
    )
    for own in words:
        if (np.abs(own - weights) < PLAIN * np.abs(weights)).all():
            middle = float(np.nanmedian(numbers.scale[:, at] @ own))
            for rest in (0.0, float(_plain(np.array([middle]), 4)[0]), middle):
                yield Total(at.tolist(), torch.from_numpy(own), double(rest), numbers.logs, flags)


def _plain(numbers: Floats, digits: int) -> Floats:
    """Numbers at a few digits.

    >>> _plain(np.array([0.99996, 0.18998, 2.0003e-9]), 3).tolist()
    [1.0, 0.19, 2e-09]
    """
    return np.array([float(f"{number:.{digits}g}") for number in numbers])


def _slack(numbers: Numbers, total: Total, *, loose: bool = False) -> float | None:
    """By how many deviations of a number the total may be off; None where it does not hold, or, unless `loose`, says little.

    It holds in nearly all rows, and in those where a number is not its usual one.
    """
    for rows, least in ((FIRST_ROWS, EXACT - FEWER), (MOST, EXACT)):
        values, share, holds = _holds(numbers, total, rows)
        if len(holds) < LEAST or holds.mean() < least:
            return None
    if not (loose or share <= LOOSE) or not all(_varied(own, holds) for own in values.T):
        return None
    return share


def _holds(numbers: Numbers, total: Total, rows: int) -> tuple[Tensor, float, Flags]:
    """Values (B, m) of the first rows that show what a total sums, by how many deviations they may be off, where they hold."""
    row = np.flatnonzero(numbers.shown[:, total.on].all(1))[:rows]
    values = torch.from_numpy(numbers.values[row][:, total.on])
    noise = torch.stack([numbers.of[k].noise(values[:, m], total.rounded[m]) for m, k in enumerate(total.on)], 1)
    terms, slack, broken = added(total, values, noise)
    there = terms.isfinite().all(1)
    share = slack[there].median() / terms[there].std(0).min() if there.any() else torch.inf
    return values, float(share), ~broken.numpy()


def _varied(values: Tensor, holds: NDArray[np.bool_]) -> bool:
    apart = (values != values.mode().values).numpy()
    return bool(apart.sum() >= VARIED_ROWS and holds[apart].mean() >= VARIED)
