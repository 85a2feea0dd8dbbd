"""Counts as two questions: whether at all, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import CountCell
from vaekit.distributions.counts import Hurdle
from vaekit.likelihoods.head import Head, units
from vaekit.likelihoods.negative_binomial import count_start, counting, zero_start


class HurdleLikelihood(nn.Module):
    """P(0|z) = s(z) and P(n|z) = (1 - s(z)) p(n|z) / (1 - p(0|z)) above zero: whether at all, and if so how many.

    Mullahy 1986, Specification and testing of some modified count data models (Journal of Econometrics 33(3)).

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
        share = torch.tensor([[zero_start(field)] for field in fields]).logit()
        law = torch.tensor([count_start(field, above_zero=True) for field in fields])
        self.head = Head(features, torch.cat([share, law[:, : 1 if counts == "poisson" else 2]], 1))

    def forward(self, features: Tensor) -> CountCell:
        parameters = self.head(features)
        return CountCell(Hurdle(counting(parameters[..., 1:]), parameters[..., 0]), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """Every whole number has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)
