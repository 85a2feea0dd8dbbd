"""The posterior of a plain autoencoder: one point."""

from __future__ import annotations

from torch import Tensor, nn

from vaekit.distributions import Delta


class Point(nn.Module):
    """q(z|x) puts all mass at mu(x): no rate, no density of x, reconstruction alone.

    >>> import torch
    >>> Point(16, 4)(torch.zeros(2, 16)).mean.shape
    torch.Size([2, 4])
    """

    normal = True
    density = False

    def __init__(self, features: int, latents: int) -> None:
        super().__init__()
        self.latents = latents
        self.parameters_of = nn.Linear(features, latents)

    def forward(self, features: Tensor) -> Delta:
        return Delta(self.parameters_of(features))
