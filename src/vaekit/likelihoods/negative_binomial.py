"""Counts that vary more than Poisson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field, Floats
from vaekit.distributions import CountCell
from vaekit.distributions.counts import NegativeBinomial, Poisson
from vaekit.likelihoods.head import Head, units

SMALL, LARGE = 0.05, 400.0  # the size of a negative binomial begins between these


class NegativeBinomialLikelihood(nn.Module):
    """P(n|z) negative binomial of mean m(z) and variance m(z) + m(z)^2 / r(z): counts that vary more than Poisson.

    Lawless 1987, Negative binomial and mixed Poisson regression (Canadian Journal of Statistics 15(3)).

    Args:
        features: features of the decoder.
        fields: K count columns.
    """

    kinds = ("count",)

    def __init__(self, features: int, fields: Sequence[Field]) -> None:
        super().__init__()
        self.units = units(fields)
        self.head = Head(features, torch.tensor([count_start(field) for field in fields]))

    def forward(self, features: Tensor) -> CountCell:
        return CountCell(counting(self.head(features)), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """Every whole number has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)


def counting(parameters: Tensor) -> Poisson | NegativeBinomial:
    """The law of these parameters (..., K, P): log mean and log size, or the log mean alone for Poisson."""
    log_mean, *log_size = parameters.unbind(-1)
    return NegativeBinomial(log_mean, log_size[0]) if log_size else Poisson(log_mean)


def count_start(field: Field, *, above_zero: bool = False) -> tuple[float, float]:
    """Log mean and log size at which a column's law begins, from the moments of its counts, or of those above zero."""
    counts = _counts(field)
    counts = counts[counts > 0.5] if above_zero and (counts > 0.5).any() else counts
    mean, variance = max(float(counts.mean()), 1e-2), float(counts.var())
    return float(np.log(mean)), float(np.log(np.clip(mean**2 / max(variance - mean, 1e-9), SMALL, LARGE)))


def zero_start(field: Field) -> float:
    """The share of a column's training counts that are zero, half a row added to each side."""
    rows = max(field.rows, 1)
    return (float((_counts(field) < 0.5).mean()) * rows + 0.5) / (rows + 1)


def _counts(field: Field) -> Floats:
    """Numbers that are spread as the training counts were."""
    cells = field.quantiles if len(field.quantiles) else np.linspace(-2, 2, 257)
    return np.asarray(field.value(cells)).clip(min=0)
