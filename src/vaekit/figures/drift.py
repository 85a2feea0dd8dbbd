"""Pictures of rows beside those that trained: how far each column has moved, and where the rows lie among training latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaekit.figures import style
from vaekit.figures.latents import directions
from vaekit.figures.style import DATA, MODEL, MUTED, RULE, STRANGE

MOST = 24  # columns that are drawn
POINTS = 1_500  # rows of each kind
FAR = 0.005  # share of the rows at either end that may lie anywhere


def moved(columns: Mapping[str, Mapping[str, float]], limit: float = 0.1) -> Any:
    """How far columns have moved since training, the farthest first; beyond the dotted line and chance they stand out.

    Args:
        columns: name -> {"distance", "by_chance"}.
        limit: a distance that is small, whatever the number of rows.
    """
    names = sorted(columns, key=lambda name: -columns[name]["distance"])[:MOST]
    figure, axes = style.canvas(6.4, 0.9 + 0.25 * len(names))
    ax = axes[0, 0]
    for at, name in enumerate(names):
        far, chance = columns[name]["distance"], columns[name]["by_chance"]
        ax.plot([0, min(chance, 1)], [at, at], color=RULE, linewidth=7, solid_capstyle="butt", zorder=1)
        color = STRANGE if far > max(limit, chance) else MODEL
        ax.scatter([far], [at], s=34, color=color, zorder=3)
    ax.axvline(limit, color=DATA, linewidth=0.9, linestyle=":")
    ax.plot([], [], color=RULE, linewidth=7, label="by chance")
    style.rows_of(ax, names)
    ax.set_xlim(0, max(0.3, 1.08 * max((columns[name]["distance"] for name in names), default=0.0)))
    ax.set_xlabel("distance between the column here and in training (0 equal, 1 apart)")
    style.legend(ax, loc="lower right")
    return figure


def _within(points: Any) -> Any:
    """Points (N, 2), those far from all others at the edge: a few must not press the rest together.

    >>> _within(np.array([[0.0, 0.0], [1.0, 1.0]] * 200 + [[99.0, 0.5]])).max(0).tolist()
    [1.5, 1.0]
    """
    low, high = np.quantile(points, [FAR, 1 - FAR], axis=0)
    return np.clip(points, low - (high - low) / 2, high + (high - low) / 2)


def among(trained: Any, here: Any) -> Any:
    """Rows (blue) among training rows (grey), on the two directions along which the latents of both spread most.

    Args:
        trained, here: (B, L) latents.
    """
    both = [np.asarray(each, dtype=float)[:POINTS] for each in (trained, here)]
    points = _within(directions(np.concatenate(both))[0])
    figure, axes = style.canvas(5.6, 4.0)
    ax = axes[0, 0]
    cut = len(both[0])
    dots = {"s": 6, "linewidths": 0, "rasterized": len(points) > 500}
    ax.scatter(*points[:cut].T, color=MUTED, alpha=0.45, label="rows that trained", **dots)
    ax.scatter(*points[cut:].T, color=MODEL, alpha=0.8, label="these rows", **dots)
    style.legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, markerscale=2.5)
    ax.set_xticks([])
    ax.set_yticks([])
    return figure


def told(shares: Any, factors: Sequence[str], latents: Sequence[int]) -> Any:
    """How much each latent (column) tells of each factor (row), (F, L) shares of what there is to know."""
    figure, axes = style.canvas(0.9 + 0.3 * len(latents) + 1.4, 1.1 + 0.3 * len(factors))
    ax = axes[0, 0]
    style.heat(ax, shares, 1.0)
    style.rows_of(ax, factors)
    ax.set_xticks(range(len(latents)), [str(latent) for latent in latents])
    ax.set_xlabel("latent")
    return figure
