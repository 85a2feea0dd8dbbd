"""Latents that are bits."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from vaekit.distributions.discrete import Bits, within
from vaekit.spec import Positive


class Binary(nn.Module):
    """q(z|x) = prod_l p_l^z_l (1 - p_l)^(1 - z_l), z in {0, 1}^L.

    All draws are hard; their gradient is that of the binary concrete relaxation, whose temperature falls over the training.
    Where there are few states the training goes through all of them, and the gradient is exact.
    Maddison, Mnih, Teh 2017 (arXiv 1611.00712).

    Args:
        features: of the encoder.
        latents: L, bits.
        hot: the temperature at the start of a training.
        cold: the temperature at its end.
        exact: go through all states rather than draw; "auto" does where there are at most 16.

    >>> import torch
    >>> Binary(16, 8)(torch.zeros(3, 16)).sample((4,)).unique()
    tensor([0., 1.])
    """

    density, numbers = True, False
    prior = "bernoulli"

    def __init__(
        self, features: int, latents: int, *, hot: Positive = 1.0, cold: Positive = 0.5,
        exact: bool | Literal["auto"] = "auto",
    ) -> None:  # fmt: skip
        super().__init__()
        self.latents, self.hot, self.cold, self.temperature = latents, hot, cold, cold
        self.states = 2**latents
        self.exact = within(self.states, exact)
        self.parameters_of = nn.Linear(features, latents)

    def anneal(self, progress: float) -> None:
        """Set the temperature for this share of the training: geometrically from hot to cold."""
        self.temperature = self.hot * (self.cold / self.hot) ** progress

    def forward(self, features: Tensor) -> Bits:
        return Bits(self.parameters_of(features), self.temperature, exact=self.exact)
