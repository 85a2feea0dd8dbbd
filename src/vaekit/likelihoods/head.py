"""The last linear layer of the decoder, which starts at what the columns look like on their own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import Scale
from vaekit.precision import rounded


class Head(nn.Module):
    """features (..., F) -> parameters (..., K, P), the bias set to each column's marginal and the weights small.

    Args:
        features: F.
        start: (K, P), the parameters at the start of training.
    """

    def __init__(self, features: int, start: Tensor) -> None:
        super().__init__()
        self.shape = tuple(start.shape)
        self.linear = nn.Linear(features, start.numel())
        with torch.no_grad():
            self.linear.weight.mul_(0.3)
            self.linear.bias.copy_(start.nan_to_num(0.0, 0.0, 0.0).flatten())

    def forward(self, features: Tensor) -> Tensor:
        return rounded(self.linear, features).unflatten(-1, self.shape)


def log_shares(fields: Sequence[Field], widths: Sequence[int]) -> Tensor:
    """Log of each level's training share, (K, M), half a row added to each, minus infinity beyond a column's levels."""
    out = torch.full((len(fields), max(widths)), -torch.inf)
    for k, (field, width) in enumerate(zip(fields, widths, strict=True)):
        share = np.resize(field.shares, width) if len(field.shares) else np.full(width, 1 / width)
        count = share * max(field.rows, 1) + 0.5
        out[k, :width] = torch.from_numpy(np.log(count / count.sum()))
    return out


def units(fields: Sequence[Field]) -> Scale:
    """From the cells of these columns to numbers."""
    mean, std = torch.tensor([field.mean for field in fields]), torch.tensor([field.std for field in fields])
    return Scale([field.transform for field in fields], mean, std)


def positive(raw: Tensor, floor: float | Tensor) -> Tensor:
    """A scale of at least `floor` from a raw parameter; raw 0 gives about 1 + floor."""
    return floor + nn.functional.softplus(raw + math.log(math.e - 1))


def raw_of(scale: float) -> float:
    """The raw parameter at which `positive` adds this much to its floor.

    >>> round(float(positive(torch.tensor(raw_of(0.3)), 0.0)), 6)
    0.3
    """
    return math.log(math.expm1(scale)) - math.log(math.e - 1)


def pixel_spread(field: Field) -> tuple[float, float]:
    """Mean within (0, 1) and standard deviation of a channel's training cells, at least one part in a hundred."""
    if not len(field.quantiles):
        return 0.5, 0.3
    return float(field.quantiles.mean().clip(0.01, 0.99)), float(max(field.quantiles.std(), 0.01))


def centres(
    field: Field, components: int, centre: float, spread: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Where the components of a mixture begin: at quantiles of the training cells, or evenly about the centre, (C,).

    >>> centres(Field("x", "real"), 2, 0.0, 4.0)
    array([-1.,  1.])
    """
    middle = (np.arange(components) + 0.5) / components
    if components > 1 and len(field.quantiles):
        return np.interp(middle, np.linspace(0, 1, len(field.quantiles)), field.quantiles)
    return centre + spread * (middle - 0.5)
