"""Pictures of pictures: grids, answers beside originals, walks, a map with thumbnails, what is strange, what was filled in.

Pictures are arrays (B, H, W) or (B, H, W, C): whole numbers by the range of their type, other numbers in [0, 1], or
scaled by their range where they leave it. NaN is a missing pixel and is hatched. Grey pictures that are mostly nothing,
such as digits, are printed as on paper, dark on light; all others as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaekit.figures import style
from vaekit.figures.style import FONT, MODEL, MUTED, NAMES, RULE, STRANGE, number, short
from vaekit.figures.tiles import PAGE, enlarge, hatch, paint, picture, sheet

MOST = 16  # pictures side by side
THUMBNAILS, EDGE = 120, 0.045  # on a map, and the room around its points as a share
WARM = np.array([int(STRANGE[at : at + 2], 16) for at in (1, 3, 5)])
CLASSES = (*NAMES[:7], "#7a5cc8", "#a3275f", "#96693c")  # ten, for digits; all others are grey


def grid(images: Any, columns: int | None = None, titles: Sequence[Any] | None = None, title: str | None = None) -> Any:
    """Pictures side by side, without axes.

    Args:
        images: (B, H, W) or (B, H, W, C).
        columns: pictures in a row; a number that fills the rows when None.
        titles: B words, one above each picture.
        title: of the whole.
    """
    (tiles,) = paint(images)
    columns = min(columns or across(len(tiles)), len(tiles))
    heads = [] if titles is None else _lines([_label(each) for each in titles], columns)
    return sheet(_lines(list(tiles), columns), heads=heads or (), title=title, most=0.8, gap=0.045)


def across(count: int) -> int:
    """How many of these pictures stand side by side: rows that are full and a sheet that is wider than high.

    >>> [across(count) for count in (1, 5, 12, 17, 20, 36, 64, 100)]
    [1, 5, 6, 7, 10, 12, 16, 10]
    """
    wish = min(max((3 * count) ** 0.5, 5), MOST, count)
    full = [c for c in range(1, MOST + 1) if count % c == 0 and abs(np.log(c / wish)) < np.log(1.7)]
    return min(full, key=lambda c: (abs(np.log(c / wish)), -c)) if full else round(wish)


def pairs(first: Any, second: Any, names: tuple[str, str] = ("image", "reconstruction")) -> Any:
    """Pictures above their answers, (B, H, W) or (B, H, W, C) each."""
    return rows_of_images(dict(zip(names, (first, second), strict=True)))


def rows_of_images(rows: Mapping[str, Any], most: int = 10) -> Any:
    """One named row of pictures below another, such as noisy, denoised, original.

    Args:
        rows: name -> (B, H, W) or (B, H, W, C), all of one shape.
        most: pictures of a row at most.
    """
    tiles = paint(*rows.values())
    return sheet([list(row[:most]) for row in tiles], left=list(rows), most=0.8)


def strip(images: Any, where: Sequence[float] | None = None, title: str | None = None) -> Any:
    """Pictures along a way, with the positions (steps,) below."""
    (tiles,) = paint(images)
    below = [] if where is None else positions(where)
    return sheet([list(tiles)], below=below, title=title, most=0.9, gap=0.04)


def positions(where: Sequence[float]) -> list[str]:
    """Places along a way: with signs where they run through zero.

    >>> positions([-1.5, -1e-9, 1.5]), positions([0, 0.5, 1])
    (['−1.5', '0', '+1.5'], ['0', '0.5', '1'])
    """
    signed, places = (
        min(where) < 0,
        [round(float(x), 6) + 0.0 for x in where],
    )  # the middle of single precision is hardly zero
    return [(f"{x:+.3g}" if signed and x else f"{x:.3g}").replace("-", "−") for x in places]


def traversals(images: Any, latents: Sequence[int], where: Sequence[float], title: str | None = None) -> Any:
    """What each latent does to a picture: a row for each, from one end to the other.

    Args:
        images: (L, steps, H, W) or (L, steps, H, W, C).
        latents: L numbers.
        where: (steps,) positions, in standard deviations.
    """
    images = np.asarray(images)
    (tiles,) = paint(images.reshape(-1, *images.shape[2:]))
    left = [f"latent {latent}" for latent in latents]
    return sheet(_lines(list(tiles), images.shape[1]), left=left, below=positions(where), title=title, gap=0.04)


def picture_map(mean: Any, images: Any, color: Sequence[Any] | None = None, name: str | None = None) -> Any:
    """The latents as a map of small pictures that do not overlap, each where its row lies; all rows as points behind.

    Args:
        mean: (B, L) latents; the two directions along which they spread most where L is not 2.
        images: (B, H, W) or (B, H, W, C), the picture of each row.
        color: one value a row, numbers or names, None where missing; frames and points take its colour.
        name: of that value.
    """
    from vaekit.figures.latents import directions

    mean = np.asarray(mean, dtype=float)
    points, titles = (
        (mean, ("latent 0", "latent 1"))
        if mean.shape[1] == 2
        else (directions(mean)[0], ("first direction", "second direction"))
    )
    figure, axes = style.canvas(6.8 if color is not None else 6.2, 5.6)
    ax = axes[0, 0]
    hues = [MODEL] * len(points) if color is None else _hues(figure, ax, list(color), name)
    show = np.linspace(0, len(points) - 1, min(len(points), 4_000)).astype(int)
    ax.scatter(*points[show].T, c=[hues[i] for i in show], s=4, linewidths=0, alpha=0.5, rasterized=len(show) > 500)
    low, span = points.min(0), np.maximum(np.ptp(points, 0), 1e-9)
    ax.set(xlabel=titles[0], ylabel=titles[1], xticks=[], yticks=[])
    ax.set_xlim(low[0] - EDGE * span[0], low[0] + (1 + EDGE) * span[0])
    ax.set_ylim(low[1] - EDGE * span[1], low[1] + (1 + EDGE) * span[1])
    figure.draw_without_rendering()  # now the axes have their size, and square pictures can be square
    images, room = np.asarray(images), ax.get_window_extent()
    picked, size = spread(
        (points[show] - low) / span, THUMBNAILS, images.shape[1] / images.shape[2] * room.width / room.height
    )
    (tiles,) = paint(images[show[picked]])
    for row, tile in zip(show[picked], tiles, strict=True):
        _place(ax, tile, points[row], size * span, hues[row] if color is not None else RULE)
    return figure


def spread(points: Any, most: int, ratio: float = 1.0) -> tuple[Any, Any]:
    """Rows of (B, 2) points in the unit square whose tiles do not overlap, at most so many, and the tiles' size (2,).

    Tiles are from a twelfth to a twenty-fourth of the width: the largest of which nearly as many fit as of the smallest.

    >>> rows, size = spread(np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 1.0]]), 120)
    >>> rows.tolist(), size.round(3).tolist()
    ([0, 2], [0.083, 0.083])
    """
    found = []
    for side in (1 / 24, 1 / 22, 1 / 20, 1 / 18, 1 / 16, 1 / 14, 1 / 12):
        size, rows = side * np.array([1.0, ratio]), np.array([], dtype=int)
        for row, point in enumerate(points):
            if (np.abs(points[rows] - point) >= 1.1 * size).any(1).all():
                rows = np.append(rows, row)
        found.append((rows, size))
    enough = min(0.8 * most, 0.85 * len(found[0][0]))
    rows, size = max((each for each in found if len(each[0]) >= enough), key=lambda each: each[1][0])
    return rows[:most], size


def strange(
    images: Any, cells: Any, rows: int = 5, expected: Any = None, total: Any = None, numbers: Any = None
) -> Any:
    """The strangest pictures with their scores, what was expected, and which pixels made them strange.

    Args:
        images: (B, H, W) or (B, H, W, C).
        cells: (B, H, W) nats that each pixel adds to the score.
        rows: how many of the strangest pictures.
        expected: pictures like `images`: what the model expected.
        total: (B,) scores by which pictures are ranked; the sum of their pixels when None.
        numbers: (B,) of their rows, where these are a few of many.
    """
    cells = np.asarray(cells, dtype=float)
    total = np.nansum(cells, axis=(1, 2)) if total is None else np.asarray(total, dtype=float)
    top = np.argsort(-total, kind="stable")[:rows]
    given = {"image": np.asarray(images)[top]} | ({} if expected is None else {"expected": np.asarray(expected)[top]})
    painted = paint(*given.values())
    full = float(np.quantile(cells[top], 0.995)) if len(top) else 0.0
    depth = np.clip(np.nan_to_num(cells[top]) / max(full, 1e-9), 0, 1) ** 0.8
    depth = enlarge(depth, painted[0].shape[1] // cells.shape[1])[..., None]
    grey = painted[0].mean(-1, keepdims=True)
    faded = 0.45 * grey + 0.55 * np.array(PAGE)  # pale and without colours, so that what is warm stands out
    marked = (faded * (1 - depth) + WARM * depth).astype(np.uint8)
    heads = [[f"row {row if numbers is None else numbers[row]}\nscore {number(float(total[row]))}" for row in top]]
    lines = [*(list(tiles) for tiles in painted), list(marked)]
    note = f"full colour: {number(full)} nats in one pixel"
    return sheet(lines, left=[*given, "strange pixels"], heads=heads, note=note, most=1.05)


def inpainting(images: Any, missing: Any, filled: Any, draws: Any = None, rows: int = 6) -> Any:
    """Pictures with a part hidden, the best filling, and random completions.

    Args:
        images: (B, H, W) or (B, H, W, C).
        missing: (B, H, W), or (H, W) for all, true where a pixel is hidden.
        filled: pictures like `images`.
        draws: (D, B, H, W) or (D, B, H, W, C), or a list of D.
        rows: pictures at most.
    """
    images = np.asarray(images)
    hidden = np.broadcast_to(np.asarray(missing, dtype=bool), images.shape[:3])[:rows]
    images = images[:rows]
    others = [] if draws is None else [np.asarray(each)[:rows] for each in draws]
    painted = paint(images, np.asarray(filled)[:rows], *others)
    whole, best, *random = painted
    size = len(whole[0]) // images.shape[1]
    masked = np.where(enlarge(hidden, size)[..., None], hatch(whole.shape[1:3]), whole)
    columns = [whole, masked, best, *random]
    heads = ["image", "given", "best filling"] + (["random completions"] if random else [])
    lines = [[column[row] for column in columns] for row in range(len(images))]
    return sheet(lines, heads=[heads], most=0.9, breaks=(1, 2, 3))


def _place(ax: Any, tile: Any, at: Any, size: Any, color: Any) -> None:
    from matplotlib.patches import Rectangle

    corner = at - size / 2
    picture(ax, tile, (corner[0], corner[0] + size[0], corner[1], corner[1] + size[1]), zorder=3)
    ax.add_patch(Rectangle(corner, *size, facecolor="none", edgecolor=color, linewidth=1.1, zorder=4))


def _hues(figure: Any, ax: Any, values: list[Any], name: str | None) -> list[Any]:
    """A colour for each value, and beside the map what it means: a bar for numbers of many values, a legend for all else."""
    names = [value for value in values if value is not None and value == value]
    if len(set(names)) > len(CLASSES) and all(isinstance(value, int | float | np.number) for value in names):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        from vaekit.figures.latents import bar, scale

        shown = ScalarMappable(Normalize(*np.quantile(np.array(names, dtype=float), [0.02, 0.98])), scale())
        bar(figure, ax, shown, name)
        return [MUTED if value is None or value != value else shown.to_rgba(np.array(float(value))) for value in values]
    levels, count = np.unique([str(value) for value in names], return_counts=True)
    first = len(CLASSES) if len(levels) <= len(CLASSES) else len(CLASSES) - 1
    kept = sorted(levels[np.argsort(-count, kind="stable")][:first], key=lambda level: (len(level), level))
    hues = dict(zip(kept, CLASSES, strict=False))
    for level, hue in hues.items():
        ax.scatter([], [], color=hue, s=24, linewidths=0, label=short(level))
    if len(levels) > len(kept) or len(names) < len(values):
        ax.scatter([], [], color=NAMES[-1], s=24, linewidths=0, label="others or missing")
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5), title=name)
    ax.get_legend().get_title().set(color=MUTED, fontsize=FONT - 1)
    return [hues.get(str(value), NAMES[-1]) for value in values]


def _lines(values: list[Any], columns: int) -> list[list[Any]]:
    return [values[start : start + columns] for start in range(0, len(values), columns)]


def _label(value: Any) -> str:
    return short(number(value.item() if isinstance(value, np.generic) else value), 12)
