"""Tiles: arrays of pictures made visible, and a sheet of them with words around, measured in inches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vaekit.errors import DataError
from vaekit.figures import style
from vaekit.figures.style import FONT, INK, MUTED, short

WIDTH, ROOM = 7.6, 0.12  # inches of a full row, and of a break in it
PAGE, SOLID = (244, 246, 248), (24, 29, 35)  # the paper and the ink of pictures that are drawn
HATCH = ((228, 238, 245), (170, 202, 224))


def is_ink(shades: Any) -> bool:
    """Whether grey pictures (B, H, W) in [0, 1] are strokes on nothing: mostly zero, and little in all.

    >>> strokes = np.zeros((3, 8, 8))
    >>> strokes[:, 2:3] = 1.0
    >>> is_ink(strokes), is_ink(1 - strokes), is_ink(np.full((3, 8, 8), 0.3))
    (True, False, False)
    """
    known = shades[~np.isnan(shades)]
    return shades.ndim == 3 and known.size > 0 and float(np.median(known)) < 0.05 and float(known.mean()) < 0.25


def paint(*rows: Any) -> list[Any]:
    """Arrays of pictures -> as many of (B, h, w, 3) uint8, all on one scale, small ones enlarged by a whole number."""
    values = [_values(row) for row in rows]
    ends = [(float(np.nanmin(each)), float(np.nanmax(each))) if np.isfinite(each).any() else (0.0, 1.0)
            for each in values]  # fmt: skip
    low, high = min(ends, key=lambda pair: pair[1] - pair[0] if pair[1] > pair[0] else np.inf)
    if low >= -0.02 and high <= 1.02:  # the quietest row, for noise goes beyond what black and white are
        low, high = 0.0, 1.0
    shades = [np.clip((each - low) / max(high - low, 1e-12), 0, 1) for each in values]
    ink = any(is_ink(each) for each in shades)
    return [_colours(each, ink) for each in shades]


def _values(images: Any) -> Any:
    """(B, H, W) or (B, H, W, 3) floats, of bytes and the like in [0, 1]."""
    images = np.asarray(images)
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise DataError(f"pictures are arrays (B, H, W) or (B, H, W, C), and here is one of shape {images.shape}")
    values = images.astype(float)
    if images.dtype.kind == "u":
        values /= np.iinfo(images.dtype).max
    if values.ndim == 4 and values.shape[-1] == 4:
        values = values[..., :3] * values[..., 3:] + 1 - values[..., 3:]
    return values.mean(-1) if values.ndim == 4 and values.shape[-1] != 3 else values


def _colours(shades: Any, ink: bool) -> Any:
    missing = np.isnan(shades) if shades.ndim == 3 else np.isnan(shades).any(-1)
    shades = np.nan_to_num(shades)[..., None] if shades.ndim == 3 else np.nan_to_num(shades)
    dark, light = (np.array(PAGE), np.array(SOLID)) if ink else (np.zeros(3), np.full(3, 255))
    size = max(1, -(-64 // shades.shape[1]))
    tiles = enlarge((dark + shades * (light - dark)).round().astype(np.uint8), size)
    return np.where(enlarge(missing, size)[..., None], hatch(tiles.shape[1:3]), tiles)


def enlarge(images: Any, size: int) -> Any:
    """Every pixel of (B, H, W, ...) as a square of pixels.

    >>> enlarge(np.array([[[1, 2]]]), 2).tolist()
    [[[1, 1, 2, 2], [1, 1, 2, 2]]]
    """
    return images.repeat(size, 1).repeat(size, 2)


def hatch(shape: tuple[int, ...]) -> Any:
    """(h, w, 3) stripes in a pale blue that no grey picture has."""
    step = max(shape[0] // 10, 4)
    stripes = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % step < max(step // 3, 1)
    return np.where(stripes[..., None], HATCH[1], HATCH[0]).astype(np.uint8)


def sheet(
    tiles: Sequence[Sequence[Any]], *, left: Sequence[str] = (), heads: Sequence[Sequence[str]] = (),
    below: Sequence[str] = (), title: str | None = None, note: str = "", most: float = 0.9, gap: float = 0.06,
    breaks: Sequence[int] = (),
) -> Any:  # fmt: skip
    """Lines of tiles on a page, as large as its width allows, with words around them.

    Args:
        tiles: lines of pictures (h, w, 3), all of one shape.
        left: a name for each line.
        heads: words above the tiles, for each line that has them; at the left of a tile where there are breaks.
        below: words below the tiles of the last line.
        title, note: above and below all.
        most: inches of a tile at most.
        gap: inches between tiles.
        breaks: the tiles before which there is more room.
    """
    columns, ratio = max(map(len, tiles)), tiles[0][0].shape[0] / tiles[0][0].shape[1]
    gutter = max((0.068 * len(short(each, 24)) + 0.14 for each in left), default=0.02)
    side = min(most / max(ratio, 1), (WIDTH - gutter - ROOM * len(breaks)) / columns - gap)
    above = [max((0.15 * len(word.split("\n")) + 0.02 for word in line if word), default=0.0) for line in heads]
    above = above + [0.0] * (len(tiles) - len(above))
    x = [gutter + at * (side + gap) + ROOM * sum(at >= cut for cut in breaks) for at in range(columns)]
    y = [(0.32 if title else 0.02) + at * (side * ratio + gap) + sum(above[: at + 1]) for at in range(len(tiles))]
    end = y[-1] + side * ratio + 0.03
    spans = [x[at] + 0.07 * len(word) for line in heads for at, word in enumerate(line) if breaks]
    width = max(x[-1] + side + 0.02, 0.09 * len(title or ""), gutter + 0.07 * len(note), *spans)
    figure, ax = _page(width, end + 0.19 * bool(below) + 0.19 * bool(note))
    for top, line in zip(y, tiles, strict=True):
        for place, tile in zip(x, line, strict=False):
            picture(ax, tile, (place, place + side, top + side * ratio, top))
    middle = [(place, "left") if breaks else (place + side / 2, "center") for place in x]
    for top, line in zip(y, heads, strict=False):
        _words(ax, middle, top - 0.04, line, "bottom")
    _words(ax, middle, end + 0.02, below, "top")
    _words(ax, [(gutter, "left")], end + 0.19 * bool(below) + 0.03, [note], "top")
    for top, name in zip(y, left, strict=False):
        ax.text(
            gutter - 0.1, top + side * ratio / 2, short(name, 24), ha="right", va="center", color=INK, fontsize=FONT
        )
    ax.text(x[0], 0.04, title or "", va="top", color=INK, fontsize=FONT + 1, fontweight="bold")
    return figure


def picture(ax: Any, tile: Any, extent: tuple[float, ...], **options: Any) -> None:
    """A tile on given axes: left, right, bottom, top."""
    ax.imshow(tile, extent=extent, interpolation="none", aspect="auto", **options)  # "none": SVG keeps every pixel


def _words(ax: Any, places: Sequence[tuple[float, str]], y: float, words: Sequence[str], side: str) -> None:
    for (x, align), word in zip(places, words, strict=False):
        ax.text(x, y, word, ha=align, va=side, linespacing=1.15, color=MUTED, fontsize=FONT - 1)


def _page(width: float, height: float) -> tuple[Any, Any]:
    """A figure that is one axes without rules, its units inches from the upper left corner."""
    figure, axes = style.canvas(width, height)
    figure.set_layout_engine("none")
    ax = axes[0, 0]
    ax.set_position((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    return figure, ax
