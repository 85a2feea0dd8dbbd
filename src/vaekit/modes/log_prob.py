"""A lower bound on the log-density of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Normal

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.distributions.latents import is_normal, log_density, place
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import ask, chunks, law_of
from vaekit.modes.options import whole
from vaekit.modes.stream import per_step

WIDER = 2.0


def log_prob(fitted: Fitted, data: Any, samples: int = 64, seed: int = 0) -> NDArray[np.float64]:
    """Importance-weighted bound; see `vaekit.Model.log_prob`."""
    whole("log_prob: samples", samples, 1, hint="more samples, a tighter bound")
    asked = ask(fitted, data)
    nats = bounds(fitted, asked.cells, asked.observed, samples, seed)
    return nats if asked.at is None else per_step(asked, nats / fitted.steps)


def bounds(fitted: Fitted, cells: Tensor, observed: Tensor, samples: int, seed: int = 0) -> NDArray[np.float64]:
    """The importance-weighted bound of each row, or window, of cells (B, K + G): nats in original units, (B,)."""
    size = max(1, fitted.at_once // samples)
    lots = abreast(lambda at: _bound(fitted, cells[at], observed[at], samples, seed), chunks(len(cells), size))
    return torch.cat(lots).double().numpy() + slopes(fitted, cells, observed).sum(-1)


def slopes(fitted: Fitted, cells: Tensor, observed: Tensor) -> NDArray[np.float64]:
    """What turns log p(cell) into log p(value), (B, K): 0 where missing, and where the cell has a probability."""
    cells = cells[:, : fitted.vae.K]
    density = observed[:, : fitted.vae.K] & ~fitted.vae.likelihood.masses(cells)
    return np.where(density.numpy(), fitted.codec.log_jacobian(cells.double().numpy()), 0.0)


def _bound(fitted: Fitted, cells: Tensor, observed: Tensor, samples: int, seed: int) -> Tensor:
    """Log 1/S sum_s p(x|z_s) p(z_s) / r(z_s|x) over observed cells, (B,); Burda et al. 2016 (arXiv 1509.00519).

    The latents come from q(z|x). A posterior trained under a small rate (beta < 1) is too narrow, so that weights from q alone
    would miss much of p(x): there they come in turn from q, twice from q with its deviation doubled, and from p(z). r is the
    law that they come from, or the mixture of these. Owen and Zhou
    2000 (doi 10.1080/01621459.2000.10473909). A single latent comes from q: the evidence lower bound.
    """
    vae = fitted.vae
    posterior, prior = vae.posterior_of(cells, observed), vae.prior_law(cells, observed)
    noise = rng.table(seed, (samples, 1, vae.latents), "log_prob")
    narrow = fitted.spec["objective"].get("beta", 1.0) < 1 and is_normal(posterior) and is_normal(prior)
    if narrow:
        z, proposal = _wider(posterior, prior, noise)
    else:
        z = place(posterior, noise)
        proposal = log_density(posterior, z)
    cell = law_of(fitted, z, cells, observed).log_prob(cells[:, : vae.K])
    weight = cell.where(observed[:, : vae.K], 0.0).sum(-1) + log_density(prior, z) - proposal
    return weight.logsumexp(0) - math.log(samples)


def _wider(posterior: Any, prior: Any, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Latents (S, B, L) that come in turn from q, twice from a wider q, and from p(z); and the log-density of the mixture."""
    laws = [posterior, Normal(posterior.mean, WIDER * posterior.stddev, validate_args=False), prior]
    turns = [(0, 1, 1, 2)[s % 4] for s in range(len(noise))]
    z = torch.stack([place(laws[turn], noise[s]).expand_as(posterior.mean) for s, turn in enumerate(turns)])
    shares = [(law, turns.count(turn) / len(noise)) for turn, law in enumerate(laws) if turn in turns]
    return z, torch.stack([log_density(law, z) + math.log(share) for law, share in shares]).logsumexp(0)
