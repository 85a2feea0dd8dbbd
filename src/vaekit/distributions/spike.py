"""A column that holds a few exact values very often, beside a continuous part."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, Normal

from vaekit.codec.twins import near
from vaekit.distributions.levels import Levels, draw_index


class Spiked(Distribution):
    """p(x) = share_j at spike j, and share_0 N(x; loc, scale) elsewhere: a density beside point masses.

    Args:
        logits: (..., K, 1 + J): the continuous part first, then the spikes; padded with minus infinity.
        loc, scale: (..., K), of the continuous part.
        spikes: (K, J) cells of the spikes, padded with not-a-number.

    >>> law = Spiked(torch.zeros(1, 2), torch.ones(1), torch.ones(1), torch.zeros(1, 1))
    >>> law.log_prob(torch.tensor([0.0])).exp()
    tensor([0.5000])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor, spikes: Tensor) -> None:
        self.levels, self.normal = Levels(logits), Normal(loc, scale, validate_args=False)
        self.spikes = spikes
        super().__init__(loc.shape, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        level = match(value, self.spikes)
        density = torch.where(level == 0, self.normal.log_prob(value), 0.0)
        return self.levels.log_prob(level.to(value.dtype)) + density

    def cdf(self, value: Tensor) -> Tensor:
        share = self.levels.probs
        below = (self.spikes - near(self.spikes) <= value[..., None]).to(share.dtype)
        return share[..., 0] * self.normal.cdf(value) + (share[..., 1:] * below).sum(-1)

    def exact(self, value: Tensor) -> Tensor:
        """Cells (..., K), a spike itself where a search for a quantile came to rest beside one."""
        apart = (value[..., None] - self.spikes).abs() - 2 * near(self.spikes)
        least, nearest = apart.nan_to_num(torch.inf).min(-1)
        spike = self.spikes.expand(*value.shape, -1).gather(-1, nearest[..., None])[..., 0]
        return torch.where(least <= 0, spike, value)

    @property
    def mean(self) -> Tensor:
        share = self.levels.probs
        return share[..., 0] * self.normal.mean + (share[..., 1:] * self.spikes.nan_to_num()).sum(-1)

    @property
    def mode(self) -> Tensor:
        return self._place(self.levels.mode.long(), self.normal.mean)

    def best(self) -> Tensor:
        """The expected cell under the mixture over the first axis."""
        return self.mean.mean(0)

    def pooled(self) -> Spiked:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        shape = tuple(sample_shape)
        return self._place(draw_index(self.levels.probs, shape), self.normal.sample(torch.Size(shape)))

    def _place(self, level: Tensor, elsewhere: Tensor) -> Tensor:
        table = self.spikes.expand(*level.shape, -1)
        spike = table.gather(-1, (level - 1).clamp(min=0)[..., None])[..., 0]
        return torch.where(level == 0, elsewhere, spike)


def match(cells: Tensor, spikes: Tensor) -> Tensor:
    """0 where a cell (..., K) is no spike, j + 1 where it is spike j of `spikes` (K, J)."""
    same = (cells[..., None] - spikes).abs() <= near(spikes)
    return torch.where(same.any(-1), same.to(torch.int8).argmax(-1) + 1, 0)
