"""Numbers around several centres."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import NormalMixture
from vaekit.likelihoods.gaussian import scale_floors
from vaekit.likelihoods.head import Head, centres, pixel_spread, positive, raw_of, units
from vaekit.spec import AtLeastOne, Positive


class GaussianMixtureLikelihood(nn.Module):
    """p(x|z) = sum_c share_c(z) N(x; mu_c(z), sigma_c(z)^2), in cell units: a column may have several likely values at once.

    A mixture density network, Bishop 1994 (Aston University, NCRG/94/004).

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        components: normal laws in each mixture.
        floor: least sigma of a component, in cell units: standard deviations of a column, shares of a pixel's range. None is
            0.02, and for pixels half a grey level (0.002).
    """

    kinds = ("real", "datetime", "positive", "count", "mixed", "pixel")

    def __init__(
        self, features: int, fields: Sequence[Field], *, components: AtLeastOne = 5, floor: Positive | None = None
    ) -> None:
        super().__init__()
        self.components, self.units, self.floors = components, units(fields), scale_floors(fields, floor)
        self.head = Head(features, torch.tensor(np.stack([_start(field, components) for field in fields])).float())

    def forward(self, features: Tensor) -> NormalMixture:
        logits, loc, raw = self.head(features).unflatten(-1, (3, self.components)).unbind(-2)
        return NormalMixture(logits, loc, positive(raw, raw.new_tensor(self.floors)[:, None]), self.units)

    def masses(self, cells: Tensor) -> Tensor:
        """No cell has a probability: all of them have densities."""
        return torch.zeros_like(cells, dtype=torch.bool)


def _start(field: Field, components: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Equal shares, centres at the quantiles, and the column's spread divided among the components, (3 C,)."""
    centre, spread = pixel_spread(field) if field.kind == "pixel" else (0.0, 1.0)
    scale = raw_of(spread / math.sqrt(components))
    return np.concatenate(
        [np.zeros(components), centres(field, components, centre, spread), np.full(components, scale)]
    )
