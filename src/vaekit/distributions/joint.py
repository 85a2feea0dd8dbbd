"""Laws that hold the latents of a row together: what any of them needs beside its density and its draws."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit import rng

PAIRS = 16  # of opposite noise, by which means and deviations are found


class Joint(Distribution):
    """A law of latents (B, L) with events (L,) that carries standard normal noise to latents: z = place(noise).

    Who extends it says `place(noise)`, of noise (S, B, L) or (S, 1, L). Mean and deviation are those of a fixed table of noise
    of opposite points with deviation one, so that both are exact where z is a shift and scale of the noise.

    Args:
        batch_shape: of the law.
        latents: L.
        like: a tensor of the precision and on the device of the draws.
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, batch_shape: Size, latents: int, like: Tensor) -> None:
        self._like = like
        super().__init__(batch_shape, Size((latents,)), validate_args=False)

    def place(self, noise: Tensor) -> Tensor:
        raise NotImplementedError

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        shape = Size((*sample_shape, *self.batch_shape, *self.event_shape))
        return self.place(torch.randn(shape, dtype=self._like.dtype, device=self._like.device))

    def _opposite(self) -> Tensor:
        """The fixed table of noise (2 PAIRS, 1, ..., L)."""
        return opposite(len(self.batch_shape), self.event_shape[0]).to(self._like)

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        z = self.place(self._opposite())
        return z.mean(0), z.std(0, correction=0)

    @property
    def mean(self) -> Tensor:
        return self._moments[0]

    @property
    def stddev(self) -> Tensor:
        return self._moments[1]

    @property
    def variance(self) -> Tensor:
        return self._moments[1].square()


@cache
def opposite(lead: int, latents: int) -> Tensor:
    """Noise (2 PAIRS, 1, ..., L) of deviation one, each row of which has its opposite; equal for all laws of a process.

    >>> first, second = opposite(1, 3).chunk(2)
    >>> first.shape, first.equal(-second)
    (torch.Size([16, 1, 3]), True)
    """
    table = rng.table(0, (PAIRS, *[1] * lead, latents), "moments", dtype=torch.float64)
    return torch.cat([table, -table]) / table.square().mean(0).sqrt()


class Remembered:
    """The draw that a law made last, with its log-density: a density of one's own draw costs nothing.

    >>> memory, z = Remembered(), torch.zeros(2)
    >>> memory.keep(z, torch.ones(1)), memory.of(z), memory.of(torch.zeros(2)) is None
    (tensor([0., 0.]), tensor([1.]), True)
    """

    def __init__(self) -> None:
        self._last: tuple[Tensor, int, Tensor] | None = None

    def keep(self, z: Tensor, nats: Tensor) -> Tensor:
        """Remember these draws, and give them back."""
        self._last = (z, z._version, nats)
        return z

    def of(self, z: Tensor) -> Tensor | None:
        """The log-density of these very draws, None for any others, or where they were changed since."""
        if self._last is None or self._last[0] is not z or self._last[1] != z._version:
            return None
        return self._last[2]
