"""The shares of training rows in strata of columns and of pairs: what new rows lack is preferred, as they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes.alike import alike
from vaekit.modes.strata import GAP, Strata
from vaekit.vae import shared

ONES, PAIRS, BOTH = "balance.ones", "balance.pairs", "balance.both"  # names of what a file keeps
MOST = 300  # pairs that are counted: those of columns that depend on one another most
SAME = 500  # rows of a table of conditions have to be under one, so that passes of few rows do not cost too much
MANY = 65  # fewer rows under a condition lack nothing yet when the last one is chosen
LEAST = 5  # fewer training rows in a stratum of a pair are none
LOOK = 4_000  # rows that tell which columns depend on one another
PATIENT = (2.0, 0.5)  # rows over which a lack is made up for, of each stratum of a column and of a pair
REACH = 2.0  # nats by which all pairs together may prefer a row
QUICKLY = 0.2  # how fast the chance of rows is set so that as many are kept as without preferences


class Balance:
    """The shares of training rows in the strata of columns and of pairs of columns, and where rows count among them.

    Args:
        fields: the K columns.
        arrays: what `learned` found.
    """

    def __init__(self, fields: Sequence[Field], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.strata = Strata(fields)
        self.first, self.second = torch.from_numpy(arrays[PAIRS]).long()
        ones, both = (torch.from_numpy(arrays[name]).flatten() for name in (ONES, BOTH))
        share = torch.cat([ones, both])
        self.share, self.known = share.nan_to_num(0.0), ~share.isnan()
        strata = [int((part > 0).sum()) for part in (ones, both)]
        patience = torch.cat([torch.full_like(part, each * max(count, 1)) for part, each, count in
                              zip((ones, both), PATIENT, strata, strict=True)])  # fmt: skip
        self.rows = torch.where(self.known, self.share * patience + 1, torch.inf)
        self.start = torch.arange(self.strata.K, dtype=torch.int32)[:, None] * self.strata.width
        pairs = torch.arange(len(self.first), dtype=torch.int32)[:, None]
        self.start_of_pairs = len(ones) + pairs * (GAP + 1) ** 2

    def places(self, cells: Tensor, observed: Tensor) -> Tensor:
        """Where rows count, (K + P, B): the numbers of their strata, then of those of the pairs."""
        ones = self.strata(cells, observed) + self.start
        coarse = self.strata.coarse.flatten()[ones]
        both = coarse[self.first] * (GAP + 1) + coarse[self.second] + self.start_of_pairs
        return torch.cat([ones, both])


class Tally:
    """The rows drawn so far, and which are to be preferred next.

        log preference(row) = sum_s (rows that s lacks) / (rows expected in s while a lack is made up for)

    over the strata s of the row. The lacks are those of this draw, so a row by itself has the model's law, corrected where that
    is not what training rows show; together rows have the shares of training rows more closely than as many independent ones.
    Balanced sampling: Deville and Tillé 2004 (doi 10.1093/biomet/91.4.893); as a walk that balances itself Alweiss, Liu and
    Sawhney 2021 (arXiv 2006.14009).
    """

    def __init__(self, balance: Balance) -> None:
        self.balance, self.total = balance, 0
        self.counts, self.usual = torch.zeros_like(balance.share), 1.0

    def choose(self, places: Tensor, ratio: Tensor, most: float, *, count: bool) -> tuple[Tensor, Tensor]:
        """Of E rows from the same latents the one to choose (B,), and whether it is kept (B,).

        Args:
            places: where the rows count, (K + P, E, B).
            ratio: log r of the rows (E, B).
            most: the mean of r over E rows from which on one of them is kept for certain.
            count: whether rows that are kept stay.
        """
        weight = (ratio + self.preference(places)).exp()
        # of E events the first to come, each in proportion to its rate
        wait = torch.empty_like(weight).exponential_() / weight
        pick, mean = wait.argmin(0), weight.mean(0)
        chance = (mean / (most * self.usual)).clamp(max=1)
        without = (ratio.exp().mean(0) / most).clamp(max=1).mean()
        self.usual *= float(chance.mean() / without) ** QUICKLY
        kept = torch.rand(len(mean)) < chance
        if count:
            row = kept.nonzero()[:, 0]
            self._add(places[:, pick[row], row])
        return pick, kept

    def preference(self, places: Tensor) -> Tensor:
        """Nats (...) by which to prefer rows with so many places (K + P, ...)."""
        lack = ((self.total * self.balance.share - self.counts) / self.balance.rows).clamp(-1, 1)
        each, K = lack.index_select(0, places.flatten()).view(places.shape), self.balance.strata.K
        return each[:K].sum(0) + REACH * torch.tanh(each[K:].sum(0) / REACH)

    def _add(self, places: Tensor) -> None:
        self.counts += torch.bincount(places.flatten(), minlength=len(self.counts))
        self.total += places.shape[1]


def together(fitted: Fitted, cells: Tensor, context: Tensor) -> list[Any]:
    """Which of the rows (B, K) are balanced together: those under one condition where they are `SAME`, then all others."""
    every = [slice(None)]
    if ONES not in fitted.arrays or len(cells) < SAME or shared(cells, context):
        return every
    _, which, count = cells.where(context, torch.inf).unique(dim=0, return_inverse=True, return_counts=True)
    parts = [(which == i).nonzero()[:, 0] for i in (count >= SAME).nonzero()[:, 0].tolist()]
    rest = (count[which] < SAME).nonzero()[:, 0]
    return [*parts, *([rest] if len(rest) else [])] if parts else every


def balance_of(fitted: Fitted, cells: Tensor, context: Tensor) -> Balance | None:
    """What rows with such cells in the context, (B, K) each, are balanced by; None where nothing is known of them.

    Of rows under no condition the file tells; those that share one are told of by the kept rows that are like it.
    """
    if ONES not in fitted.arrays:
        return None
    if not context.any():
        return fitted.once("balance", fitted.arrays[ONES], lambda: Balance(fitted.fields, fitted.arrays))
    if len(cells) < MANY or not shared(cells, context):
        return None
    condition = tuple(cells[0].where(context[0], torch.inf).tolist())
    return fitted.once("balance given", condition, lambda: _counted(fitted, alike(fitted, cells[0], context[0])))


def _counted(fitted: Fitted, rows: Rows | None) -> Balance | None:
    return None if rows is None else Balance(fitted.fields, learned(fitted.fields, rows))


def learned(fields: Sequence[Field], rows: Rows) -> dict[str, NDArray[Any]]:
    """The shares of rows (B, K) in the strata of columns (K, strata) and of pairs (P, strata squared); the pairs (2, P).

    Of pairs, strata in which neither some rows are nor would be if columns were independent are not a number: few rows say
    nothing of them, and they shall say nothing of few rows.
    """
    strata = Strata(fields)
    at = strata(rows.cells, rows.observed)
    ones = torch.stack([torch.bincount(row, minlength=strata.width) for row in at]).double() / max(len(rows), 1)
    coarse = strata.coarse.gather(1, at.long())
    pairs = _pairs(coarse[:, :LOOK])
    few = torch.zeros(strata.K, GAP + 1, dtype=torch.float64).scatter_add_(1, strata.coarse.long(), ones)
    both = torch.zeros(pairs.shape[1], (GAP + 1) ** 2, dtype=torch.float64)
    for counts, (i, j) in zip(both, pairs.T.tolist(), strict=True):
        counts += torch.bincount(coarse[i] * (GAP + 1) + coarse[j], minlength=len(counts))
    both = torch.where(both < LEAST, 0.0, both / max(len(rows), 1))
    expected = (few[pairs[0], :, None] * few[pairs[1], None, :]).flatten(1) * len(rows)
    both = torch.where((both == 0) & (expected < LEAST), torch.nan, both)
    return {ONES: ones.float().numpy(), PAIRS: pairs.numpy(), BOTH: both.float().numpy()}


def _pairs(coarse: Tensor) -> Tensor:
    """The pairs (2, P) of the columns (K, B) that depend on one another most, by the sum of |p(a, b) - p(a) p(b)|."""
    K, count = coarse.shape
    first, second = torch.triu_indices(K, K, 1)
    if len(first) <= MOST:
        return torch.stack([first, second])
    flags = torch.nn.functional.one_hot(coarse.long(), GAP + 1).float().transpose(1, 2).flatten(0, 1)  # (K strata, B)
    alone, found = flags.mean(1), torch.empty(K, K)
    for k in range(K):
        own = slice(k * (GAP + 1), (k + 1) * (GAP + 1))
        apart = flags[own] @ flags.T / count - alone[own, None] * alone
        found[k] = apart.abs().sum(0).unflatten(0, (K, -1)).sum(1)
    best = found[first, second].argsort(descending=True, stable=True)[:MOST].sort().values
    return torch.stack([first[best], second[best]])
