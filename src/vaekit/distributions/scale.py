"""From cells to numbers and back, for columns that the codec put on a linear, log or log(1 + n) scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

TRANSFORMS = ("linear", "log", "log1p")
LEAST = -80.0  # log of a share: what is less adds nothing, and its exponential takes ten times as long


class Scale(nn.Module):
    """cell = (T(number) - mean) / std with T the identity, log or log(1 + n), column by column.

    >>> scale = Scale(["log"], torch.zeros(1), torch.ones(1))
    >>> scale.number(scale.cell(torch.tensor([5.0])))
    tensor([5.])
    """

    mean: Tensor
    std: Tensor
    kind: Tensor
    linear: Tensor
    shift: Tensor
    growth: Tensor

    def __init__(self, transforms: Sequence[str], mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.float(), persistent=False)
        self.register_buffer("std", std.float(), persistent=False)
        self.curved = any(name != "linear" for name in transforms)
        self.register_buffer("kind", torch.tensor([TRANSFORMS.index(name) for name in transforms]), persistent=False)
        self.register_buffer("linear", self.kind == 0, persistent=False)
        self.register_buffer("growth", std.float().where(self.kind > 0, 0.0), persistent=False)
        self.register_buffer("shift", (self.kind == 2).float(), persistent=False)

    def number(self, cells: Tensor) -> Tensor:
        inner = cells * self.std + self.mean
        if not self.curved:
            return inner
        grown = inner.clamp(max=80.0).exp()
        return torch.where(self.linear, inner, grown - self.shift)

    def cell(self, numbers: Tensor) -> Tensor:
        scaled = (numbers + self.shift).clamp(min=1e-30).log()
        return (torch.where(self.linear, numbers, scaled) - self.mean) / self.std

    def whole(self, cells: Tensor) -> Tensor:
        """The whole number from zero on next to each cell."""
        return self.number(cells).clamp(min=0).round()

    def whole_below(self, cells: Tensor) -> Tensor:
        """The largest whole number that is not above each cell, -1 below zero."""
        number = self.number(cells)  # in single precision it lies beside its own whole number
        slack = (1e-4 + 4e-6 * number.abs()).clamp(max=0.4)
        return torch.where(number > -slack, (number + slack).floor(), -1.0)

    def average(self, cells: Tensor, log_share: Tensor) -> Tensor:
        """The cell of the expected number, (..., K), of cells (..., K, M) that have these log shares.

        Taken in cells, since numbers far from zero, such as seconds since 1970, lose their digits in single precision.

        >>> scale = Scale(["log"], torch.zeros(1), torch.ones(1))
        >>> round(scale.average(torch.tensor([[1.0, 3.0]]).log(), torch.tensor(0.5).log()).exp().item(), 4)
        2.0
        """
        log_share = log_share.clamp(min=LEAST)
        grown = (cells * self.growth[:, None] + log_share).logsumexp(-1) / self.std if self.curved else None
        plain = (cells * log_share.exp_()).sum(-1)
        return plain if grown is None else torch.where(self.linear, plain, grown)

    def pooled(self, cells: Tensor) -> Tensor:
        """The cell of the average number over the first axis of cells (S, ..., K)."""
        return self.average(
            cells.movedim(0, -1), torch.full((), -math.log(len(cells)), dtype=cells.dtype).to(cells.device)
        )
