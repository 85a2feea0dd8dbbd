"""Binary cells, and grey levels as probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import BernoulliCell
from vaekit.likelihoods.head import Head


class BernoulliLikelihood(nn.Module):
    """p(x = 1|z) = sigmoid(logit(z)): the binary cross-entropy of the tutorials, in nats.

    A column with other values than 0 and 1 is grey: its cells are probabilities, and a new row shows these themselves.
    """

    kinds = ("binary", "real", "pixel")

    grey: Tensor

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        rows = torch.tensor([max(field.rows, 1) for field in fields])
        share = (torch.tensor([_share(field) for field in fields], dtype=torch.float64) * rows + 0.5) / (rows + 1)
        self.register_buffer("grey", torch.tensor([_is_grey(field) for field in fields]), persistent=False)
        self.head = Head(features, share.logit()[:, None].float())

    def forward(self, features: Tensor) -> BernoulliCell:
        return BernoulliCell(self.head(features).squeeze(-1), self.grey)

    def masses(self, cells: Tensor) -> Tensor:
        """Every cell has a probability; a grey one the expected log-probability of its binarisation."""
        return torch.ones_like(cells, dtype=torch.bool)


def _share(field: Field) -> float:
    if len(field.shares) == 2:
        return float(field.shares[1])
    return float(field.quantiles.mean().clip(0, 1)) if len(field.quantiles) else 0.5


def _is_grey(field: Field) -> bool:
    return field.levels != 2 and not (len(field.distinct) and bool(np.isin(field.distinct, (0.0, 1.0)).all()))
