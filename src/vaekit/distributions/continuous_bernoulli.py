"""The continuous Bernoulli law: numbers between 0 and 1 with a density."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.distributions.discrete_normal import log_sinhc
from vaekit.distributions.scale import Scale

EVEN = 0.1  # logits nearer to zero are expanded in a series
ROUNDING = 1e-6  # a number in single precision may lie so far outside [0, 1]
OUTSIDE = 1e3  # nats that a number outside costs: no chance at all, and still a number


class ContinuousBernoulliCell(Distribution):
    """p(x) = C(lambda) lambda^x (1 - lambda)^(1 - x) on [0, 1]: the cross-entropy of grey levels, made a density.

    With the logit r of lambda, log p(x) = r (x - 1/2) - log(sinh(r / 2) / (r / 2)), which has no gap at lambda = 1/2, where
    the usual constant is 0 / 0. Loaiza-Ganem and Cunningham 2019 (arXiv 1907.06845).

    Args:
        logits: (..., K).
        units: from cells to numbers in [0, 1], on a linear scale.

    >>> units = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> law = ContinuousBernoulliCell(torch.tensor([0.0, 4.0]), units)
    >>> law.log_prob(torch.tensor([0.3, 1.0])), law.mean
    (tensor([0.0000, 1.4048]), tensor([0.5000, 0.7687]))
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, units: Scale) -> None:
        self.logits, self.units = logits, units
        super().__init__(logits.shape, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        number = self.units.number(value)
        inside = number.clamp(0, 1)
        log = self.logits * (inside - 0.5) - log_sinhc((self.logits / 2).abs()) + self.units.std.log()
        return log - OUTSIDE * ((number - inside).abs() > ROUNDING)

    def cdf(self, value: Tensor) -> Tensor:
        number, steep = self.units.number(value).clamp(0, 1), self.logits.abs()
        # from the end where the density is high: (1 - e^(-a y)) / (1 - e^(-a)) for the distance y to it
        near = torch.where(self.logits < 0, number, 1 - number)
        a = steep.clamp(min=EVEN / 1e3)
        below = torch.expm1(-a * near) / torch.expm1(-a)
        return torch.where(self.logits < 0, below, 1 - below)

    @property
    def mean(self) -> Tensor:
        r, even = self.logits, self.logits.abs() < EVEN
        safe = torch.where(even, 1.0, r)
        number = torch.where(even, 0.5 + r / 12 - r**3 / 720, 0.5 + 0.5 / torch.tanh(safe / 2) - 1 / safe)
        return self.units.cell(number)

    @property
    def mode(self) -> Tensor:
        return self.units.cell((self.logits > 0).to(self.logits.dtype))

    def best(self) -> Tensor:
        """The cell of the expected number under the mixture over the first axis."""
        return self.units.pooled(self.mean)

    def pooled(self) -> ContinuousBernoulliCell:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        with torch.no_grad():
            a = self.logits.abs().clamp(min=EVEN / 1e3)
            uniform = torch.rand(*sample_shape, *a.shape, dtype=a.dtype, device=a.device)
            near = -torch.log1p(uniform * torch.expm1(-a)) / a
            return self.units.cell(torch.where(self.logits < 0, near, 1 - near).clamp(0, 1))
