"""The standard normal prior."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal

from vaekit.distributions.latents import place
from vaekit.distributions.mixture import NormalMixture


class StandardNormal(nn.Module):
    """p(z) = N(0, I), whatever the context.

    >>> StandardNormal(4)().log_prob(torch.zeros(4)).sum().exp().item() < 0.03
    True
    """

    learns = False
    one: Tensor

    def __init__(self, latents: int) -> None:
        super().__init__()
        self.latents = latents
        self.register_buffer("one", torch.ones(latents), persistent=False)

    def forward(self) -> Normal:
        return standard(self.one)


def standard(one: Tensor) -> Normal:
    """N(0, I) on the device and in the precision of ones (L,)."""
    return Normal(torch.zeros_like(one), one, validate_args=False)


def from_law(prior: Any, context: Distribution, empty: Tensor, temperature: float) -> Tensor:
    """Latents (B, L) given contexts: from q(z|context) itself, mu + sigma e for a normal one; from p(z) where it is empty.

    Args:
        prior: p(z), batch shape (L,), or p(z|given) of each row, (B, L).
        context: q(z|context), batch shape (B, L).
        empty: (B,) flags of rows whose context shows nothing.
        temperature: scale of the noise.
    """
    noise = torch.randn_like(context.mean) * temperature
    alone = prior.around(noise) if isinstance(prior, NormalMixture) else place(prior, noise)
    return torch.where(empty[:, None], alone, place(context, noise))
