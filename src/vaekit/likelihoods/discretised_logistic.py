"""Pixels of whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import DiscretisedLogistic
from vaekit.errors import SpecError
from vaekit.likelihoods.head import Head, centres, pixel_spread, positive, raw_of
from vaekit.spec import AtLeastOne, Positive


class DiscretisedLogisticLikelihood(nn.Module):
    """P(x|z): a mixture of logistic laws cut between the levels of a pixel, so that log-probabilities are those of values.

    Salimans et al. 2017 (arXiv 1701.05517), each channel by itself.

    Args:
        features: features of the decoder.
        fields: K channels of pixels with whole numbers.
        components: logistic laws in each mixture.
        floor: least scale of a component, in levels.

    Raises:
        SpecError: pixels that are no whole numbers have no levels.
    """

    kinds = ("pixel",)

    levels: Tensor

    def __init__(
        self, features: int, fields: Sequence[Field], *, components: AtLeastOne = 1, floor: Positive = 0.1
    ) -> None:
        super().__init__()
        if bare := [field.name for field in fields if field.resolution <= 0]:
            raise SpecError(
                f"likelihood for {bare[0]!r}: the pixels are decimal numbers, it serves whole ones",
                hint="'gaussian' serves these, or give the images as uint8",
            )
        levels = torch.tensor([round(field.std / field.resolution) + 1.0 for field in fields])
        self.register_buffer("levels", levels.clamp(min=2), persistent=False)
        self.components, self.floor = components, floor
        self.head = Head(features, torch.tensor(np.stack([_start(field, components) for field in fields])).float())

    def forward(self, features: Tensor) -> DiscretisedLogistic:
        logits, loc, raw = self.head(features).unflatten(-1, (3, self.components)).unbind(-2)
        floor = (self.floor / (self.levels - 1))[:, None].to(raw.dtype)
        return DiscretisedLogistic(logits, loc, positive(raw, floor), self.levels)

    def masses(self, cells: Tensor) -> Tensor:
        """Every level has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)


def _start(field: Field, components: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Equal shares, centres at the quantiles, and a spread that the components divide among them, (3 C,)."""
    centre, spread = pixel_spread(field)
    scale = math.sqrt(3) / math.pi * spread / math.sqrt(components)
    return np.concatenate(
        [np.zeros(components), centres(field, components, centre, 1.0), np.full(components, raw_of(scale))]
    )
