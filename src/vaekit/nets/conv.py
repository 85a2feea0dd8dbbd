"""Residual convolutions on images and windows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vaekit.nets.grid import GridSize
from vaekit.spec import AtLeastOne, Natural

CONV: dict[int, type[nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d}


class ConvBlock(nn.Module):
    """x + conv_2(silu(conv_1(norm(x)))), the identity at first (conv_2 = 0)."""

    def __init__(self, dimensions: int, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.up = CONV[dimensions](width, width, 3, padding=1)
        self.down = CONV[dimensions](width, width, 3, padding=1)
        self.activation = nn.SiLU()
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(self.activation(self.up(self.norm(x))))


class Halve(nn.Module):
    """A convolution of stride two: positions n become ceil(n / 2)."""

    def __init__(self, dimensions: int, before: int, after: int) -> None:
        super().__init__()
        self.conv = CONV[dimensions](before, after, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Double(nn.Module):
    """Sub-pixel convolution (Shi et al. 2016, arXiv 1609.05158) to given positions, each at most twice as many."""

    def __init__(self, dimensions: int, before: int, after: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape, self.after = shape, after
        self.conv = CONV[dimensions](before, after * 2**dimensions, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        n, d = x.shape[2:], len(self.shape)
        x = x.unflatten(1, (self.after, *[2] * d))  # (N, C, 2, 2, h, w)
        order = [axis for i in range(d) for axis in (2 + d + i, 2 + i)]
        x = x.permute(0, 1, *order).reshape(len(x), self.after, *(2 * size for size in n))
        return x[(..., *(slice(size) for size in self.shape))]


class Conv(nn.Module):
    """Convolutions of stride two and residual blocks down to a vector, and back.

        features --unflatten--> (local, H, W) -- halve, blocks --> (2 width, H/4, W/4) --flatten, linear--> encoded
        latents --linear--> (2 width, H/4, W/4) -- blocks, double --> (width, H, W) --flatten--> decoded

    Args:
        size: features on the grid and beside it.
        latents: latents that enter the decoder.
        width: channels after the first halving, twice as many after the second.
        halvings: how often the positions are halved.
        depth: residual blocks between two halvings.
        hidden: length of the vector between grid and latents.
        last: features at each position that the likelihood reads.

    >>> net = Conv(GridSize((28, 20), 2, 0), 8, width=4, hidden=16)
    >>> net.encode(torch.zeros(3, 28 * 20 * 2)).shape, net.decode(torch.zeros(5, 3, 8)).shape
    (torch.Size([3, 16]), torch.Size([5, 3, 4480]))
    """

    rich = False
    on_grid = True

    def __init__(
        self, size: GridSize, latents: int, *, width: AtLeastOne = 32, halvings: AtLeastOne = 2, depth: Natural = 1,
        hidden: AtLeastOne = 256, last: AtLeastOne = 8,
    ) -> None:  # fmt: skip
        super().__init__()
        d = len(size.shape)
        shapes = [size.shape]
        for _ in range(halvings):
            shapes.append(tuple(math.ceil(n / 2) for n in shapes[-1]))
        widths = [size.local, *(width * 2**i for i in range(halvings))]
        self.size, self.small = size, (widths[-1], *shapes[-1])
        self._down = nn.Sequential(*(
            layer for i in range(halvings)
            for layer in (Halve(d, *widths[i : i + 2]), *(ConvBlock(d, widths[i + 1]) for _ in range(depth)))
        ))  # fmt: skip
        self._in = nn.Linear(math.prod(self.small) + size.beside, hidden)
        self._out = nn.Linear(latents, hidden)
        self._grow = nn.Linear(hidden, math.prod(self.small))
        back = [last, *widths[1:]]
        self._up = nn.Sequential(*(
            layer for i in reversed(range(halvings))
            for layer in (*(ConvBlock(d, back[i + 1]) for _ in range(depth)), nn.SiLU(), Double(d, back[i + 1], back[i], shapes[i]))
        ))  # fmt: skip
        self.local, self.beside = last, hidden
        self.encoded, self.decoded = hidden, math.prod(size.shape) * last + hidden
        self.activation = nn.SiLU()

    def encode(self, features: Tensor) -> Tensor:
        lead, inside = features.shape[:-1], math.prod(self.size.shape) * self.size.local
        rows = features.reshape(-1, features.shape[-1])
        grid = rows[:, :inside].unflatten(-1, (*self.size.shape, self.size.local)).movedim(-1, 1)
        flat = torch.cat([self._down(grid).flatten(1), rows[:, inside:]], -1)
        return self.activation(self._in(flat)).unflatten(0, lead)

    def decode(self, latents: Tensor) -> Tensor:
        lead = latents.shape[:-1]
        beside = self.activation(self._out(latents.reshape(-1, latents.shape[-1])))
        grid = self._up(self._grow(beside).unflatten(-1, self.small))
        return torch.cat([grid.movedim(1, -1).flatten(1), beside], -1).unflatten(0, lead)
