"""Binary cells, and grey levels as probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import BernoulliCell
from vaekit.likelihoods.head import Head


class BernoulliLikelihood(nn.Module):
    """p(x = 1|z) = sigmoid(logit(z)): the binary cross-entropy of the tutorials, in nats."""

    kinds = ("binary", "real")

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        ones = [field.shares[1] if len(field.shares) == 2 else 0.5 for field in fields]
        rows = torch.tensor([max(field.rows, 1) for field in fields])
        share = (torch.tensor(ones) * rows + 0.5) / (rows + 1)
        self.head = Head(features, share.logit()[:, None].float())

    def forward(self, features: Tensor) -> BernoulliCell:
        return BernoulliCell(self.head(features)[..., 0])
