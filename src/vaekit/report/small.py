"""Small pictures for notebooks, of a few kilobytes each and without matplotlib: a map, bars, lines, a strip of images."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from vaekit.figures.latents import directions
from vaekit.figures.style import NAMES, number
from vaekit.figures.tiles import paint

BLUE, ORANGE = "#2b8cc9", "#e0702c"  # seen on light and on dark pages
POINTS, SIZE = 400, 220  # rows on a map, and its pixels
BINS = 40
EDGE = 72  # pixels of a picture at most


def points(mean: Any, group: Any = None) -> str:
    """The two directions through latents (B, L) along which rows spread most, a dot a row, coloured by group (B,).

    >>> points(np.eye(3)).count("<circle")
    3
    """
    pick = np.linspace(0, len(mean) - 1, min(len(mean), POINTS)).astype(int)
    places = directions(np.asarray(mean, dtype=float))[0][pick]
    low, high = places.min(0), places.max(0)
    x, y = ((places - low) / np.maximum(high - low, 1e-12) * (SIZE - 16) + 8).T
    colours = [BLUE] * len(pick) if group is None else [NAMES[int(group[i]) % len(NAMES)] for i in pick]
    dots = "".join(f'<circle cx="{a:.0f}" cy="{SIZE - b:.0f}" r="2.5" fill="{colour}" fill-opacity=".7"/>'
                   for a, b, colour in zip(x, y, colours, strict=True))  # fmt: skip
    return _svg(dots, SIZE, SIZE, f"map of {len(pick)} rows in the latents")


def histogram(values: Any, line: float | None = None) -> str:
    """How numbers (B,) are spread, the farthest thousandth at either end left out; values above the line stand out."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return ""
    low, high = np.quantile(known, [0.001, 0.999], method="nearest").tolist()  # of few numbers the farthest stay
    count, edges = np.histogram(known, BINS, (low, high if high > low else low + 1))
    tall = count / max(count.max(), 1) * 60
    bars = "".join(
        f'<rect x="{8 * i}" y="{62 - max(t, 0.8 * (t > 0)):.1f}" width="7" height="{max(t, 0.8 * (t > 0)):.1f}" '
        f'fill="{ORANGE if line is not None and edge > line else BLUE}"/>'
        for i, (t, edge) in enumerate(zip(tall, edges, strict=False))
    )
    ends = f'<text x="0" y="76">{number(low)}</text><text x="{8 * BINS}" y="76" text-anchor="end">{number(high)}</text>'
    words = f'<g fill="currentColor" fill-opacity=".7" font-size="11">{ends}</g>'
    return _svg(bars + words, 8 * BINS, 80, f"histogram from {number(low)} to {number(high)}")


def bar(share: float) -> str:
    """A bar of a share of its room.

    >>> bar(0.5)
    '<span class="bar" style="width:3.5rem"></span>'
    """
    return f'<span class="bar" style="width:{7 * min(max(share, 0.0), 1.0):.3g}rem"></span>'


def line(values: Any, low: float, high: float) -> str:
    """Numbers (T,) as a line between two ends; a gap where one is missing."""
    at = np.linspace(0, len(values) - 1, min(len(values), 60)).astype(int)
    y = 26 - (np.asarray(values, dtype=float)[at] - low) / max(high - low, 1e-12) * 24
    steps = [f"{2 * i},{v:.1f}" if np.isfinite(v) else " " for i, v in enumerate(y)]
    drawn = "".join(
        f'<polyline points="{part.strip()}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>'
        for part in " ".join(steps).split("   ") if part.strip()
    )  # fmt: skip
    return _svg(drawn, 2 * len(at), 28, "line")


def strip(images: Any, below: Sequence[str]) -> str:
    """Pictures (B, H, W) or (B, H, W, C) side by side, words below each."""
    from PIL import Image

    (tiles,) = paint(images)
    cells = []
    for tile, word in zip(tiles, below, strict=True):
        picture, out = Image.fromarray(tile), io.BytesIO()
        picture.thumbnail((EDGE, EDGE))
        picture.save(out, "PNG")
        data = base64.b64encode(out.getvalue()).decode()
        cells.append(f'<div><img src="data:image/png;base64,{data}" alt="image at {escape(word)}">{escape(word)}</div>')
    return f'<div class="strip">{"".join(cells)}</div>'


def _svg(inside: str, width: int, height: int, label: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" {size}>{inside}</svg>'
