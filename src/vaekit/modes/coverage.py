"""Intervals that hold as many of the true values as they say: their levels are corrected on cells that never trained."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.distributions.columns import closed_quantile
from vaekit.likelihoods.mix import GAPS
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import chunks, law_given

ASKED = np.r_[np.linspace(0.0, 0.99, 100), 0.995, 0.999, 1.0]  # levels whose correction is kept
ROWS, HIDES, SAMPLES = 1_000, 4, 8  # held-out rows asked, how often some of their cells are hidden, latents for each
ENOUGH = 200  # hidden cells of a column from which on it has a correction of its own
ASIDE, MOST_ASIDE = 2_000, 0.1  # cells of such a table that never train, and the largest share of them
WIDEST = 0.9999
LEVEL = 0.9  # of the interval of expected values
STEP = 1e-3  # below a cell, in its deviations: less than the distance between values, more than their rounding
NAME = "coverage"


def set_aside(observed: Tensor, seed: int) -> Tensor | None:
    """Flags (B, K) of some observed cells of training rows that shall not train; None for a table with few gaps.

    A row that trains is known by heart, so that its gaps look more certain than those of other rows. How much more, only
    cells of the same rows can tell.
    """
    if len(observed) == 0 or 1 - float(observed.float().mean()) < GAPS:
        return None
    share = min(MOST_ASIDE, ASIDE / max(int(observed.sum()), 1))
    return observed & torch.from_numpy(rng.numpy(seed, "set aside").random(observed.shape) < share)


def learn(fitted: Fitted, cells: Tensor, observed: Tensor, aside: Tensor | None = None) -> None:
    """Keep the nominal level that covers a share of the hidden cells of these rows, for every share in `ASKED`: (K, 103).

    A cell x is within the central interval of a level once 1 - 2 min(F(x), 1 - F(x-)) does not exceed it. The quantiles of
    these levels over hidden cells are the correction: split conformal prediction (Vovk, Gammerman and Shafer 2005; Romano,
    Patterson and Candès 2019, arXiv 1905.03222), by column, or for all columns of numbers where cells are few.

    Args:
        fitted: the model.
        cells, observed: (B, K + G), rows that never trained; or training rows, with
        aside: (B, K), the cells of them that did not.
    """
    asked = list(cases(cells, observed, aside, fitted.vae.K, ROWS, range(HIDES)))
    levels = torch.cat([_levels(fitted, rows, context) for rows, context, _ in asked])
    hide = torch.cat([hide for *_, hide in asked])
    every = levels[hide & torch.tensor([field.kind != "categorical" for field in fitted.fields])].numpy()
    if len(every):
        pooled, own = _quantiles(every), [levels[hide[:, k], k].numpy() for k in range(fitted.vae.K)]
        found = [_quantiles(each) if len(each) >= ENOUGH else pooled for each in own]
        fitted.arrays[NAME] = np.stack(found).astype(np.float32)


def cases(
    cells: Tensor, observed: Tensor, aside: Tensor | None, K: int, rows: int, turns: Collection[int]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:  # fmt: skip
    """Rows (B, K + G), what is known of them, and which of their cells (B, K) are to be told: those set aside, or in turns
    some of the observed ones of so many rows.
    """
    if aside is None:
        cells, observed = cells[:rows], observed[:rows]
        hidden = [_hide(observed[:, :K], turn) for turn in turns]
    else:
        some = aside.any(1).nonzero()[:, 0][: rows * len(turns)]
        cells, observed, hidden = cells[some], observed[some], [aside[some]]
    for hide in hidden:
        context = observed.clone()
        context[:, :K] &= ~hide
        yield cells, context, hide


def nominal(fitted: Fitted, level: float) -> float | Tensor:
    """The levels (K,) at which the model's intervals hold a share `level` of the true values; the level itself if unknown."""
    if NAME not in fitted.arrays:
        return level
    of = fitted.arrays[NAME]
    return fitted.once((NAME, level), of, lambda: torch.tensor([np.interp(level, ASKED, own) for own in of]).float())


def has_ends(fitted: Fitted, k: int) -> bool:
    """Whether column k has an interval: numbers do, names do not."""
    return fitted.fields[k].kind not in ("categorical", "binary")


def ends_at(fitted: Fitted) -> Tensor:
    """The levels (2, K) of the low and the high end of each column's interval."""

    def make() -> Tensor:
        level = torch.as_tensor(nominal(fitted, LEVEL)).double().expand(fitted.vae.K)
        return torch.stack([1 - level, 1 + level]) / 2

    return fitted.once("ends", fitted.arrays.get(NAME, fitted.arrays), make)


def told(fitted: Fitted, law: Columns, members: Sequence[list[int]]) -> Tensor | None:
    """Best value, low and high end (3, B, K) of cells under their law (1, B, K), whose parts are the laws of such columns each.

    Names have their best value alone. None where a quantile must be searched for.
    """
    ends = ends_at(fitted)[:, None]
    found = []
    for own, at, columns in zip(law.laws, law.places, members, strict=True):
        best = own.best()[None].float()
        both = closed_quantile(own, ends[..., at]) if has_ends(fitted, columns[0]) else best.expand(2, -1, -1)
        if both is None:
            return None
        found.append(torch.cat([best, both.float()]))
    return torch.cat(found, -1)[..., law.order]


def _hide(observed: Tensor, turn: int) -> Tensor:
    """Which cells (B, K) are hidden in a turn: any share of a row, or about one cell of it."""
    noise = torch.from_numpy(rng.numpy(0, "coverage", turn).random((len(observed), observed.shape[1] + 1)))
    share = noise[:, :1] if turn % 2 else torch.full((len(observed), 1), 1 / observed.shape[1])
    return observed & (noise[:, 1:] < share)


def _levels(fitted: Fitted, cells: Tensor, context: Tensor) -> Tensor:
    """The least level (B, K) that covers a cell, given those of the context."""

    def lot(at: slice) -> Tensor:
        law = law_given(fitted, cells[at], context[at], context[at], SAMPLES).pooled()
        x = cells[at, : fitted.vae.K]
        below, above = law.mixture_cdf(x), 1 - law.mixture_cdf(x - STEP)
        return (1 - 2 * torch.minimum(below, above)).clamp(0, WIDEST)

    return torch.cat(abreast(lot, chunks(len(cells), fitted.at_once)))


def _quantiles(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """The least level that covers each share of the cells, with the one cell more that a new one is."""
    ranked = np.r_[0.0, np.sort(levels), WIDEST]
    return np.asarray(ranked[np.ceil(ASKED * (len(levels) + 1)).astype(int)], dtype=float)
