"""Numbers around several centres: a mixture of normal laws of a cell."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, Normal

from vaekit.distributions.levels import draw_index
from vaekit.distributions.normal import log_normal_lift
from vaekit.distributions.scale import Scale


class NormalMixture(Distribution):
    """p(cell) = sum_c share_c N(cell; loc_c, scale_c^2), where the number is T^-1(cell).

    Args:
        logits: (..., K, C) of the components' shares.
        loc, scale: (..., K, C), in cell units.
        units: from cells to numbers.

    >>> units = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> law = NormalMixture(torch.zeros(1, 2), torch.tensor([[-2.0, 4.0]]), torch.ones(1, 2), units)
    >>> law.mean, law.cdf(torch.tensor([1.0]))
    (tensor([1.]), tensor([0.5000]))
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor, units: Scale) -> None:
        self.logits, self.units = logits.log_softmax(-1), units
        self.parts = Normal(loc, scale, validate_args=False)
        super().__init__(loc.shape[:-1], validate_args=False)

    @cached_property
    def probs(self) -> Tensor:
        return self.logits.exp()

    def log_prob(self, value: Tensor) -> Tensor:
        return (self.logits + self.parts.log_prob(value[..., None])).logsumexp(-1)

    def cdf(self, value: Tensor) -> Tensor:
        return (self.probs * self.parts.cdf(value[..., None])).sum(-1)

    @property
    def mean(self) -> Tensor:
        lifted = log_normal_lift(self.parts.loc, self.parts.scale, self.units.kind[:, None], self.units.std[:, None])
        return self.units.average(lifted, self.logits)

    @property
    def mode(self) -> Tensor:
        """The centre at which the density is highest."""
        places = self.parts.loc.movedim(-1, 0)
        return places.gather(0, self.log_prob(places).argmax(0, keepdim=True))[0]

    def best(self) -> Tensor:
        """The cell of the expected number under the mixture over the first axis."""
        return self.units.pooled(self.mean)

    def pooled(self) -> NormalMixture:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        with torch.no_grad():
            shape, component = Size(sample_shape) + self.parts.loc.shape, draw_index(self.probs, tuple(sample_shape))
            loc, scale = (
                part.expand(shape).gather(-1, component[..., None])[..., 0]
                for part in (self.parts.loc, self.parts.scale)
            )
            return loc + scale * torch.randn_like(loc)
