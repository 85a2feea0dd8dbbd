"""A law of whole numbers, seen in the cells of a count column."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.distributions.counts import Counts, wide
from vaekit.distributions.scale import Scale


class CountCell(Distribution):
    """P(cell) = P(n) for the whole number n of the cell.

    Args:
        counts: the law of n, batch shape (..., K).
        units: from cells to counts.

    >>> from vaekit.distributions.counts import NegativeBinomial
    >>> units = Scale(["log1p"], torch.zeros(1), torch.ones(1))
    >>> law = CountCell(NegativeBinomial(torch.tensor([1.0]), torch.tensor([0.5])), units)
    >>> round(float(law.log_prob(torch.log1p(torch.arange(1_000.0))[:, None]).exp().sum()), 4)
    1.0
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, counts: Counts, units: Scale) -> None:
        self.counts, self.units = counts, units
        super().__init__(counts.shape, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.counts.log_mass(wide(self.units.whole(value))).to(value.dtype)

    def cdf(self, value: Tensor) -> Tensor:
        number = wide(self.units.whole_below(value))
        return torch.where(number < 0, 0.0, self.counts.below(number.clamp(min=0))).to(value.dtype)

    @property
    def mean(self) -> Tensor:
        """The cell of the expected count."""
        return self._cell(self.counts.mean())

    @property
    def mode(self) -> Tensor:
        """The cell of the most probable count."""
        return self._cell(self.counts.mode())

    def best(self) -> Tensor:
        """The cell of the expected count under the mixture over the first axis."""
        return self._cell(self.counts.mean().mean(0))

    def pooled(self) -> CountCell:
        return self

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        with torch.no_grad():
            return self._cell(self.counts.draw(self._extended_shape(Size(sample_shape))))

    def _cell(self, number: Tensor) -> Tensor:
        return self.units.cell(number).to(self.units.std.dtype)
