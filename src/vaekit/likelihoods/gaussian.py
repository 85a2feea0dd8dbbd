"""Numbers under a normal law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import NormalCell
from vaekit.likelihoods.head import Head, positive, units
from vaekit.spec import Positive


class GaussianLikelihood(nn.Module):
    """p(x|z) = N(x; mu(z), sigma^2), in cell units.

    Kingma and Welling 2014 (arXiv 1312.6114); a learned scale per column is sigma-VAE (Rybkin et al. 2021, arXiv 2006.13202).

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        scale: "learned" lets sigma depend on z, "shared" learns one per column, a number fixes it; the summed squared
            error of the tutorials is the fixed variance one half, scale = 0.7071.
        mean: "identity", or "sigmoid" for cells in [0, 1].
        floor: least learned or shared sigma, in standard deviations of the column.
    """

    kinds: ClassVar[tuple[str, ...]] = ("real", "datetime", "positive", "count", "mixed", "ordinal", "binary")

    def __init__(
        self,
        features: int,
        fields: Sequence[Field],
        *,
        scale: Literal["learned", "shared"] | Positive = "learned",
        mean: Literal["identity", "sigmoid"] = "identity",
        floor: Positive = 0.02,
    ) -> None:
        super().__init__()
        self.scale, self.mean, self.floor = scale, mean, floor
        K = len(fields)
        self.units = units(fields)
        self.head = Head(features, torch.zeros(K, 2 if scale == "learned" else 1))
        self.raw = nn.Parameter(torch.zeros(K)) if scale == "shared" else None

    def forward(self, features: Tensor) -> NormalCell:
        parameters = self.head(features)
        loc = parameters[..., 0].sigmoid() if self.mean == "sigmoid" else parameters[..., 0]
        return self.law(loc, self._sigma(parameters).expand(loc.shape))

    def law(self, loc: Tensor, sigma: Tensor) -> NormalCell:
        return NormalCell(loc, sigma, self.units)

    def _sigma(self, parameters: Tensor) -> Tensor:
        if isinstance(self.scale, float | int):
            return torch.as_tensor(float(self.scale), dtype=parameters.dtype, device=parameters.device)
        return positive(parameters[..., 1] if self.raw is None else self.raw, self.floor)
