"""Numbers between 0 and 1, such as decimal grey levels and shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import ContinuousBernoulliCell, Scale
from vaekit.likelihoods.head import Head

STEEPEST = 200.0  # logit at which a column's average begins at most


class ContinuousBernoulliLikelihood(nn.Module):
    """p(x|z) proportional to lambda(z)^x (1 - lambda(z))^(1 - x) on [0, 1]: the tutorials' cross-entropy, normalised.

    Loaiza-Ganem and Cunningham 2019 (arXiv 1907.06845): a bound of grey levels that may be compared with other densities.
    """

    kinds = ("pixel", "real")

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        on_pixels = [field.kind == "pixel" for field in fields]  # their cells are the numbers
        mean, std = (
            torch.tensor(
                [usual if pixel else getattr(field, name) for field, pixel in zip(fields, on_pixels, strict=True)]
            )
            for name, usual in (("mean", 0.0), ("std", 1.0))
        )
        self.units = Scale(["linear"] * len(fields), mean, std)
        self.head = Head(features, torch.tensor([_start(field) for field in fields])[:, None].float())

    def forward(self, features: Tensor) -> ContinuousBernoulliCell:
        return ContinuousBernoulliCell(self.head(features).squeeze(-1), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """No cell has a probability: all of them have densities."""
        return torch.zeros_like(cells, dtype=torch.bool)


def _start(field: Field) -> float:
    """The logit whose law has the average of the training numbers."""
    if not len(field.quantiles):
        return 0.0
    numbers = field.quantiles if field.kind == "pixel" else field.value(field.quantiles)
    logits = np.linspace(-STEEPEST, STEEPEST, 4_000)  # an even number: zero is not among them
    return float(np.interp(numbers.mean(), 0.5 + 0.5 / np.tanh(logits / 2) - 1 / logits, logits))
