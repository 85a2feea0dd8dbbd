"""Latents of rows with gaps, drawn anew the more often the better they explain the cells that are known.

q(z | known cells) is one pass of an encoder that has to serve any pattern of gaps, and wider than p(z | known cells). Draws of
it that make the known cells likely say more of the missing ones; how much more depends on the table, and held-out rows tell.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.modes import coverage
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import chunks, latents, law_of

NAME = "trust"  # how much the known cells weigh, in the model
ASKED = (0.0, 0.5, 1.0)  # among which it is chosen
ROWS, TURNS, SAMPLES = 200, (1, 3), 16  # held-out rows, how their cells are hidden, draws of the latents
LOT = 256  # rows that pass together
MOST = 100.0  # squared deviations that one cell counts for


def law(fitted: Fitted, cells: Tensor, known: Tensor, samples: int, seed: int = 0) -> Columns:
    """p(cell | known cells) as a mixture over latents, batch shape (S, B, K): of q(z | known cells), or those of its draws that
    explain the known cells.

    Args:
        fitted: the model of a table.
        cells, known: (B, K + G).
        samples: latents of rows where the known cells have no weight; else there are `SAMPLES`.
        seed: of the noise.
    """
    power = float(fitted.arrays[NAME][0]) if NAME in fitted.arrays else 0.0
    if not power:
        return law_of(fitted, latents(fitted, cells, known, samples, seed), cells, known)  # type: ignore[return-value]
    return weighed(fitted, cells, known, power, seed)


def weighed(fitted: Fitted, cells: Tensor, known: Tensor, power: float, seed: int = 0) -> Columns:
    """The mixture over latents of q(z | known cells) that were drawn anew in proportion to p(known cells | z) ** power.

    Importance resampling (Rubin 1987, The calculation of posterior distributions by data augmentation: comment; for gaps Mattei
    and Frellsen 2019, arXiv 1812.02633), tempered, and without the ratio p(z) / q(z | known cells), whose spread would leave
    few draws: q is close to the prior of the trained latents where little is known.
    """
    K, z = fitted.layout.K, latents(fitted, cells, known, SAMPLES, seed)
    explained = law_of(fitted, z, cells, known).log_prob(cells[:, :K]).where(known[:, :K], 0.0).sum(-1)
    again = systematic((power * explained).softmax(0), SAMPLES)
    chosen = z.gather(0, again[..., None].expand(-1, -1, z.shape[-1]))
    return law_of(fitted, chosen, cells, known)  # type: ignore[return-value]


def systematic(weights: Tensor, count: int) -> Tensor:
    """Which of S draws are taken, (count, B), each as often as its share of the weights (S, B) says, but for rounding.

    Kitagawa 1996 (doi 10.1080/10618600.1996.10474692), with the middle of each step in the place of a random offset.

    >>> systematic(torch.tensor([[0.5], [0.0], [0.5]]), 4).T
    tensor([[0, 0, 2, 2]])
    """
    steps = (torch.arange(count, dtype=weights.dtype) + 0.5) / count
    total = weights.cumsum(0).T.contiguous()
    return torch.searchsorted(total, steps.expand(len(total), -1).contiguous()).T.clamp(max=len(weights) - 1)


def learn(fitted: Fitted, cells: Tensor, observed: Tensor, aside: Tensor | None = None) -> None:
    """Keep in the model how much known cells weigh: what fills hidden cells of rows that never trained best.

    Args:
        fitted: the model of a table.
        cells, observed: (B, K + G), rows that never trained; or training rows, with
        aside: (B, K), the cells of them that did not.
    """
    K = fitted.layout.K
    wrong = np.zeros(len(ASKED))
    for rows, context, hide in coverage.cases(cells, observed, aside, K, ROWS, TURNS):
        wrong += [_wrong(fitted, rows, context, hide, power) for power in ASKED]
    fitted.arrays[NAME] = np.array([ASKED[int(wrong.argmin())]])


def _wrong(fitted: Fitted, cells: Tensor, known: Tensor, hide: Tensor, power: float) -> float:
    """Squared errors of the hidden numbers and wrong names among hidden ones, in all."""
    x = cells[:, : fitted.layout.K]
    lots = abreast(lambda at: weighed(fitted, cells[at], known[at], power).best(), chunks(len(cells), LOT))
    error, named = torch.cat(lots) - x, torch.tensor([field.levels > 0 for field in fitted.fields])
    return float(torch.where(named, (error != 0).to(x.dtype), error.square().clamp(max=MOST))[hide].double().sum())
