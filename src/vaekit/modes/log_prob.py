"""A lower bound on the log-density of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.modes.ask import ask, chunks
from vaekit.modes.options import whole


def log_prob(fitted: Fitted, data: Any, samples: int = 64, seed: int = 0) -> NDArray[np.float64]:
    """Importance-weighted bound; see `vaekit.Model.log_prob`."""
    whole("log_prob: samples", samples, 1, hint="more samples, a tighter bound")
    asked = ask(fitted, data)
    cells, observed, K = asked.cells, asked.observed, fitted.vae.K
    size = max(1, 4096 // samples)
    bound = torch.cat([_bound(fitted, cells[at], observed[at], samples, seed) for at in chunks(len(cells), size)])
    nats = fitted.codec.log_jacobian(cells[:, :K].double().numpy())
    return bound.double().numpy() + np.where(observed[:, :K].numpy(), nats, 0.0).sum(-1)


def _bound(fitted: Fitted, cells: torch.Tensor, observed: torch.Tensor, samples: int, seed: int) -> torch.Tensor:
    """Log 1/S sum_s p(x|z_s) p(z_s) / q(z_s|x) over observed cells, (B,); Burda et al. 2016 (arXiv 1509.00519)."""
    vae = fitted.vae
    posterior = vae.posterior_of(cells, observed)
    noise = rng.table(seed, (samples, 1, vae.latents), "log_prob")
    z = posterior.mean + posterior.stddev * noise
    cell = vae.likelihood_of(z, cells, observed).log_prob(cells[:, : vae.K])
    weight = cell.where(observed[:, : vae.K], 0.0).sum(-1)
    weight = weight + vae.prior().log_prob(z).sum(-1) - posterior.log_prob(z).sum(-1)
    return weight.logsumexp(0) - math.log(samples)
