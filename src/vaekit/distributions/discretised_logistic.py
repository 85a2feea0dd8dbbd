"""Whole numbers of a bounded range, such as the grey levels of a pixel, as a logistic law cut between them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.nn.functional import logsigmoid, softplus

from vaekit.distributions.levels import draw_index


class DiscretisedLogistic(Distribution):
    """P(x) = sum_c share_c [sigmoid((x + h - loc_c) / scale_c) - sigmoid((x - h - loc_c) / scale_c)], h half a level.

    Cells are 0, 1 / (levels - 1), ..., 1; what lies beyond the first and the last level belongs to them, so that the sum over
    levels telescopes to one. Salimans et al. 2017 (arXiv 1701.05517), without their autoregression over channels.

    Args:
        logits: (..., K, C) of the components' shares.
        loc, scale: (..., K, C), in cell units.
        levels: (K,), how many levels each column has, at least two.

    >>> law = DiscretisedLogistic(torch.zeros(1, 1), torch.full((1, 1), 0.4), torch.full((1, 1), 0.1), torch.tensor([256.0]))
    >>> round(float(law.log_prob(torch.linspace(0, 1, 256)[:, None]).exp().sum()), 4)
    1.0
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor, levels: Tensor) -> None:
        self.logits, self.loc, self.scale = logits.log_softmax(-1), loc, scale
        self.steps = (levels - 1).to(loc.dtype)
        super().__init__(loc.shape[:-1], validate_args=False)

    @cached_property
    def _half(self) -> Tensor:
        """Half a level, (K, 1)."""
        return 0.5 / self.steps[:, None]

    def _level(self, value: Tensor) -> Tensor:
        """The legal cell next to each value."""
        return (value * self.steps).round().clamp(min=0).minimum(self.steps) / self.steps

    def log_prob(self, value: Tensor) -> Tensor:
        cell = self._level(value.to(self.loc.dtype))[..., None]
        low, high = ((cell + side * self._half - self.loc) / self.scale for side in (-1, 1))
        # sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)), and b - a = 2 h / scale has all its digits
        inside = torch.log(-torch.expm1(-2 * self._half / self.scale))
        first, last = cell < self._half, cell > 1 - self._half
        mass = torch.where(last, 0.0, logsigmoid(high)) + torch.where(first, 0.0, logsigmoid(-low))
        mass = mass + torch.where(first | last, 0.0, inside)
        return mass[..., 0] if mass.shape[-1] == 1 else (self.logits + mass).logsumexp(-1)

    def cdf(self, value: Tensor) -> Tensor:
        slack = (1e-4 + 4e-7 * self.steps).clamp(max=0.4)  # a cell in single precision lies beside its level
        index = (value * self.steps + slack).floor()
        edge = ((index / self.steps)[..., None] + self._half - self.loc) / self.scale
        inside = (self.logits.exp() * edge.sigmoid()).sum(-1)
        return torch.where(index < 0, 0.0, torch.where(index >= self.steps, 1.0, inside))

    @property
    def mean(self) -> Tensor:
        """That of the logistic clipped to [0, 1]; a hundredth of a level from the sum over levels once scale is one level."""
        clipped = self.scale * (softplus(self.loc / self.scale) - softplus((self.loc - 1) / self.scale))
        return (self.logits.exp() * clipped.clamp(0, 1)).sum(-1)

    @property
    def mode(self) -> Tensor:
        """The most probable among the levels at the components' centres and the two ends, where the tails gather."""
        ends = torch.zeros_like(self.loc[..., :1])
        places = torch.cat([ends, ends + 1, self.loc], -1).movedim(-1, 0)
        places = self._level(places)
        best = self.log_prob(places).argmax(0, keepdim=True)
        return places.gather(0, best)[0]

    def best(self) -> Tensor:
        """The expected cell under the mixture over the first axis."""
        return self.mean.mean(0)

    def pooled(self) -> DiscretisedLogistic:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        shape = (*sample_shape, *self.loc.shape)
        with torch.no_grad():
            component = draw_index(self.logits.exp(), tuple(sample_shape))[..., None]
            loc, scale = (part.expand(shape).gather(-1, component)[..., 0] for part in (self.loc, self.scale))
            return self._level(loc + scale * torch.rand_like(loc).logit(eps=1e-7))
