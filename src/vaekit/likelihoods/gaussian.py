"""Numbers under a normal law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import NormalCell
from vaekit.likelihoods.head import Head, pixel_spread, positive, raw_of, units
from vaekit.spec import Positive

MEMORY = 0.95  # weight of the past in the running mean of the squared errors
FLOOR, GREY = 0.02, 0.5 / 255  # least sigma of a number and of a pixel


class GaussianLikelihood(nn.Module):
    """p(x|z) = N(x; mu(z), sigma^2), in cell units.

    Kingma and Welling 2014 (arXiv 1312.6114); a learned scale per column is sigma-VAE (Rybkin et al. 2021, arXiv 2006.13202).

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        scale: "learned" lets sigma depend on z, "shared" learns one per column, a number fixes it; the summed squared
            error of the tutorials is the fixed variance one half, scale = 0.7071. "optimal" is, in training, the root of the
            mean squared error of each column over the batch, and afterwards that of its running mean (`attend`). "residual"
            is 1 while the model trains, so that every column counts alike, and then what the model leaves unexplained of
            each column (`settle`).
        mean: "identity", or "sigmoid" for cells in [0, 1].
        floor: least learned or shared sigma, in cell units: standard deviations of a column, shares of a pixel's range. None
            is 0.02, and for pixels half a grey level (0.002), since a pixel that never varies has no density otherwise.
    """

    sigma: Tensor
    error: Tensor
    batch_error: Tensor
    kinds: ClassVar[tuple[str, ...]] = ("real", "datetime", "positive", "count", "mixed", "ordinal", "binary", "pixel")

    def __init__(
        self,
        features: int,
        fields: Sequence[Field],
        *,
        scale: Literal["learned", "shared", "optimal", "residual"] | Positive = "learned",
        mean: Literal["identity", "sigmoid"] = "identity",
        floor: Positive | None = None,
    ) -> None:
        super().__init__()
        self.scale, self.mean, self.units = scale, mean, units(fields)
        self.floors = scale_floors(fields, floor)
        start = torch.tensor([numeric_start(field, mean) for field in fields])
        self.head = Head(features, start[:, : 2 if scale == "learned" else 1])
        self.raw = nn.Parameter(start[:, 1].clone()) if scale == "shared" else None
        if scale == "residual":
            self.register_buffer("sigma", torch.ones(len(fields)))
        if scale == "optimal":
            self.register_buffer("error", start[:, 1].new_tensor([_variance(field) for field in fields]))
            self.register_buffer("batch_error", self.error.clone(), persistent=False)

    def forward(self, features: Tensor) -> NormalCell:
        parameters = self.head(features).unbind(-1)
        loc = self._loc(parameters)
        return self.law(loc, self._sigma(parameters).expand(loc.shape))

    def masses(self, cells: Tensor) -> Tensor:
        """No cell has a probability: all of them have densities."""
        return torch.zeros_like(cells, dtype=torch.bool)

    @torch.no_grad()
    def settle(self, error: Tensor) -> None:
        """Take the root of the mean squared residual (K,) of each column as its sigma, where sigma waits for it."""
        if self.scale == "residual":
            self.sigma.copy_(error.sqrt().maximum(error.new_tensor(self.floors)))

    @torch.no_grad()
    def attend(self, features: Tensor, cells: Tensor, observed: Tensor, weights: Tensor | None = None) -> None:
        """Where sigma is the optimal one, take it from these training rows: cells and observed (B, ..., K).

        `weights` (S, B) are those of the latents that the features (S, B, ..., F) come from; None where all weigh the same.

        At sigma^2 = mean (x - mu)^2 the bound has no slope in sigma, so by the envelope theorem its gradient is the same
        whether sigma follows mu or is held fixed as it is here: nothing flows through it.
        """
        if self.scale != "optimal":
            return
        squares = (cells - self._loc(self.head(features).unbind(-1))).square()
        weight = observed.to(squares.dtype).expand(squares.shape)
        if weights is not None:
            weight = weight * weights.reshape(*weights.shape, *[1] * (squares.dim() - 2))
        total, seen = ((part * weight).flatten(0, -2).sum(0) for part in (squares, torch.ones_like(squares)))
        error = torch.where((seen > 0) & total.isfinite(), total / seen.clamp(min=1e-12), self.batch_error)
        self.batch_error.copy_(error)
        self.error.lerp_(error, 1 - MEMORY)

    def law(self, loc: Tensor, sigma: Tensor) -> NormalCell:
        return NormalCell(loc, sigma, self.units)

    def _loc(self, parameters: Sequence[Tensor]) -> Tensor:
        return parameters[0].sigmoid() if self.mean == "sigmoid" else parameters[0]

    def _sigma(self, parameters: Sequence[Tensor]) -> Tensor:
        if self.scale == "residual":
            return self.sigma
        if self.scale == "optimal":
            error = self.batch_error if self.training else self.error
            return error.sqrt().maximum(error.new_tensor(self.floors))
        if isinstance(self.scale, float | int):
            return torch.as_tensor(float(self.scale), dtype=parameters[0].dtype, device=parameters[0].device)
        raw = parameters[1] if self.raw is None else self.raw
        return positive(raw, self.floors[0] if len(set(self.floors)) == 1 else raw.new_tensor(self.floors))


def _variance(field: Field) -> float:
    """Of a column's cells: what a model that knows nothing leaves unexplained."""
    return pixel_spread(field)[1] ** 2 if field.kind == "pixel" else 1.0


def scale_floors(fields: Sequence[Field], floor: float | None) -> list[float]:
    """The least scale of each column: the one that was asked for, or what suits a number and a pixel."""
    return [floor or (GREY if field.kind == "pixel" else FLOOR) for field in fields]


def numeric_start(field: Field, mean: str = "identity") -> tuple[float, float]:
    """Raw mean and scale: 0 and one standard deviation, or where a channel's pixels lie and how far they spread."""
    if field.kind != "pixel":
        return 0.0, 0.0
    centre, spread = pixel_spread(field)
    return math.log(centre / (1 - centre)) if mean == "sigmoid" else centre, raw_of(spread)
