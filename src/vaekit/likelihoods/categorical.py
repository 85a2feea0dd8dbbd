"""Names without an order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import Levels
from vaekit.likelihoods.head import Head, log_shares


class CategoricalLikelihood(nn.Module):
    """p(x = m|z) = softmax(logits(z))_m over a column's own levels; K columns are one padded tensor."""

    kinds = ("categorical", "ordinal", "binary")

    absent: Tensor

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        start = log_shares(fields, [field.levels for field in fields])
        self.register_buffer("absent", start.where(start.isinf(), 0.0), persistent=False)
        self.head = Head(features, start)

    def forward(self, features: Tensor) -> Levels:
        return Levels(self.head(features) + self.absent)

    def masses(self, cells: Tensor) -> Tensor:
        """Every level has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)
