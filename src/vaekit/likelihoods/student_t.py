"""Numbers with far outliers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import StudentCell
from vaekit.likelihoods.gaussian import numeric_start, scale_floors
from vaekit.likelihoods.head import Head, positive, raw_of, units
from vaekit.spec import Positive

LEAST, MOST = 1.0, 200.0  # degrees of freedom: below 1 a mean does not exist, beyond 200 the law is normal
USUAL = 5.0  # where training begins


class StudentTLikelihood(nn.Module):
    """p(x|z) = Student's t(x; df, mu(z), sigma(z)), in cell units: outliers neither move the mean far nor cost without end.

    Location and scale depend on z, the degrees of freedom (between 1 and 200) are learned, one number a column. Lange, Little
    and Taylor 1989, Robust statistical modeling using the t distribution (JASA 84).

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        floor: least scale, in cell units: standard deviations of a column, shares of a pixel's range. None is 0.02, and for
            pixels half a grey level (0.002).
    """

    kinds = ("real", "datetime", "positive", "count", "mixed", "pixel")

    def __init__(self, features: int, fields: Sequence[Field], *, floor: Positive | None = None) -> None:
        super().__init__()
        self.units, self.floors = units(fields), scale_floors(fields, floor)
        self.head = Head(features, torch.tensor([numeric_start(field) for field in fields]))
        # softplus(raw) adds to 1 / (MOST - LEAST), and the sum is 1 / (df - LEAST): gradients last up to the normal law
        tail = raw_of(1 / (USUAL - LEAST) - 1 / (MOST - LEAST))
        self.raw_tail = nn.Parameter(torch.full((len(fields),), tail))

    def forward(self, features: Tensor) -> StudentCell:
        loc, raw = self.head(features).unbind(-1)
        df = LEAST + 1 / positive(self.raw_tail, 1 / (MOST - LEAST))
        return StudentCell(df, loc, positive(raw, raw.new_tensor(self.floors)), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """No cell has a probability: all of them have densities."""
        return torch.zeros_like(cells, dtype=torch.bool)
