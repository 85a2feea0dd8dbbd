"""The Kullback-Leibler divergence from prior to posterior, one number per row and latent."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from vaekit.distributions import Delta


def kl(posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """KL(q || p) per row and latent, (B, L): in closed form where torch knows one, else log q(z) - log p(z) over the draws.

    A point posterior has no density; its rate counts as zero.

    Args:
        posterior: batch shape (B, L).
        prior: batch shape (L,) or (B, L).
        z: draws from the posterior, (S, B, L).

    >>> from torch.distributions import Normal
    >>> kl(Normal(torch.ones(1, 1), 1.0), Normal(torch.zeros(1), 1.0), torch.zeros(1, 1, 1))
    tensor([[0.5000]])
    """
    if isinstance(posterior, Delta):
        return torch.zeros_like(posterior.point)
    try:
        return kl_divergence(posterior, prior)
    except NotImplementedError:
        return monte_carlo(posterior, prior, z)


def monte_carlo(posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """The average of log q(z) - log p(z) over the draws, (B, L)."""
    return (posterior.log_prob(z) - prior.log_prob(z)).mean(0)
