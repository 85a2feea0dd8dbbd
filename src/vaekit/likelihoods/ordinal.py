"""Levels with an order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import Levels
from vaekit.likelihoods.head import Head, log_shares, positive


class OrdinalLikelihood(nn.Module):
    """P(x <= m|z) = sigmoid((t_m - f(z)) / s(z)): the cumulative logit model, thresholds t_1 < t_2 < ... of each column.

    McCullagh 1980, Regression models for ordinal data, JRSS B 42(2).
    """

    kinds = ("ordinal", "binary")

    padding: Tensor

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        shares = log_shares(fields, [field.levels for field in fields]).exp()
        self.register_buffer("padding", shares == 0, persistent=False)
        below = shares.cumsum(-1)[:, :-1].clamp(1e-4, 1 - 1e-4).logit()
        self.first = nn.Parameter(below[:, :1].clone())
        # softplus(raw) is the gap between two thresholds, so they keep their order
        self.raw_gaps = nn.Parameter(torch.log(torch.expm1(below.diff(dim=-1).clamp(min=1e-3))))
        self.head = Head(features, torch.zeros(len(fields), 2))

    def forward(self, features: Tensor) -> Levels:
        location, raw = self.head(features).unbind(-1)
        gaps = nn.functional.softplus(self.raw_gaps)
        thresholds = torch.cat([self.first, self.first + gaps.cumsum(-1)], -1)
        t = (thresholds - location[..., None]) / positive(raw, 0.05)[..., None]
        t = t.masked_fill(self.padding[:, 1:], torch.inf)  # a short column's last level reaches to infinity
        edges = torch.cat([torch.full_like(t[..., :1], -torch.inf), t, torch.full_like(t[..., :1], torch.inf)], -1)
        shares = log_sigmoid_interval(edges[..., :-1], edges[..., 1:])
        return Levels(shares.masked_fill(self.padding, -torch.inf))

    def masses(self, cells: Tensor) -> Tensor:
        """Every level has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)


def log_sigmoid_interval(low: Tensor, high: Tensor) -> Tensor:
    """log(sigmoid(high) - sigmoid(low)) = logsigmoid(high) + logsigmoid(-low) + log(1 - exp(low - high)).

    >>> log_sigmoid_interval(torch.tensor([-torch.inf]), torch.tensor([0.0])).exp()
    tensor([0.5000])
    """
    gap = torch.where(low.isinf() | high.isinf(), -torch.inf, (low - high).clamp(max=-1e-6))
    return nn.functional.logsigmoid(high) + nn.functional.logsigmoid(-low) + torch.log1p(-gap.exp())
