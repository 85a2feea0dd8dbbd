"""What the latents do: which are in use, how much each carries, and which columns each one moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.distributions.grid import GridColumns
from vaekit.distributions.latents import independent
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import chunks
from vaekit.modes.judge import Subject, first
from vaekit.modes.units import units
from vaekit.objectives import kl

ACTIVE = 0.01  # variance over rows of the posterior mean above which a latent counts as active
WALKED_ROWS = 64
SPAN = 2.0  # standard deviations to either side
LEVELS = 32  # the most frequent levels are followed one by one, the others together


def latent_use(subject: Subject) -> dict[str, Any]:
    """Active units, the rate of each latent, and what each moves.

    A latent is active when Var_x(E_q[z|x]) > 0.01: Burda, Grosse, Salakhutdinov 2016 (arXiv 1509.00519).
    """
    fitted, asked = subject.fitted, subject.asked
    mean = posteriors(fitted, asked.cells, asked.observed).mean
    activity = mean.var(0, correction=0)
    subject.pictures["latents"] = mean.numpy()
    use: dict[str, Any] = {
        "count": fitted.vae.latents,
        "active_units": int((activity > ACTIVE).sum()),
        "activity": _plain(activity),
        "moves": moves(subject),
    }
    if fitted.has_density:
        use["kl"] = _plain(rates(fitted, asked.cells, asked.observed))
    return use


def rates(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """How much each latent says of a row, nats averaged over rows, (L,): KL(q(z|x) || p(z)) where that is a sum over latents.

    Where it is not (a mixture, a flow) and where there is no density (a plain autoencoder), the divergence from the normal law
    that has the mean and the deviation of the latent over all rows.
    """
    vae, parts = fitted.vae, []
    if vae.posterior.density and independent(
        vae.posterior_of(cells[:1], observed[:1]), vae.prior_law(cells[:1], observed[:1])
    ):
        for at in chunks(len(cells), fitted.at_once):
            law = vae.posterior_of(cells[at], observed[at])
            parts.append(kl(law, vae.prior_law(cells[at], observed[at]), law.mean[None]))
        return torch.cat(parts).mean(0)
    law = posteriors(fitted, cells, observed)
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    return kl_divergence(Normal(law.mean, law.stddev.clamp(min=1e-6)), Normal(centre, spread)).mean(0)


def posteriors(fitted: Fitted, cells: Tensor, observed: Tensor) -> Normal:
    """Means and deviations of q(z|x) of all rows, (B, L), as a normal law."""
    laws = abreast(lambda at: fitted.vae.posterior_of(cells[at], observed[at]), chunks(len(cells), fitted.at_once))
    mean, std = (torch.cat([getattr(law, name) for law in laws]) for name in ("mean", "stddev"))
    return Normal(mean, std, validate_args=False)


def moves(subject: Subject) -> list[dict[str, float]]:
    """For each latent, how far it moves each column between -2 and +2 of its standard deviations, from real rows.

    Numbers: the change of the expected value in standard deviations of the column. Names: the total variation between the
    shares of the levels. Both are averages over rows, each of which keeps its other latents; of a stream over the steps of
    each channel, of images over the pixels of each tile, black 0 and white 1.
    """
    fitted, rows = subject.fitted, first(subject.asked, WALKED_ROWS)
    start = fitted.vae.posterior_of(rows.cells, rows.observed).mean
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    told = units(fitted.layout)
    found = []
    for latent in range(fitted.vae.latents):
        z = start.repeat(2, 1, 1)
        z[0, :, latent], z[1, :, latent] = (centre[latent] + side * SPAN * spread[latent] for side in (-1, 1))
        change = _change(fitted, fitted.vae.likelihood_of(z, rows.cells, rows.observed))
        found.append({unit.name: round(float(change[list(unit.cells)].mean()), 6) for unit in told})
    return found


def _change(fitted: Fitted, law: Columns | GridColumns) -> Tensor:
    """The change of each cell (K,) between the two ends of a law of batch shape (2, B, K)."""
    named = torch.tensor([part.levels > 0 for part in fitted.fields])
    low, high = law.mean
    change = (high - low).abs()
    return torch.where(named, _variation(fitted, law), change).mean(0) if named.any() else change.mean(0)


def _variation(fitted: Fitted, law: Columns | GridColumns) -> Tensor:
    """Total variation between the level shares at both ends, (B, K); levels beyond the most frequent count as one."""
    shown = [np.argsort(-part.shares)[:LEVELS] if part.levels else np.array([0]) for part in fitted.fields]
    total, left = torch.zeros(law.batch_shape[1:]), torch.ones(law.batch_shape)
    for rank in range(max(len(levels) for levels in shown)):
        level = torch.tensor([float(levels[rank]) if rank < len(levels) else 0.0 for levels in shown])
        there = torch.tensor([rank < len(levels) for levels in shown])
        share = law.log_prob(level.expand(law.batch_shape[1:])).exp() * there
        total, left = total + (share[1] - share[0]).abs(), left - share
    return (total + (left[1] - left[0]).abs()) / 2


def _plain(numbers: Tensor) -> list[float]:
    return [round(float(number), 6) for number in numbers]
