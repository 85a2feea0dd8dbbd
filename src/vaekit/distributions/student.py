"""Student's t law of a cell: numbers with far outliers."""

from __future__ import annotations

from torch import Tensor
from torch.distributions import StudentT

from vaekit.distributions.scale import Scale
from vaekit.distributions.special import student_cdf


class StudentCell(StudentT):
    """cell ~ loc + scale T with T Student's t of `df` > 1 degrees of freedom: a normal law whose tails fall as a power.

    On a log scale no mean exists, since the tails of e^T have none: there `mean` is the middle of the law, its median.

    Args:
        df: (..., K) or (K,), degrees of freedom.
        loc, scale: (..., K), in cell units.
        units: from cells to numbers.

    >>> import torch
    >>> units = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> law = StudentCell(torch.tensor([3.0]), torch.zeros(1), torch.ones(1), units)
    >>> law.cdf(torch.tensor([0.0])), law.log_prob(torch.tensor([100.0])) > -20
    (tensor([0.5000]), tensor([True]))
    """

    def __init__(self, df: Tensor, loc: Tensor, scale: Tensor, units: Scale) -> None:
        super().__init__(df, loc, scale, validate_args=False)
        self.units = units

    @property
    def mean(self) -> Tensor:
        return self.loc

    def cdf(self, value: Tensor) -> Tensor:
        return student_cdf(self.df, (value - self.loc) / self.scale)

    def best(self) -> Tensor:
        """The cell of the expected number under the mixture over the first axis; of the average median on a log scale."""
        return self.units.pooled(self.mean)

    def pooled(self) -> StudentCell:
        return self
