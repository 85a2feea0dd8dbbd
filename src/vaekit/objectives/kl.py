"""The Kullback-Leibler divergence from prior to posterior, one number per row and latent where latents are independent."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from vaekit.distributions import Delta
from vaekit.distributions.latents import independent, log_density
from vaekit.distributions.two_layers import TwoLayers


def kl(posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """KL(q || p) per row and latent, (B, L): in closed form where torch knows one, else log q(z) - log p(z) over the draws.

    Where a law holds the latents of a row together there is one number a row, (B, 1); of two layers each is in closed form,
    given the draw above it. A point posterior has no density; its rate counts as zero.

    Args:
        posterior: batch shape (B, L), or (B,) with events (L,).
        prior: batch shape (L,) or (B, L), or none with events (L,).
        z: draws from the posterior, (S, B, L).

    >>> from torch.distributions import Normal
    >>> kl(Normal(torch.ones(1, 1), 1.0), Normal(torch.zeros(1), 1.0), torch.zeros(1, 1, 1))
    tensor([[0.5000]])
    """
    if isinstance(posterior, Delta):
        return torch.zeros_like(posterior.point)
    if isinstance(posterior, TwoLayers) and isinstance(prior, TwoLayers):
        return posterior.rate(prior, z)[..., None]
    try:
        return kl_divergence(posterior, prior)
    except NotImplementedError:
        return monte_carlo(posterior, prior, z)


def monte_carlo(posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """The average of log q(z) - log p(z) over the draws, (B, L), or (B, 1) where a law holds the latents together."""
    if independent(posterior, prior):
        return (posterior.log_prob(z) - prior.log_prob(z)).mean(0)
    return (log_density(posterior, z) - log_density(prior, z)).mean(0)[..., None]
