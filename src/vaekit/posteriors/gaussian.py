"""The diagonal Gaussian posterior of the tutorials."""

from __future__ import annotations

from torch import Tensor, nn
from torch.distributions import Normal


class Gaussian(nn.Module):
    """q(z|x) = N(mu(x), diag sigma(x)^2), z = mu + sigma * eps with eps ~ N(0, I).

    Kingma and Welling 2014 (arXiv 1312.6114). The log-variance is kept within [-14, 6].

    >>> import torch
    >>> Gaussian(16, 4)(torch.zeros(2, 16)).rsample((3,)).shape
    torch.Size([3, 2, 4])
    """

    normal = True
    density = True

    def __init__(self, features: int, latents: int) -> None:
        super().__init__()
        self.latents = latents
        self.parameters_of = nn.Linear(features, 2 * latents)

    def forward(self, features: Tensor) -> Normal:
        mu, log_variance = self.parameters_of(features).chunk(2, -1)
        return Normal(mu, (log_variance.clamp(-14, 6) / 2).exp(), validate_args=False)
