"""Residual convolutions on images and windows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vaekit.nets.grid import GridSize
from vaekit.nets.straight import Straight
from vaekit.precision import has_fast_half
from vaekit.spec import AtLeastOne, Natural

CONV: dict[int, type[nn.Conv1d] | type[nn.Conv2d]] = {1: nn.Conv1d, 2: nn.Conv2d}


class ConvBlock(nn.Module):
    """x + conv_2(silu(conv_1(silu(x)))), the identity at first (conv_2 = 0), so that no normalisation is needed."""

    def __init__(self, dimensions: int, width: int) -> None:
        super().__init__()
        self.up, self.down = (CONV[dimensions](width, width, 3, padding=1) for _ in range(2))
        self.activation = nn.SiLU()
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(self.activation(self.up(self.activation(x))))


class Double(nn.Module):
    """Sub-pixel convolution (Shi et al. 2016, arXiv 1609.05158) to given positions, each at most twice as many."""

    def __init__(self, dimensions: int, before: int, after: int, shape: tuple[int, ...], kernel: int) -> None:
        super().__init__()
        self.shape, self.after = shape, after
        self.conv = CONV[dimensions](before, after * 2**dimensions, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        d, small = len(self.shape), x.shape[2:]
        # channels stay last in memory, which is what convolutions are fast with
        grown = self.conv(x).movedim(1, -1).unflatten(-1, (*[2] * d, self.after))
        order = [axis for i in range(d) for axis in (1 + i, 1 + d + i)]
        grown = grown.permute(0, *order, -1).reshape(x.shape[0], *(2 * n for n in small), self.after)
        return grown[(slice(None), *(slice(n) for n in self.shape))].movedim(-1, 1)


class Conv(nn.Module):
    """Convolutions of stride two and residual blocks down to a vector, and back.

        features --unflatten--> (local, H, W) -- halve, blocks --> (C, H/4, W/4) --flatten, linear--> encoded
        latents --linear--> (C, H/4, W/4) -- blocks, double --> (last, H, W) --flatten--> decoded

    He, Zhang, Ren, Sun 2016 (arXiv 1603.05027), pre-activation. Where the hardware multiplies bfloat16 faster, training does
    so; answers are computed in single precision.

    Args:
        size: features on the grid and beside it.
        latents: latents that enter the decoder.
        widths: channels after each halving of the positions.
        depth: residual blocks after each halving.
        hidden: length of the vector between grid and latents.
        last: features at each position that the likelihood reads.
        straight: beside the convolutions a linear path, which principal components set and training leaves alone.

    >>> net = Conv(GridSize((28, 20), 2, 0), 8, widths=[4, 8], hidden=16)
    >>> net.encode(torch.zeros(3, 28 * 20 * 2)).shape, net.decode(torch.zeros(5, 3, 8)).shape
    (torch.Size([3, 16]), torch.Size([5, 3, 4496]))
    """

    rich = False
    on_grid = True

    def __init__(
        self, size: GridSize, latents: int, *, widths: list[AtLeastOne] = [32, 64], depth: Natural = 1,  # noqa: B006
        hidden: AtLeastOne = 256, last: AtLeastOne = 8, straight: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        d = len(size.shape)
        shapes = [size.shape]
        for _ in widths:
            shapes.append(tuple(math.ceil(n / 2) for n in shapes[-1]))
        self.size, self.small = size, (widths[-1], *shapes[-1])
        self.straight = Straight(size, latents) if straight else None
        self.local, self.beside = last + size.channels * straight, hidden
        self.encoded, self.decoded = hidden + 2 * latents * straight, math.prod(size.shape) * self.local + hidden
        self.activation = nn.SiLU()

        def blocks(width: int) -> list[nn.Module]:
            return [*(ConvBlock(d, width) for _ in range(depth)), nn.SiLU()]

        down, up, before = [], [], size.local
        for width in widths:
            down += [CONV[d](before, width, 3, stride=2, padding=1), *blocks(width)]
            before = width
        for i in reversed(range(len(widths))):
            after = widths[i - 1] if i else last
            up += [*blocks(widths[i]), Double(d, widths[i], after, shapes[i], 1 if i else 3)]
        self._down, self._up = nn.Sequential(*down), nn.Sequential(*up)
        self._in = nn.Linear(math.prod(self.small) + size.beside, hidden)
        self._out, self._grow = nn.Linear(latents, hidden), nn.Linear(hidden, math.prod(self.small))

    def encode(self, features: Tensor) -> Tensor:
        lead, inside = features.shape[:-1], math.prod(self.size.shape) * self.size.local
        rows = features.reshape(-1, features.shape[-1])
        grid = rows[:, :inside].unflatten(-1, (*self.size.shape, self.size.local)).movedim(-1, 1)
        with self._precision(features.device):
            flat = torch.cat([self._down(grid).flatten(1), rows[:, inside:]], -1)
            found = self.activation(self._in(flat)).to(features.dtype)
        if self.straight is not None:
            found = torch.cat([found, self.straight.encode(rows)], -1)
        return found.unflatten(0, lead)

    def decode(self, latents: Tensor) -> Tensor:
        lead = latents.shape[:-1]
        with self._precision(latents.device):
            rows = latents.reshape(-1, latents.shape[-1])
            beside = self.activation(self._out(rows))
            grid = self._up(self._grow(beside).unflatten(-1, (*self.small[1:], self.small[0])).movedim(-1, 1))
            local, beside = grid.movedim(1, -1).flatten(1, -2).to(rows.dtype), beside.to(rows.dtype)
        if self.straight is not None:
            local = torch.cat([local, self.straight.decode(rows)], -1)
        return torch.cat([local.flatten(1), beside], -1).unflatten(0, lead)

    def _precision(self, device: torch.device) -> torch.autocast:
        return torch.autocast(device.type, torch.bfloat16, enabled=self.training and multiplies_bfloat16(device))


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether matrix products of bfloat16 are faster there than those of single precision."""
    if device.type == "cpu":
        return has_fast_half()
    return device.type == "cuda" and torch.cuda.is_bf16_supported()
