"""What to expect of several columns of few rows, likelihood by likelihood rather than column by column."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.distributions.columns import quantile
from vaekit.likelihoods.merge import for_few
from vaekit.likelihoods.narrow import of_pairs
from vaekit.modes.ask import Asked, latents
from vaekit.modes.coverage import ends_at, has_ends
from vaekit.modes.leave_out import LeftOut, blocks_of, owners

# Reasons, times columns: for so many a likelihood serves all of its columns, though each row asks about one.
FEW = 2**12


def few(fitted: Fitted, asked: Asked, which: Tensor, left_out: LeftOut | None) -> Tensor:
    """Best value, low and high end (3, B, K) of the columns that `which` (B, R) names of each row, -1 for none; 0 elsewhere.

    Given the other columns of the row, or those outside its block where blocks were left out. One pass through the net for
    all of them, and through each likelihood one.
    """
    if left_out is not None and left_out.told is not None:
        return left_out.told
    out = torch.zeros(3, len(which), fitted.vae.K)
    rows, columns = (which >= 0).nonzero(as_tuple=True)[0], which[which >= 0]
    if not len(rows):
        return out
    features, ends = _features(fitted, asked, rows, columns, left_out), ends_at(fitted)
    likelihood = for_few(fitted.vae.likelihood, fitted.prepared)
    for part, members in zip(likelihood.parts, likelihood.members, strict=True):
        place = torch.full((fitted.vae.K,), -1)
        place[members] = torch.arange(len(members))
        own = (place[columns] >= 0).nonzero()[:, 0]
        if len(own):
            law = of_pairs(part, features[own], place[columns[own]].tolist())
            out[:, rows[own], columns[own]] = _told(
                law, [end[columns[own]] for end in ends], has_ends(fitted, members[0])
            )
    return out


def _told(law: Any, ends: list[Tensor], has: bool) -> Tensor:
    """Best value, low and high end of a law of N cells, batch shape (1, 1, N): (3, N)."""
    best = law.best()[0].float()
    if not has:
        return best.expand(3, -1)
    return torch.stack([best, *(quantile(law, end)[0].float() for end in ends)])


def _features(fitted: Fitted, asked: Asked, rows: Tensor, columns: Tensor, left_out: LeftOut | None) -> Tensor:
    """The decoder's features (N, F) of some rows, each without a column of its own, or without that column's block."""
    if left_out is not None:
        return left_out.of(owners(blocks_of(fitted))[columns], rows)[0]
    cells, observed = asked.cells[rows], asked.observed[rows]
    context = observed.clone()
    context[torch.arange(len(rows)), columns] = False
    return fitted.vae.decoded(latents(fitted, cells, context), cells, observed)[0]
