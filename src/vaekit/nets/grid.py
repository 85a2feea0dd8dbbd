"""What nets on a grid share: the sizes they are built for, and the embedding that repeats over positions."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaekit.codec.layout import Layout
from vaekit.nets.embed import Embed


class GridSize(NamedTuple):
    """Features on a grid: `local` ones at each position of `shape`, then `beside` ones of what lies outside.

    Each position holds so many `channels`, of which the `numbers` come first among its features, in that order; the observed
    flags of all channels come last where there are `flags`.
    """

    shape: tuple[int, ...]
    local: int
    beside: int
    channels: int = 1
    numbers: tuple[int, ...] = ()
    flags: bool = True

    @property
    def features(self) -> int:
        """All of them in one row."""
        return math.prod(self.shape) * self.local + self.beside


class GridEmbed(nn.Module):
    """(cells (..., K + G), observed) -> features (..., F) = [ position 1 | position 2 | ... | beside ].

    The channels of every position pass through one embedding; plain and given cells pass through another.

    Args:
        layout: how the cells lie.
        flags: add the observed flags.
        squash: damp far values.
    """

    def __init__(self, layout: Layout, *, flags: bool = True, squash: bool = True) -> None:
        super().__init__()
        beside = [*layout.plain, *layout.given]
        self.grid, self.positions = layout.grid, layout.positions
        self.local = Embed(layout.channels, coded=[False] * len(layout.channels), flags=flags, squash=squash)
        self.beside = Embed(beside, coded=[False] * len(beside), flags=flags, squash=squash) if beside else None
        self.size = GridSize(
            layout.shape, self.local.features, self.beside.features if self.beside else 0, len(layout.channels),
            tuple(self.local.numbers.tolist()), flags,
        )  # fmt: skip
        self.features = self.size.features

    def forward(self, cells: Tensor, observed: Tensor) -> Tensor:
        places = (part[..., : self.grid].unflatten(-1, (self.positions, -1)) for part in (cells, observed))
        local = self.local(*places).flatten(-2)
        if self.beside is None:
            return local
        return torch.cat([local, self.beside(cells[..., self.grid :], observed[..., self.grid :])], -1)
