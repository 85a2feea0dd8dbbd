"""A mixture of normal laws over the latents of a row, in as few numbers as its density needs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Categorical, Distribution


class NormalMixture(Distribution):
    """p(z) = sum_c w_c N(z; mu_c, diag sigma_c^2), event shape (L,); or with whole covariances, where there are slopes.

        log N(z; mu, sigma) = -1/2 (z^2 . 1/sigma^2 - 2 z . mu/sigma^2 + const),   two matrix products for all components

    so that 500 components of 1,000 latents cost one table (1000, 500), not (1000, 500, L). Where components are narrow the
    terms are far larger than their sum, hence they are added in double precision.

    Slopes T say how much a latent follows those before it, of which no covariance can fail to be one (Pourahmadi 1999,
    Biometrika 86(3)): (I + T_c) (z - mu_c) = sigma_c e, e ~ N(0, I).

    Args:
        logits: (C,), log w_c up to a constant.
        loc: (C, L).
        scale: (C, L).
        slopes: (C, L, L), zeros on the diagonal and above; None for diagonal covariances.

    >>> law = NormalMixture(torch.zeros(2), torch.tensor([[-1.0], [1.0]]), torch.ones(2, 1))
    >>> law.log_prob(torch.zeros(3, 1)).shape, law.responsibilities(torch.tensor([[9.0]])).argmax(-1)
    (torch.Size([3]), tensor([1]))
    """

    arg_constraints: dict[str, Any] = {}

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor, slopes: Tensor | None = None) -> None:
        self.logits, self.loc, self.scale = logits.log_softmax(-1), loc, scale
        self.turns = None if slopes is None else slopes + torch.eye(loc.shape[-1]).to(slopes)  # I + T
        super().__init__(event_shape=loc.shape[-1:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.logits.exp() @ self.loc

    @property
    def variance(self) -> Tensor:
        own = self.scale.square() if self.turns is None else self._turned(torch.diag_embed(self.scale)).square().sum(-1)
        return self.logits.exp() @ (own + (self.loc - self.mean).square())

    def joint(self, z: Tensor) -> Tensor:
        """Log w_c + log N(z; mu_c, sigma_c) of latents (..., L), (..., C)."""
        wide = torch.float32 if z.device.type == "mps" else torch.float64
        value, loc, scale = z.to(wide), self.loc.to(wide), self.scale.to(wide)
        constant = (2 * scale.log() + math.log(2 * math.pi)).sum(-1)
        if self.turns is None:
            precision = scale.square().reciprocal()
            square = value.square() @ precision.T - 2 * value @ (loc * precision).T + (loc.square() * precision).sum(-1)
        else:
            root = self.turns.to(wide) / scale[..., None]
            noise = (value @ root.flatten(0, 1).T).unflatten(-1, scale.shape) - (root @ loc[..., None])[..., 0]
            square = noise.square().sum(-1)
        return (self.logits - (square + constant) / 2).to(z.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.joint(value).logsumexp(-1)

    def responsibilities(self, z: Tensor) -> Tensor:
        """p(c|z), (..., C)."""
        return self.joint(z).softmax(-1)

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.around(torch.randn(*sample_shape, self.loc.shape[-1]).to(self.loc))

    def around(self, noise: Tensor) -> Tensor:
        """Draws (..., L) of which standard normal noise decides where in a component they lie; the component is drawn."""
        of = Categorical(logits=self.logits).sample(noise.shape[:-1])
        away = self.scale[of] * noise
        return self.loc[of] + (away if self.turns is None else self._turned(away[..., None], of)[..., 0])

    def _turned(self, away: Tensor, of: Tensor | slice = slice(None)) -> Tensor:
        """(I + T)^-1 of what lies away from the centres, columns (..., L, n), in components `of`."""
        assert self.turns is not None, "diagonal covariances turn nothing"
        return torch.linalg.solve_triangular(self.turns[of], away, upper=False, unitriangular=True)
