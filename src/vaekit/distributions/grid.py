"""The laws of a grid's cells and of the cells beside it, as one law with one log-probability per cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.distributions.columns import Columns, bisect


class GridColumns(Distribution):
    """log p over cells [ position 1: channels | position 2: channels | ... | beside ].

        cells (..., K) --unflatten--> (..., P, C) -- law of the channels --+--flatten, cat--> (..., K)
                       --take-------> (..., R) ---- law of what is beside -+

    Args:
        grid: batch shape (S, B, P, C).
        beside: batch shape (S, B, R), None without such cells.

    >>> from torch.distributions import Normal
    >>> channels = Columns([Normal(torch.zeros(1, 1, 4, 2), 1.0)], [torch.tensor([0, 1])], torch.tensor([0, 1]))
    >>> GridColumns(channels).log_prob(torch.zeros(1, 8)).shape
    torch.Size([1, 1, 8])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, grid: Columns, beside: Columns | None = None) -> None:
        self.grid, self.beside = grid, beside
        *batch, self.positions, self.channels = grid.batch_shape
        rest = 0 if beside is None else beside.batch_shape[-1]
        super().__init__(Size((*batch, self.positions * self.channels + rest)), validate_args=False)

    def _join(self, part: Callable[[Columns], Tensor]) -> Tensor:
        local = part(self.grid).flatten(-2)
        return local if self.beside is None else torch.cat([local, part(self.beside)], -1)

    def _apply(self, part: Callable[[Columns, Tensor], Tensor], value: Tensor) -> Tensor:
        size = self.positions * self.channels
        local = part(self.grid, value[..., :size].unflatten(-1, (self.positions, self.channels))).flatten(-2)
        return local if self.beside is None else torch.cat([local, part(self.beside, value[..., size:])], -1)

    @property
    def mean(self) -> Tensor:
        return self._join(lambda law: law.mean)

    @property
    def mode(self) -> Tensor:
        return self._join(lambda law: law.mode)

    def best(self) -> Tensor:
        """The best single value of each cell under the mixture over the first axis, (B, K)."""
        return self._join(lambda law: law.best())

    def pooled(self) -> GridColumns:
        """The mixture over the first axis with as few terms as its laws allow."""
        return GridColumns(self.grid.pooled(), None if self.beside is None else self.beside.pooled())

    def quantile(self, level: float | Tensor, steps: int = 40) -> Tensor:
        """Smallest cell whose probability under the mixture over the first axis reaches `level`, (B, K)."""
        return bisect(self.pooled().mixture_cdf, self.batch_shape[1:], self.grid.order.device, level, steps)

    def mixture_cdf(self, value: Tensor) -> Tensor:
        """P(cell <= value) under the mixture over the first axis, for cells (B, K)."""
        return self._apply(lambda law, cells: law.mixture_cdf(cells), value)

    def log_prob(self, value: Tensor) -> Tensor:
        return self._apply(lambda law, cells: law.log_prob(cells), value)

    def cdf(self, value: Tensor) -> Tensor:
        return self._apply(lambda law, cells: law.cdf(cells), value)

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self._join(lambda law: law.sample(sample_shape))
