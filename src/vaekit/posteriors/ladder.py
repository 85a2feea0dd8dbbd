"""Two layers of latents: a posterior from the top down, that meets its prior on the way."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from vaekit.distributions.two_layers import TwoLayers
from vaekit.errors import SpecError
from vaekit.spec import AtLeastOne


class Ladder(nn.Module):
    """q(z|x) = q(z_top|x) q(z_low|x, z_top), the latter what the encoder and the prior p(z_low|z_top) say together.

        1/sigma_q^2 = 1/sigma(x)^2 + 1/sigma(z_top)^2,   mu_q = sigma_q^2 (mu(x)/sigma(x)^2 + mu(z_top)/sigma(z_top)^2)

    The nets that carry z_top down are shared with the prior `ladder`. The top latents come first.
    Sønderby et al. 2016 (arXiv 1602.02282).

    Args:
        features: of the encoder.
        latents: L.
        top: how many of the latents form the upper layer; about a quarter when None.
        width: of the hidden layers, up to z_top and down from it.

    >>> law = Ladder(16, 4)(torch.zeros(2, 16))
    >>> law.rsample((3,)).shape, law.log_prob(law.rsample((3,))).shape
    (torch.Size([3, 2, 4]), torch.Size([3, 2]))
    """

    normal = False
    density = True
    prior = "ladder"

    def __init__(self, features: int, latents: int, *, top: AtLeastOne | None = None, width: AtLeastOne = 64) -> None:
        super().__init__()
        self.latents, self.top = latents, max(1, round(latents / 4)) if top is None else top
        if self.top >= latents:
            raise SpecError(
                f"posterior 'ladder': {self.top} of {latents} latents form its upper layer, none is left for the lower one",
                hint=f"latent={self.top + 1} or more",
            )
        below = latents - self.top
        self.parameters_of = nn.Linear(features, 2 * below)
        self.up = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, 2 * self.top))
        self.down = nn.Sequential(nn.Linear(self.top, width), nn.SiLU(), nn.Linear(width, 2 * below))

    def forward(self, features: Tensor) -> TwoLayers:
        return TwoLayers(
            _normal(self.up(features)), partial(self._met, _normal(self.parameters_of(features))), self.latents
        )

    def alone(self) -> TwoLayers:
        """p(z) = N(z_top; 0, I) p(z_low|z_top), of no row."""
        zero = self.parameters_of.weight.new_zeros(self.top)
        return TwoLayers(Normal(zero, torch.ones_like(zero), validate_args=False), self.below, self.latents)

    def below(self, top: Tensor) -> Normal:
        """p(z_low|z_top) of latents (..., T)."""
        return _normal(self.down(top))

    def _met(self, seen: Normal, top: Tensor) -> Normal:
        """q(z_low|x, z_top): what the encoder saw (B, M) and what the top (..., T) says, each weighed by its precision."""
        expected = self.below(top)
        share = expected.variance / (expected.variance + seen.variance)  # how far to follow the encoder
        return Normal(torch.lerp(expected.mean, seen.mean, share), seen.stddev * share.sqrt(), validate_args=False)


def _normal(parameters: Tensor) -> Normal:
    """The normal laws of means and log-variances, side by side in the last dimension."""
    mu, log_variance = parameters.chunk(2, -1)
    return Normal(mu, (log_variance.clamp(-14, 6) / 2).exp(), validate_args=False)
