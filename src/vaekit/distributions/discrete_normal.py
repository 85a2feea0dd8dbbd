"""Counts as a normal law on a log scale, cut at the half-integers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.special import log_ndtr, ndtr

from vaekit.distributions.scale import Scale


class DiscreteNormal(Distribution):
    """P(n) = Phi((edge(n + 1/2) - loc) / scale) - Phi((edge(n - 1/2) - loc) / scale), edge(-1/2) = minus infinity.

    edge(n) is the cell of n, (log(1 + n) - mean) / std, as the codec gives it. Counts of any spread, wider or narrower than
    Poisson, fit; the sum over n telescopes to one.

    Args:
        loc, scale: (..., K), in cell units.
        units: from cells to counts.

    >>> law = DiscreteNormal(torch.zeros(1), torch.ones(1), Scale(["log1p"], torch.zeros(1), torch.ones(1)))
    >>> cells = torch.log1p(torch.arange(100_000.0))[:, None]
    >>> round(float(law.log_prob(cells).exp().sum()), 4)
    1.0
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, loc: Tensor, scale: Tensor, units: Scale) -> None:
        self.loc, self.scale, self.units = loc, scale, units
        super().__init__(loc.shape, validate_args=False)

    def _number(self, cell: Tensor) -> Tensor:
        return self.units.number(cell).clamp(min=0).round()

    def _edge(self, number: Tensor) -> Tensor:
        """The standardised edge at this number, minus infinity below zero."""
        return torch.where(number < 0, -torch.inf, (self.units.cell(number.clamp(min=0)) - self.loc) / self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        number = self._number(value)
        return log_interval(self._edge(number - 0.5), self._edge(number + 0.5))

    def cdf(self, value: Tensor) -> Tensor:
        number = self.units.number(value)
        return ndtr(self._edge((number + 1e-4).floor() + 0.5)) * (number > -1e-4)

    @property
    def mean(self) -> Tensor:
        """The cell of the expected count, exp(m + s^2 / 2) - 1 up to the cut at the half-integers."""
        spread = (self.scale * self.units.std).clamp(max=2.0)
        expected = torch.expm1((self.loc * self.units.std + self.units.mean + spread.square() / 2).clamp(max=80.0))
        return self.units.cell(expected.clamp(min=0))

    @property
    def mode(self) -> Tensor:
        return self.units.cell(self._number(self.loc))

    def best(self) -> Tensor:
        """The cell of the expected count under the mixture over the first axis, a whole number."""
        return self.units.cell(self.units.number(self.mean).mean(0))

    def pooled(self) -> DiscreteNormal:
        return self

    @property
    def stddev(self) -> Tensor:
        return self.scale

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        noise = torch.randn(*sample_shape, *self.loc.shape, dtype=self.loc.dtype, device=self.loc.device)
        return self.units.cell(self._number(self.loc + noise * self.scale))


def log_interval(low: Tensor, high: Tensor) -> Tensor:
    """log(Phi(high) - Phi(low)), accurate in both tails; `low` may be minus infinity.

    >>> log_interval(torch.tensor([-torch.inf, 9.0]), torch.tensor([0.0, 9.1]))
    tensor([ -0.6931, -44.1393])
    """
    # Both tails are computed on the left, where log_ndtr keeps its precision.
    right = low > 0
    a, b = torch.where(right, -high, low), torch.where(right, -low, high)
    log_b = log_ndtr(b)
    gap = (log_ndtr(a.clamp(min=-1e4)) - log_b).clamp(max=-1e-6)
    gap = torch.where(a == -torch.inf, -torch.inf, gap)
    return log_b + torch.log1p(-gap.exp())
