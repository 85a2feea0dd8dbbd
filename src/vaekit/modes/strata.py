"""Each column cut into a few strata, in which rows are counted: levels, and parts between quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.codec.field import Field, Floats

PARTS, LEVELS = 16, 64  # most strata of a column of numbers, of names
FEWER, SOME = 8, 10  # the same where pairs of columns are counted
GAP = max(FEWER, SOME)  # the stratum of a gap there


class Strata:
    """Cells (B, K) and observed flags (B, K) -> the stratum of each cell, (K, B).

    A column of numbers has parts of about equally many training rows, one of names a stratum for each of its most frequent
    levels and one for the rest. The last stratum is a gap. `coarse` says which of fewer strata each of them is part of.

    Args:
        fields: the K columns.

    >>> field = Field("x", "real", quantiles=np.linspace(0, 1, 257), rows=1_000)
    >>> strata = Strata([field])
    >>> strata(torch.tensor([[0.01], [0.51], [2.0], [0.0]]), torch.tensor([[True], [True], [True], [False]])).tolist()
    [[0, 8, 15, 16]]
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.numbers = [k for k, field in enumerate(fields) if not field.levels]
        self.names = [k for k, field in enumerate(fields) if field.levels]
        self.K = len(fields)
        cuts = [_cuts(fields[k], PARTS) for k in self.numbers]
        ranks = [_ranks(fields[k], LEVELS) for k in self.names]
        parts = [len(cut) + 1 for cut in cuts] + [int(rank.max()) + 1 for rank in ranks]
        self.width = max(parts, default=0) + 1
        self.cuts = torch.full((len(cuts), max(map(len, cuts), default=0)), torch.inf)
        for row, cut in zip(self.cuts, cuts, strict=True):
            row[: len(cut)] = torch.from_numpy(cut)
        self.start = torch.tensor([0, *map(len, ranks)], dtype=torch.int32).cumsum(0, dtype=torch.int32)[:-1, None]
        self.rank = torch.from_numpy(np.concatenate([np.zeros(0, np.int32), *ranks]).astype(np.int32))
        self.coarse = self._coarse([len(cut) + 1 for cut in cuts])

    def _coarse(self, parts: list[int]) -> Tensor:
        """Of each stratum (K, width) the one of fewer strata that it belongs to; the last of those is a gap."""
        at = torch.arange(self.width, dtype=torch.int32)
        out = at.clamp(max=SOME - 1).repeat(self.K, 1)  # levels are in the order of their frequency
        for k, count in zip(self.numbers, parts, strict=True):
            out[k] = (at * min(FEWER, count) // count).clamp(max=FEWER - 1)
        out[:, -1] = GAP
        return out

    def __call__(self, cells: Tensor, observed: Tensor) -> Tensor:
        out = torch.empty(self.K, len(cells), dtype=torch.int32)
        flat = cells.T.contiguous()
        if self.numbers:
            out[self.numbers] = torch.searchsorted(self.cuts, flat[self.numbers], out_int32=True)
        if self.names:
            out[self.names] = self.rank[flat[self.names].int() + self.start]
        return torch.where(observed.T, out, self.width - 1)


def _cuts(field: Field, parts: int) -> Floats:
    """Where the parts of a column of numbers end, half-way between two values: its quantiles, spikes among them."""
    spikes = np.asarray(field.spikes, dtype=float)
    shares = np.asarray(field.shares[: len(spikes)], dtype=float)
    values = np.concatenate([field.quantiles, spikes])
    if not len(values):
        return np.zeros(0, dtype=np.float32)
    each = np.full(len(field.quantiles), max(1 - shares.sum(), 0.0) / max(len(field.quantiles), 1))
    order = np.argsort(values, kind="stable")
    below = np.concatenate([each, shares])[order].cumsum()
    at = np.searchsorted(below, below[-1] * np.arange(1, parts) / parts - 1e-9)
    ends, known = np.unique(values[order][at]), np.unique(np.concatenate([values, field.distinct]))
    after = np.searchsorted(known, ends, side="right")
    ends, after = ends[after < len(known)], after[after < len(known)]
    return np.unique(np.float32((ends + known[after]) / 2))


def _ranks(field: Field, most: int) -> NDArray[np.int32]:
    """The stratum of each level: one for each of the most frequent ones, the last one for the rest."""
    shares = np.asarray(field.shares, dtype=float)
    order = np.argsort(-shares, kind="stable") if len(shares) == field.levels else np.arange(field.levels)
    ranks = np.empty(field.levels, dtype=np.int32)
    ranks[order] = np.minimum(np.arange(field.levels), most - 1)
    return ranks
