"""Counts as a normal law on a log scale, cut at the half-integers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.special import erfcx, log_ndtr, ndtr

from vaekit.distributions.scale import Scale

FIRST = 8  # counts whose steps the mean sees one by one


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

    def _edge(self, number: Tensor) -> Tensor:
        """The standardised edge at this number, minus infinity below zero."""
        return torch.where(number < 0, -torch.inf, (self.units.cell(number.clamp(min=0)) - self.loc) / self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        number = self.units.whole(value)
        width = torch.where(number > 0, torch.log1p(1 / (number + 0.5)) / (self.units.std * self.scale), torch.inf)
        return log_interval(self._edge(number - 0.5), self._edge(number + 0.5), width)

    def cdf(self, value: Tensor) -> Tensor:
        return ndtr(self._edge(self.units.whole_below(value) + 0.5))

    @property
    def mean(self) -> Tensor:
        """The cell of the expected count: P(n > 0) + ... + P(n > 7) + E[max(x - 8, 0)], x + 1 log-normal."""
        centre, spread = self.loc * self.units.std + self.units.mean, (self.scale * self.units.std).clamp(max=2.0)
        above = torch.arange(FIRST, dtype=centre.dtype, device=centre.device) + 1.5
        first = ndtr((centre[..., None] - above.log()) / spread[..., None]).sum(-1)
        distance = (centre - math.log(FIRST + 1)) / spread
        grown = (centre + spread.square() / 2).clamp(max=80.0).exp()
        beyond = grown * ndtr(distance + spread) - (FIRST + 1) * ndtr(distance)
        return self.units.cell(first + beyond.clamp(min=0))

    @property
    def mode(self) -> Tensor:
        return self.units.cell(self.units.whole(self.loc))

    def best(self) -> Tensor:
        """The cell of the expected count under the mixture over the first axis."""
        return self.units.pooled(self.mean)

    def pooled(self) -> DiscreteNormal:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        noise = torch.randn(*sample_shape, *self.loc.shape, dtype=self.loc.dtype, device=self.loc.device)
        return self.units.cell(self.units.whole(self.loc + noise * self.scale))


def log_interval(low: Tensor, high: Tensor, width: Tensor | None = None) -> Tensor:
    """log(Phi(high) - Phi(low)), accurate in both tails and for thin intervals; `low` may be minus infinity.

    Args:
        low, high: ends of the interval.
        width: high - low, where the caller knows it with more digits than the difference keeps.

    >>> log_interval(torch.tensor([-torch.inf, 9.0]), torch.tensor([0.0, 9.1]))
    tensor([ -0.6931, -44.1393])
    """
    width = (high - low if width is None else width).clamp(min=1e-30)
    # Both tails are computed on the left, where log_ndtr keeps its precision.
    right = low > 0
    a, b = torch.where(right, -high, low), torch.where(right, -low, high)
    thin = width < 0.05
    endless = a == -torch.inf
    log_b = _log_ndtr(b)
    gap = _log_ndtr(torch.where(thin | endless, b - 1, a)) - log_b
    wide = log_b + torch.log1p(-torch.where(endless, -torch.inf, gap.clamp(max=-1e-6)).exp())
    return torch.where(thin, _log_thin(torch.where(thin, (a + b) / 2, 0.0), torch.where(thin, width, 0.01)), wide)


def _log_thin(middle: Tensor, width: Tensor) -> Tensor:
    """The same for width w < 0.05 around m: log phi(m) + log w + log(sinh(m w / 2) / (m w / 2)) - w^2 / 24."""
    swell = log_sinhc((middle * width / 2).abs())
    return width.log() - (middle.square() + math.log(2 * math.pi) + width.square() / 12) / 2 + swell


def log_sinhc(x: Tensor) -> Tensor:
    """log(sinh(x) / x) for x from zero on, where it is 0.

    >>> log_sinhc(torch.tensor([0.0, 1.0, 1e4]))
    tensor([0.0000e+00, 1.6144e-01, 9.9901e+03])
    """
    small = x < 0.05
    far = torch.where(small, 1.0, x)
    return torch.where(small, x.square() / 6, far + torch.log1p(-(-2 * far).exp()) - (2 * far).log())


def _log_ndtr(x: Tensor) -> Tensor:
    """Log Phi(x), with the slope phi / Phi as sqrt(2 / pi) / erfcx, which torch's own backward pass loses in the far tail."""
    x = x.clamp(-1e18, 1e18)
    slope = math.sqrt(2 / math.pi) / erfcx(-x.detach() / math.sqrt(2))
    return log_ndtr(x.detach()) + slope * (x - x.detach())
