"""One likelihood for all positions of a grid, and one for the cells beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vaekit.codec.layout import Layout
from vaekit.distributions import Columns
from vaekit.distributions.grid import GridColumns
from vaekit.likelihoods.mix import Mix
from vaekit.nets.grid import GridSize


class GridMix(nn.Module):
    """p(x|z) = prod_positions prod_channels p_c(cell|local features) prod_k p_k(plain cell|features beside the grid).

        decoder features (S, B, F) --> (S, B, P, local) -- the same heads at every position --> Columns (S, B, P, C) --+
                                   --> (S, B, beside) ------------- heads of their own -------> Columns (S, B, R) -----+
                                                                                                GridColumns (S, B, K) <'

    Args:
        size: of the decoder's features.
        layout: the cells.
        chosen: the likelihood of each channel, then of each plain column.
    """

    def __init__(self, size: GridSize, layout: Layout, chosen: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        C = len(layout.channels)
        self.size, self.positions = size, layout.positions
        self.grid = Mix(size.local, layout.channels, chosen[:C])
        self.beside = Mix(size.beside, layout.plain, chosen[C:]) if layout.plain else None

    def forward(self, features: Tensor) -> GridColumns:
        local, rest = self._split(features, self.size.local)
        return GridColumns(self.grid(local), self.beside(rest) if self.beside is not None else None)

    def attend(self, features: Tensor, cells: Tensor, observed: Tensor, weights: Tensor | None = None) -> None:
        """Show every likelihood that learns from them the rows of a training step: cells and observed (B, K)."""
        local, rest = self._split(features, self.size.local)
        (inside, beside), (seen, known) = (self._split(each, self.grid.K) for each in (cells, observed))
        self.grid.attend(local, inside, seen, weights)
        if self.beside is not None:
            self.beside.attend(rest, beside, known, weights)

    def _split(self, flat: Tensor, each: int) -> tuple[Tensor, Tensor]:
        """What belongs to positions, (..., P, each), and what lies beside the grid."""
        inside = self.positions * each
        return flat[..., :inside].unflatten(-1, (self.positions, each)), flat[..., inside:]

    def only(self, features: Tensor, k: int) -> Columns:
        """The law of cell k alone, batch shape (S, B, 1)."""
        C, local = self.grid.K, self.size.local
        if k >= self.positions * C:
            assert self.beside is not None, "the cell lies beside the grid"
            return self.beside.only(features[..., self.positions * local :], k - self.positions * C)
        at = k // C * local
        return self.grid.only(features[..., at : at + local], k % C)

    def settle(self, error: Tensor) -> None:
        """Tell every likelihood that waits for it the mean squared residuals (K,) of the trained model."""
        inside = self.positions * self.grid.K
        self.grid.settle(error[:inside].reshape(self.positions, -1).mean(0))
        if self.beside is not None:
            self.beside.settle(error[inside:])

    def masses(self, cells: Tensor) -> Tensor:
        """Flags (B, K) of the cells that have a probability rather than a density."""
        inside = cells[:, : self.positions * self.grid.K]
        flags = self.grid.masses(inside.reshape(-1, self.grid.K)).reshape(inside.shape)
        return flags if self.beside is None else torch.cat([flags, self.beside.masses(cells[:, inside.shape[1] :])], -1)
