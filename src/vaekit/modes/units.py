"""What a score is explained by: the columns of a table, the channels of a stream, the tiles of an image."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from vaekit.codec import Layout

TILES = 4  # of an image, in each direction


class Unit(NamedTuple):
    """Cells that are told together, by number; `grid` where they are a part of the grid."""

    name: str
    cells: tuple[int, ...]
    grid: bool = False


@lru_cache(maxsize=8)
def units(layout: Layout) -> tuple[Unit, ...]:
    """The units of a layout, which cover every modelled cell once.

    >>> from vaekit.codec import Field
    >>> [unit.name for unit in units(Layout((Field("age", "count"), Field("sex", "binary", levels=2))))]
    ['age', 'sex']
    >>> units(Layout((), shape=(8, 8), channels=(Field("image", "pixel"),)))[1].name
    'image[0:2,2:4]'
    """
    plain = tuple(Unit(field.name, (layout.grid + i,)) for i, field in enumerate(layout.plain))
    if len(layout.shape) == 2:
        return (*_tiles(layout), *plain)
    C = len(layout.channels)
    channels = tuple(Unit(field.name, tuple(range(c, layout.grid, C)), True) for c, field in enumerate(layout.channels))
    return (*channels, *plain)


def _tiles(layout: Layout) -> tuple[Unit, ...]:
    """Rectangles of pixels, all their colours together."""
    (H, W), C = layout.shape, len(layout.channels)
    name = layout.channels[0].name.split(".")[0]
    high, wide = math.ceil(H / TILES), math.ceil(W / TILES)
    found = []
    for top in range(0, H, high):
        for left in range(0, W, wide):
            bottom, right = min(top + high, H), min(left + wide, W)
            cells = tuple((y * W + x) * C + c for y in range(top, bottom) for x in range(left, right) for c in range(C))
            found.append(Unit(f"{name}[{top}:{bottom},{left}:{right}]", cells, True))
    return tuple(found)
