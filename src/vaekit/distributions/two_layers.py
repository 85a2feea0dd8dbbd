"""Two layers of latents, each normal given the one above it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vaekit.distributions.joint import Joint


class TwoLayers(Joint):
    """p(z) = N(z_top; mu, sigma^2) N(z_low; mu(z_top), sigma(z_top)^2), the top latents first; event shape (L,).

        log p(z) = log p(z_top) + log p(z_low|z_top),   both in closed form

    Args:
        top: the law of the upper layer, batch shape (T,) or (B, T).
        low: the law of the lower layer given the upper one: (..., T) -> (..., L - T).
        latents: L.

    >>> law = TwoLayers(Normal(torch.zeros(1), 1.0), lambda top: Normal(3 * top, 0.1), 2)
    >>> law.log_prob(torch.zeros(5, 2)).shape, law.stddev.round(decimals=2)
    (torch.Size([5]), tensor([1., 3.]))
    """

    def __init__(self, top: Normal, low: Callable[[Tensor], Normal], latents: int) -> None:
        self.top, self.low = top, low
        super().__init__(top.batch_shape[:-1], latents, top.mean)

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (..., L) of the upper layer and of the lower one."""
        above = self.top.batch_shape[-1]
        return z[..., :above], z[..., above:]

    def place(self, noise: Tensor) -> Tensor:
        of_top, of_low = self.split(noise)
        top = self.top.mean + self.top.stddev * of_top
        low = self.low(top)
        return torch.cat([top, low.mean + low.stddev * of_low], -1)

    def log_prob(self, value: Tensor) -> Tensor:
        top, low = self.split(value)
        return self.top.log_prob(top).sum(-1) + self.low(top).log_prob(low).sum(-1)

    def rate(self, prior: TwoLayers, z: Tensor) -> Tensor:
        """KL(self || prior) per row, (B,): in closed form above, and below in closed form given the top of draws (S, B, L)."""
        top, _ = self.split(z)
        below = kl_divergence(self.low(top), prior.low(top)).sum(-1)
        return kl_divergence(self.top, prior.top).sum(-1) + below.mean(0)

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        """Exact above; below over a table of noise of the top alone: E[mu], and E[sigma^2] + var(mu)."""
        of_top, _ = self.split(self._opposite())
        low = self.low(self.top.mean + self.top.stddev * of_top)
        deviation = (low.variance.mean(0) + low.mean.var(0, correction=0)).sqrt()
        return torch.cat([self.top.mean, low.mean.mean(0)], -1), torch.cat([self.top.stddev, deviation], -1)
