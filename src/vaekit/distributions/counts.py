"""Laws of whole numbers by their mean: Poisson and negative binomial, and these with zeros of their own.

Everything is computed in double precision, since log-gammas of large counts lose in single precision what tells them apart.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Size, Tensor
from torch.nn.functional import logsigmoid, softplus

from vaekit.distributions.special import incomplete_beta

HUGE = 1e9  # from here on the ratio of two gammas is taken by its leading term
LARGEST = 1e12  # counts beyond are all alike to the cdf
RANGE = (-20.0, 30.0)  # of the log of a mean


class Counts(Protocol):
    """A law of whole numbers n = 0, 1, ..., batch shape (..., K)."""

    shape: Size

    def log_mass(self, number: Tensor) -> Tensor:
        """Log P(n)."""

    def below(self, number: Tensor) -> Tensor:
        """P(N <= n) for n >= 0."""

    def mean(self) -> Tensor:
        """E[N]."""

    def mode(self) -> Tensor:
        """The most probable number."""

    def draw(self, shape: Size) -> Tensor:
        """Numbers of this shape."""


class Poisson:
    """P(n) = m^n e^-m / n!, by the log of its mean m (...)."""

    def __init__(self, log_mean: Tensor) -> None:
        self.log_mean = wide(log_mean).clamp(*RANGE)
        self.shape = self.log_mean.shape

    def log_mass(self, number: Tensor) -> Tensor:
        return number * self.log_mean - self.log_mean.exp() - torch.lgamma(number + 1)

    def log_zero(self) -> Tensor:
        """Log P(0)."""
        return -self.log_mean.exp()

    def below(self, number: Tensor) -> Tensor:
        shape = torch.broadcast_shapes(number.shape, self.log_mean.shape)
        return torch.special.gammaincc((number.clamp(max=LARGEST) + 1).expand(shape), self.log_mean.exp().expand(shape))

    def mean(self) -> Tensor:
        return self.log_mean.exp()

    def mode(self) -> Tensor:
        return self.log_mean.exp().floor()

    def draw(self, shape: Size) -> Tensor:
        return torch.poisson(self.log_mean.exp().expand(shape))

    def draw_positive(self, shape: Size) -> Tensor:
        """Given N > 0: the first event at its time in [0, 1], the others as usual in the time that is left."""
        mean = self.log_mean.exp().expand(shape)
        return 1 + torch.poisson((mean - _first_event(mean)).clamp(min=0))


class NegativeBinomial:
    """P(n) = Gamma(n + r) / (Gamma(r) n!) (r / (r + m))^r (m / (r + m))^n, a Poisson law of mean m Gamma(r, r).

    Its variance is m + m^2 / r.

    Args:
        log_mean: (...), log m.
        log_size: (...), log r; a large r is nearly Poisson.
    """

    def __init__(self, log_mean: Tensor, log_size: Tensor) -> None:
        self.log_mean, self.log_size = wide(log_mean).clamp(*RANGE), wide(log_size).clamp(-9.0, 16.0)
        self.shape = torch.broadcast_shapes(log_mean.shape, log_size.shape)

    def log_mass(self, number: Tensor) -> Tensor:
        r, ratio = self.log_size.exp(), self.log_mean - self.log_size
        near = number.clamp(max=HUGE)
        ways = torch.where(
            number < HUGE,
            torch.lgamma(near + r) - torch.lgamma(near + 1),
            (r - 1) * torch.log(number.clamp(min=1) + r / 2),
        )
        return ways - torch.lgamma(r) - r * softplus(ratio) - number * softplus(-ratio)

    def log_zero(self) -> Tensor:
        return -self.log_size.exp() * softplus(self.log_mean - self.log_size)

    def below(self, number: Tensor) -> Tensor:
        share = (self.log_size - self.log_mean).sigmoid()
        return incomplete_beta(self.log_size.exp(), number.clamp(max=LARGEST) + 1, share)

    def mean(self) -> Tensor:
        return self.log_mean.exp()

    def mode(self) -> Tensor:
        return (self.log_mean.exp() * (1 - (-self.log_size).exp())).clamp(min=0).floor()

    def draw(self, shape: Size) -> Tensor:
        return self._draw(self.log_size.exp().expand(shape))

    def draw_positive(self, shape: Size) -> Tensor:
        """Given N > 0: the first cluster of events at its time in [0, 1], then the law of the time that is left.

        A negative binomial counts clusters that come as a Poisson process, each of a logarithmic number of events (Quenouille
        1949, Biometrics 5(2)); their sizes are drawn as by Kemp 1981 (Applied Statistics 30(3)).
        """
        r, log_p = self.log_size.exp().expand(shape), -softplus(self.log_mean - self.log_size).expand(shape)
        clusters = -r * log_p
        left = (clusters - _first_event(clusters)) / -log_p
        within = -torch.expm1(log_p * torch.rand_like(log_p))
        size = 1 + (torch.rand_like(log_p).log() / within.log().clamp(max=-1e-12)).floor()
        return size.clamp(max=LARGEST) + torch.where(left > 1e-9 * r, self._draw(left.clamp(min=1e-300)), 0.0)

    def _draw(self, size: Tensor) -> Tensor:
        """Counts of this law's share of success with another size r."""
        return torch.poisson(torch._standard_gamma(size) * (self.log_mean - self.log_size).exp())


class ZeroInflated:
    """P(0) = s + (1 - s) p(0) and P(n) = (1 - s) p(n): zeros for a reason of their own beside those of the counting law.

    Lambert 1992, Zero-inflated Poisson regression (Technometrics 34(1)).

    Args:
        base: the counting law p.
        logit: (..., K), of the share s.

    >>> ZeroInflated(Poisson(torch.tensor([3.0])), torch.tensor([0.0])).mean() / Poisson(torch.tensor([3.0])).mean()
    tensor([0.5000], dtype=torch.float64)
    """

    def __init__(self, base: Poisson | NegativeBinomial, logit: Tensor) -> None:
        self.base, self.logit, self.shape = base, wide(logit), base.shape

    def log_mass(self, number: Tensor) -> Tensor:
        counted = logsigmoid(-self.logit) + self.base.log_mass(number)
        return torch.where(number > 0, counted, torch.logaddexp(logsigmoid(self.logit), counted))

    def below(self, number: Tensor) -> Tensor:
        return self.logit.sigmoid() + (-self.logit).sigmoid() * self.base.below(number)

    def mean(self) -> Tensor:
        return (-self.logit).sigmoid() * self.base.mean()

    def mode(self) -> Tensor:
        return _likelier(self, self.base.mode())

    def draw(self, shape: Size) -> Tensor:
        counted = self.base.draw(shape)
        return torch.where(torch.rand_like(counted) < self.logit.sigmoid(), 0.0, counted)


class Hurdle:
    """P(0) = s and P(n) = (1 - s) p(n) / (1 - p(0)) above: whether at all, and if so how many.

    Mullahy 1986, Specification and testing of some modified count data models (Journal of Econometrics 33(3)).

    Args:
        base: the counting law p.
        logit: (..., K), of the share s.

    >>> Hurdle(Poisson(torch.tensor([-3.0])), torch.tensor([0.0])).mean().round(decimals=3)
    tensor([0.5130], dtype=torch.float64)
    """

    def __init__(self, base: Poisson | NegativeBinomial, logit: Tensor) -> None:
        self.base, self.logit, self.shape = base, wide(logit), base.shape
        self.log_positive = torch.log(-torch.expm1(base.log_zero()))

    def log_mass(self, number: Tensor) -> Tensor:
        above = logsigmoid(-self.logit) + self.base.log_mass(number.clamp(min=1)) - self.log_positive
        return torch.where(number > 0, above, logsigmoid(self.logit))

    def below(self, number: Tensor) -> Tensor:
        above = (self.base.below(number) - self.base.log_zero().exp()) / self.log_positive.exp()
        return self.logit.sigmoid() + (-self.logit).sigmoid() * above

    def mean(self) -> Tensor:
        return (-self.logit).sigmoid() * (self.base.log_mean - self.log_positive).exp()

    def mode(self) -> Tensor:
        return _likelier(self, self.base.mode().clamp(min=1))

    def draw(self, shape: Size) -> Tensor:
        above = self.base.draw_positive(shape)
        return torch.where(torch.rand_like(above) < self.logit.sigmoid(), 0.0, above)


def wide(part: Tensor) -> Tensor:
    """The tensor in double precision, where its device has one."""
    return part if part.device.type == "mps" else part.double()


def _likelier(law: Counts, other: Tensor) -> Tensor:
    """Zero, or the other number where that is more probable."""
    zero = torch.zeros_like(other)
    return torch.where(law.log_mass(other) > law.log_mass(zero), other, zero)


def _first_event(mean: Tensor) -> Tensor:
    """The mean that has passed when a Poisson process of this mean has its first event, given that it has one."""
    return -torch.log1p(torch.rand_like(mean) * torch.expm1(-mean))
