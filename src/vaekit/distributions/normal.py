"""The normal law of a cell, on a linear or a log scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Normal

from vaekit.distributions.scale import Scale

HALF_LOG_TAU = math.log(2 * math.pi) / 2


class NormalCell(Normal):
    """cell ~ N(loc, scale), where the number is T^-1(cell): a normal or, on a log scale, a log-normal law seen in cells.

    `log_prob` is the density of the cell; `mean` is the cell of the expected number: on a log scale E = exp(m + s^2 / 2).

    >>> units = Scale(["linear", "log"], torch.zeros(2), torch.ones(2))
    >>> NormalCell(torch.zeros(2), torch.ones(2), units).mean
    tensor([0.0000, 0.5000])
    """

    def __init__(self, loc: Tensor, scale: Tensor, units: Scale) -> None:
        super().__init__(loc, scale, validate_args=False)
        self.units = units

    def log_prob(self, value: Tensor) -> Tensor:
        """-z^2 / 2 - log scale - log(2 pi) / 2 at z = (value - loc) / scale: torch's own takes half as many steps again."""
        z = (value - self.loc) / self.scale
        return z.square() * -0.5 - self.scale.log() - HALF_LOG_TAU

    @property
    def mean(self) -> Tensor:
        return log_normal_lift(self.loc, self.scale, self.units.kind, self.units.std)

    def best(self) -> Tensor:
        """The cell of the expected number under the mixture over the first axis."""
        return self.units.pooled(self.mean)

    def quantile(self, level: float | Tensor) -> Tensor | None:
        """Smallest cell whose probability reaches `level`, in closed form; None for a mixture over the first axis."""
        if len(self.loc) > 1:
            return None
        return self.loc[0] + self.scale[0] * torch.special.ndtri(torch.as_tensor(level).to(self.loc))

    def pooled(self) -> NormalCell:
        return self


def log_normal_lift(loc: Tensor, scale: Tensor, kind: Tensor, std: Tensor) -> Tensor:
    """The cells of the expected numbers of normal laws of cells: on a log scale they lie above the centres."""
    logarithmic = (kind != 0).to(loc.dtype)
    spread = (scale * std).clamp(max=2.0)  # beyond this a mean says nothing about a typical number
    return loc + logarithmic * spread.square() / (2 * std)
