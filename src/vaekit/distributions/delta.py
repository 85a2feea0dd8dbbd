"""All mass at one point: the posterior of a plain autoencoder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution


class Delta(Distribution):
    """P(value = point) = 1. It has no density, so what needs one asks for another posterior.

    >>> Delta(torch.tensor([2.0])).rsample((3,)).shape
    torch.Size([3, 1])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, point: Tensor) -> None:
        self.point = point
        super().__init__(point.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.point

    @property
    def mode(self) -> Tensor:
        return self.point

    @property
    def stddev(self) -> Tensor:
        return torch.zeros_like(self.point)

    @property
    def variance(self) -> Tensor:
        return torch.zeros_like(self.point)

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.point.expand(*sample_shape, *self.point.shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return torch.where(value == self.point, 0.0, -torch.inf)
