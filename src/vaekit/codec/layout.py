"""How the cells of a row are arranged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from vaekit.codec.field import Field

Each = TypeVar("Each")


@dataclass(frozen=True, eq=False)
class Layout:
    """A grid of positions by channels first, then plain cells, then cells that are given.

        cells (B, K + G) = [ position 1: channels | position 2: channels | ... | plain | given ]
                             `---- the pixels of an image, the steps of a window ----'

    A table is plain cells alone.

    Args:
        plain: the modelled columns outside the grid.
        given: the columns that the model is conditioned on (G).
        shape: of the positions: (H, W) of images, (T,) of windows, () of tables.
        channels: what each position holds, once for all positions.

    >>> image = Layout((Field("digit", "categorical", levels=10),), shape=(28, 28), channels=(Field("image", "pixel"),))
    >>> image.positions, image.K, image.names[29], image.names[-1]
    (784, 785, 'image[1,1]', 'digit')
    """

    plain: tuple[Field, ...]
    given: tuple[Field, ...] = ()
    shape: tuple[int, ...] = ()
    channels: tuple[Field, ...] = ()

    @property
    def positions(self) -> int:
        """How many positions the grid has, 0 without one."""
        return math.prod(self.shape) if self.shape else 0

    @property
    def grid(self) -> int:
        """How many cells the grid has: the first ones of a row."""
        return self.positions * len(self.channels)

    @property
    def K(self) -> int:  # noqa: N802  # the letter of shapes.py
        """How many cells the model explains."""
        return self.grid + len(self.plain)

    @property
    def columns(self) -> tuple[Field, ...]:
        """What is modelled, each once: the channels, then the plain columns."""
        return (*self.channels, *self.plain)

    @property
    def at_once(self) -> int:
        """How many rows pass through a network together: fewer of large images and long windows."""
        return 2048 if self.K <= 512 else max(64, 2**21 // self.K)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The field of every modelled cell (K)."""
        return (*self.channels * self.positions, *self.plain)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of every modelled cell (K): a plain column's own, `channel[position]` within the grid."""
        at = [f"[{','.join(map(str, place))}]" for place in _places(self.shape)] if self.shape else []
        return (*(f"{channel.name}{place}" for place in at for channel in self.channels),
                *(field.name for field in self.plain))  # fmt: skip

    def every(self, chosen: Sequence[Each]) -> list[Each]:
        """One entry a modelled cell (K), from one a column."""
        C = len(self.channels)
        return [*list(chosen[:C]) * self.positions, *chosen[C:]]


def _places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The positions in their order."""
    places: list[tuple[int, ...]] = [()]
    for size in shape:
        places = [(*place, i) for place in places for i in range(size)]
    return places


def window(fields: Sequence[Field], given: Sequence[Field], steps: int) -> Layout:
    """The layout of windows of so many steps, from the fields of one step."""
    told = tuple(replace(field, name=f"{field.name}[{t}]") for t in range(steps) for field in given)
    return Layout((), told, (steps,), tuple(fields))
