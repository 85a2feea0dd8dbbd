"""Counts with more zeros than a counting law has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import CountCell
from vaekit.distributions.counts import ZeroInflated
from vaekit.likelihoods.head import Head, units
from vaekit.likelihoods.negative_binomial import count_start, counting, zero_start


class ZeroInflatedLikelihood(nn.Module):
    """P(0|z) = s(z) + (1 - s(z)) p(0|z) and P(n|z) = (1 - s(z)) p(n|z): some rows are zero for a reason of their own.

    Lambert 1992, Zero-inflated Poisson regression (Technometrics 34(1)).

    Args:
        features: features of the decoder.
        fields: K count columns.
        counts: the law of the counts, "negative_binomial" or "poisson".
    """

    kinds = ("count",)

    def __init__(
        self,
        features: int,
        fields: Sequence[Field],
        *,
        counts: Literal["negative_binomial", "poisson"] = "negative_binomial",
    ) -> None:
        super().__init__()
        self.units = units(fields)
        share = torch.tensor([[zero_start(field) / 2] for field in fields]).logit()
        law = torch.tensor([count_start(field, above_zero=True) for field in fields])
        self.head = Head(features, torch.cat([share, law[:, : 1 if counts == "poisson" else 2]], 1))

    def forward(self, features: Tensor) -> CountCell:
        parameters = self.head(features)
        return CountCell(ZeroInflated(counting(parameters[..., 1:]), parameters[..., 0]), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """Every whole number has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)
