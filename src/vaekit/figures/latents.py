"""Pictures of the latents: a map of rows, walks, what each latent moves and carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaekit.figures import style
from vaekit.figures.style import DATA, FONT, INK, MODEL, MUTED, NAMES, STRANGE, number, short

POINTS = 4_000  # rows on a map
COLUMNS = 24  # of the table, beside the latents that move them
STEPS = 9  # columns of a walk that are written out


def latent_map(mean: Any, color: Any = None, title: str | None = None) -> Any:
    """The rows as points: the two directions through the latents along which the rows spread most.

    Args:
        mean: (B, L) latents.
        color: one value a row, numbers or names; None where missing.
        title: of the legend, such as the column's name.
    """
    mean = np.asarray(mean, dtype=float)
    pick = np.linspace(0, len(mean) - 1, min(len(mean), POINTS)).astype(int)
    points, share = directions(mean)
    points = points[pick]
    figure, axes = style.canvas(5.6, 4.2)
    ax = axes[0, 0]
    dots = {"s": 5, "linewidths": 0, "alpha": 0.75, "rasterized": len(points) > 500}
    values = None if color is None else [list(color)[i] for i in pick]
    if values is None:
        ax.scatter(*points.T, color=MODEL, **dots)
    elif all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        _numbers(figure, ax, points, np.array(values, dtype=float), dots, title)
    else:
        _names(ax, points, ["missing" if value is None else str(value) for value in values], dots, title)
    for axis, part in zip("xy", share, strict=False):
        getattr(ax, f"set_{axis}label")(f"{'first' if axis == 'x' else 'second'} direction, {part:.0%} of the spread")
    ax.set_xticks([])
    ax.set_yticks([])
    return figure


def directions(mean: Any) -> tuple[Any, Any]:
    """Coordinates (B, 2) along the two main axes of (B, L), and their shares of the variance (2,)."""
    centred = mean - mean.mean(0)
    _, size, axes = np.linalg.svd(centred if len(centred) > 1 else np.zeros_like(centred), full_matrices=False)
    axes = axes[:2] * np.where(axes[:2].sum(1, keepdims=True) < 0, -1, 1)  # the sign of an axis is arbitrary: fix it
    points = np.zeros((len(mean), 2))
    points[:, : len(axes)] = centred @ axes.T
    share = np.zeros(2)
    share[: len(axes)] = (np.square(size) / max(np.square(size).sum(), 1e-12))[:2]
    return points, share


def _numbers(figure: Any, ax: Any, points: Any, values: Any, dots: Mapping[str, Any], title: str | None) -> None:
    known = ~np.isnan(values)
    ends = np.quantile(values[known], [0.02, 0.98]) if known.any() else (0, 1)
    ax.scatter(*points[~known].T, color=MUTED, **{**dots, "alpha": 0.3})
    shown = ax.scatter(*points[known].T, c=values[known], cmap=scale(), vmin=ends[0], vmax=ends[1], **dots)
    bar(figure, ax, shown, title)


def bar(figure: Any, ax: Any, shown: Any, title: str | None) -> None:
    """The colours of numbers, beside the map."""
    beside = figure.colorbar(shown, ax=ax, shrink=0.7, aspect=24, pad=0.02)
    beside.outline.set_visible(False)
    beside.ax.tick_params(colors=MUTED, labelsize=FONT - 1, length=0)
    beside.set_label(title or "", color=MUTED, size=FONT)


def scale() -> Any:
    """Viridis without its ends, which vanish on a dark or a white page."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis"](np.linspace(0.18, 0.93, 128)))


def _names(ax: Any, points: Any, values: list[str], dots: Mapping[str, Any], title: str | None) -> None:
    levels, count = np.unique(values, return_counts=True)
    order = levels[np.argsort(-count, kind="stable")]
    shown = order if len(order) <= len(NAMES) else order[: len(NAMES) - 1]
    rest = ~np.isin(values, shown)
    if rest.any():
        ax.scatter(
            *points[rest].T, color=NAMES[-1], label=f"{len(order) - len(shown)} others", **{**dots, "alpha": 0.35}
        )
    for level, color in zip(shown, NAMES, strict=False):
        ax.scatter(*points[np.asarray(values) == level].T, color=color, label=short(level), **dots)
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5), title=title, markerscale=2.5)
    ax.get_legend().get_title().set(color=MUTED, fontsize=FONT - 1)


def walk(along: Any, latents: int = 3, columns: int = 8) -> Any:
    """What changes along the way: a panel for each latent walked, a row for each of the columns that change most.

    Numbers are shaded from the smallest to the largest of the walk, names where they differ from the start.

    Args:
        along: `vaekit.modes.traverse.Walk`.
        latents: panels at most.
        columns: rows of a panel at most, twice as many where there is one panel.
    """
    table = along.to_arrow()
    groups = list(dict.fromkeys(along.latent.tolist()))[:latents]
    names = [name for name in table.column_names if name not in ("latent", "where")]
    columns = min(columns if len(groups) > 1 else 2 * columns, len(names))
    spans = {name: _span(table[name].to_pylist()) for name in names}
    figure, axes = style.canvas(8.2, 0.5 + (0.55 + 0.24 * columns) * len(groups), len(groups), 1)
    for ax, latent in zip(axes[:, 0], groups, strict=True):
        rows = np.flatnonzero(along.latent == latent)
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), STEPS)).round().astype(int))]
        values = {name: [table[name][int(row)].as_py() for row in rows] for name in names}
        most = sorted(names, key=lambda name: -change(values[name], spans[name]))[:columns]
        _panel(ax, {name: values[name] for name in most}, along.where[rows])
        style.title(ax, f"latent {latent}" if latent >= 0 else "from one row to the other")
        ax.set_xlabel("standard deviations from the centre" if latent >= 0 else "share of the way")
    return figure


def _panel(ax: Any, values: Mapping[str, list[Any]], where: Any) -> None:
    style.heat(ax, [shading(each) for each in values.values()], 2.2)
    for row, each in enumerate(values.values()):
        for step, value in enumerate(each):
            text = "" if value is None else short(number(value), 9)
            ax.text(step, row, text, ha="center", va="center", fontsize=FONT - 2, color=INK)
    style.rows_of(ax, list(values))
    ax.set_xticks(
        range(len(where)), [f"{place:+.2g}" if place and where.min() < 0 else f"{place:.2g}" for place in where]
    )


def shading(values: Sequence[Any]) -> list[float]:
    """0 to 1 for each value: place between smallest and largest for numbers, 0.6 where a name differs from the first.

    >>> shading([1.0, 2.0, 3.0]), shading(["a", "a", "b"])
    ([0.0, 0.5, 1.0], [0.0, 0.0, 0.6])
    """
    if any(isinstance(value, bool | str) for value in values) or not all(hasattr(value, "__sub__") for value in values):
        return [0.6 if value != values[0] else 0.0 for value in values]
    low, high = min(values), max(values)
    return [float((value - low) / (high - low)) if high > low else 0.0 for value in values]


def change(values: Sequence[Any], span: float) -> float:
    """How much happens: the range of numbers as a share of their span over all walks, 1 for names that end as another.

    >>> change([1, 2, 3], 4.0), change(["a", "b", "b", "b"], 0.0), change(["a", "b", "a", "a"], 0.0)
    (0.5, 1.0, 0.125)
    """
    if not _numeric(values):
        changed = sum(value != values[0] for value in values) / len(values)
        return 1.0 if values[0] != values[-1] else changed / 2
    return (max(values) - min(values)) / span if span > 0 else 0.0


def _span(values: Sequence[Any]) -> float:
    return float(max(values) - min(values)) if _numeric(values) else 0.0


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def moves(moved: Sequence[Mapping[str, float]], rates: Sequence[float] | None = None, most: int = 16) -> Any:
    """Which columns each latent moves: a row per latent, the busiest first; the 24 columns that are moved most.

    Args:
        moved: for each latent the change of every column, as `evaluate` measures it.
        rates: nats that each latent carries, which order them; the changes themselves when None.
        most: latents at most.
    """
    weight = [sum(each.values()) for each in moved] if rates is None else list(rates)
    order = sorted(range(len(moved)), key=lambda i: -weight[i])[:most]
    reach = {name: max(each[name] for each in moved) for name in moved[0]}
    shown = set(sorted(reach, key=lambda name: -reach[name])[:COLUMNS])
    names = [name for name in moved[0] if name in shown]
    values = [[moved[i][name] for name in names] for i in order]
    figure, axes = style.canvas(max(4.5, 1.4 + 0.36 * len(names)), 1.4 + 0.24 * len(order))
    ax = axes[0, 0]
    top = max(1e-9, float(np.quantile(values, 0.98)))
    style.heat(ax, values, top)
    style.rows_of(ax, [f"latent {i}" for i in order])
    ax.set_xticks(range(len(names)), [short(name) for name in names], rotation=45, ha="left")
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", colors=INK, pad=0)
    ax.set_xlabel(f"full colour: a change of {top:.2g} standard deviations (numbers)\nor of the level shares (names)")
    return figure


def rates(kl: Sequence[float]) -> Any:
    """Nats that each latent carries, the largest first; those below 0.01 are out of use."""
    order = np.argsort(-np.asarray(kl), kind="stable")
    sorted_kl = np.asarray(kl)[order]
    figure, axes = style.canvas(6.4, 2.3)
    ax = axes[0, 0]
    ax.bar(range(len(order)), sorted_kl, width=0.7, color=[MODEL if rate > 0.01 else STRANGE for rate in sorted_kl])
    ax.set_xticks(range(len(order)), [str(i) for i in order])
    ax.set(xlabel="latent", ylabel="nats per row")
    ax.axhline(0, color=DATA, linewidth=0.6)
    return figure
