"""Whole numbers from zero on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import DiscreteNormal
from vaekit.likelihoods.head import Head, positive, units
from vaekit.spec import Positive


class CountLikelihood(nn.Module):
    """P(n|z): a normal law of log(1 + n) cut at the half-integers, so the spread may be wider or narrower than Poisson.

    Args:
        features: features of the decoder.
        fields: K count columns.
        floor: least scale, in standard deviations of log(1 + n).
    """

    kinds = ("count",)

    def __init__(self, features: int, fields: Sequence[Field], *, floor: Positive = 0.02) -> None:
        super().__init__()
        self.floor, self.units = floor, units(fields)
        self.head = Head(features, torch.zeros(len(fields), 2))

    def forward(self, features: Tensor) -> DiscreteNormal:
        loc, raw = self.head(features).unbind(-1)
        return DiscreteNormal(loc, positive(raw, self.floor), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """Every whole number has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)
