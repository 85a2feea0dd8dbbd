"""Pictures of how good a model is: errors, intervals, distributions side by side, p-values, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaekit.figures import style
from vaekit.figures.style import DATA, FONT, INK, MODEL, RULE, STRANGE, number, short

LEVELS = 8
PANELS = 20
STAGES = {
    "model": "the autoencoder",
    "prior": "the prior",
    "ratio": "the correction of new rows",
    "pretrain": "the autoencoder, before its prior begins",
}


def errors(columns: Mapping[str, Mapping[str, Any]], label: str = "model") -> Any:
    """Root mean squared errors of numbers in spreads of their column: the model (dot) beside mean filling (ring)."""
    shown = {name: each for name, each in columns.items() if "error" in each}
    figure, ax = _dumbbells(shown, "mean_filling", "error", ("filling in the mean", label))
    ax.set_xlabel("error in standard deviations of the column (smaller is better)")
    return figure


def accuracy(columns: Mapping[str, Mapping[str, Any]], label: str = "model") -> Any:
    """The share of names that is right: the model (dot) beside always answering the most frequent level (ring)."""
    shown = {name: each for name, each in columns.items() if "accuracy" in each}
    figure, ax = _dumbbells(shown, "most_frequent", "accuracy", ("most frequent level", label))
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel("share that is right (larger is better)")
    return figure


def _dumbbells(columns: Mapping[str, Mapping[str, Any]], plain: str, ours: str, labels: tuple[str, str]) -> Any:
    names = sorted(columns, key=lambda name: columns[name][ours])
    figure, axes = style.canvas(6.4, 0.9 + 0.25 * max(len(names), 1))
    ax = axes[0, 0]
    for at, name in enumerate(names):
        ax.plot([columns[name][plain], columns[name][ours]], [at, at], color=RULE, linewidth=2.2, zorder=1)
    rows = range(len(names))
    rings = [columns[name][plain] for name in names]
    ax.scatter(rings, rows, s=30, facecolor=style.PAPER, edgecolor=DATA, linewidths=1.3, label=labels[0], zorder=2)
    ax.scatter([columns[name][ours] for name in names], rows, s=34, color=MODEL, label=labels[1], zorder=3)
    style.rows_of(ax, names)
    ax.set_xlim(left=0)
    style.legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure, ax


def intervals(truth: Any, best: Any, low: Any, high: Any, *, name: str = "", most: int = 60) -> Any:
    """Hidden numbers of a column: the model's interval (bar) and best value (dot), and what was hidden (cross).

    Args:
        truth, best, low, high: (B,) in original units.
        name: of the column, with its unit.
        most: rows shown.
    """
    figure, axes = style.canvas(6.8, 2.8)
    ax = axes[0, 0]
    pick = np.linspace(0, len(truth) - 1, min(len(truth), most)).astype(int)
    bars(ax, *(np.asarray(each, dtype=float)[pick] for each in (truth, best, low, high)))
    ax.set(ylabel=name, xlabel="rows, sorted by the best guess")
    style.legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return figure


def bars(ax: Any, truth: Any, best: Any, low: Any, high: Any) -> None:
    """Intervals, best values and what was hidden, (B,) each, on given axes, sorted by the best value."""
    rows, at = np.argsort(best, kind="stable"), np.arange(len(best))
    inside = ((truth >= low) & (truth <= high))[rows]
    ax.vlines(
        at, low[rows], high[rows], color=MODEL, alpha=0.3, linewidth=4, label="where it should lie, 9 times in 10"
    )
    ax.scatter(at, best[rows], s=10, color=MODEL, label="best guess", zorder=3)
    for hit, color, label in ((True, DATA, "what was hidden"), (False, STRANGE, "hidden, outside")):
        there = inside == hit
        if there.any():
            ax.scatter(
                at[there], truth[rows][there], s=18, marker="x", color=color, linewidths=1.3, label=label, zorder=4
            )
    ends = np.quantile(low, 0.02), np.quantile(np.concatenate([high, truth]), 0.97)
    margin = 0.06 * (ends[1] - ends[0]) or 1.0
    ax.set_ylim(ends[0] - margin, ends[1] + margin)  # one wide interval must not flatten all others
    ax.set_xticks([])


def marginals(real: Any, drawn: Any, names: Sequence[str] | None = None, across: int = 4) -> Any:
    """Distributions of each column, real rows (dark) beside sampled ones (blue).

    Args:
        real, drawn: Arrow tables.
        names: columns to show, the first 20 when None.
        across: panels in a row.
    """
    names = list(real.column_names if names is None else names)[:PANELS]
    names = [name for name in names if real[name].null_count < len(real[name])]
    down = -(-len(names) // across)
    figure, axes = style.canvas(2.05 * across, 1.55 * max(down, 1), max(down, 1), across)
    for ax, name in zip(axes.flat, names, strict=False):
        sides = [present(table[name]) for table in (real, drawn)]
        few = isinstance(sides[0], list) or len(np.unique(sides[0])) <= LEVELS
        (_columns if few else curves)(ax, *sides)
        if str(real[name].type).startswith(("date", "timestamp")):
            ax.xaxis.set_major_formatter(_day)
        ax.set_title(short(name, 22), loc="left", fontsize=FONT, color=INK)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    for ax in axes.flat[len(names) :]:
        ax.set_visible(False)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    shown = figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, fontsize=FONT)
    for text in shown.get_texts():
        text.set_color(INK)
    return figure


def present(column: Any) -> Any:
    """The present values of an Arrow column: an array of numbers, moments as seconds; or a list of text."""
    values, kind = column.drop_null(), str(column.type)
    if kind.startswith(("date", "timestamp")):
        return values.to_numpy().astype("datetime64[s]").astype(float)
    if kind.startswith(("int", "uint", "float", "double", "halffloat", "decimal")):
        return values.to_numpy().astype(float)
    return [str(value) for value in values.to_pylist()]


def _day(seconds: float, _: Any) -> str:
    return str(np.datetime64(int(seconds), "s"))[:10]


def curves(ax: Any, real: Any, drawn: Any) -> None:
    """Histograms over the middle 99 % of the real numbers; what lies beyond is in the outer bins."""
    from matplotlib.ticker import MaxNLocator

    low, high = np.quantile(real, [0.005, 0.995]) if len(np.unique(real)) > 25 else (real.min(), real.max())
    levels = np.unique(real[(real >= low) & (real <= high)])
    edges = _between(levels) if 1 < len(levels) <= 25 else np.linspace(low, high if high > low else low + 1, 26)
    for values, color, label, kind, alpha in (
        (real, DATA, "real", "stepfilled", 0.35), (drawn, MODEL, "sampled", "step", 1.0)
    ):  # fmt: skip
        inside = np.clip(values, edges[0], edges[-1])
        weights = np.full(len(inside), 1 / max(len(inside), 1))
        ax.hist(inside, edges, weights=weights, histtype=kind, color=color, alpha=alpha, linewidth=1.4, label=label)
    ax.xaxis.set_major_locator(MaxNLocator(3))


def _between(levels: Any) -> Any:
    """Edges around each of a few exact values."""
    middle = (levels[1:] + levels[:-1]) / 2
    return np.concatenate([[2 * levels[0] - middle[0]], middle, [2 * levels[-1] - middle[-1]]])


def _columns(ax: Any, real: Any, drawn: Any) -> None:
    """Shares of the most frequent names, or of a few numbers in their order."""
    levels, count = np.unique(real, return_counts=True)
    shown = levels[np.argsort(-count, kind="stable")][:LEVELS] if isinstance(real, list) else levels
    at = np.arange(len(shown))
    for values, color, side, label in ((real, DATA, -1, "real"), (drawn, MODEL, 1, "sampled")):
        share = [float(np.mean(np.asarray(values) == level)) if len(values) else 0.0 for level in shown]
        ax.bar(at + side * 0.2, share, width=0.38, color=color, alpha=0.45 if side < 0 else 1.0, label=label)
    steep = len(shown) > 3
    names = [short(number(level.item()), 5 if steep else 12) for level in shown]
    ax.set_xticks(at, names, rotation=55 if steep else 0, ha="right" if steep else "center")
    ax.tick_params(axis="x", labelsize=FONT - 2.5, pad=1)


def p_values(p: Any) -> Any:
    """The p-values of rows: flat where they are ordinary, a peak at the left where many are strange."""
    p = np.asarray(p, dtype=float)
    figure, axes = style.canvas(5.6, 2.3)
    ax = axes[0, 0]
    ax.hist(p, np.linspace(0, 1, 21), color=MODEL, alpha=0.75, weights=np.full(len(p), 20 / max(len(p), 1)))
    ax.axhline(1, color=DATA, linewidth=1, linestyle=":", label="where all rows are ordinary and new")
    style.legend(ax, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    ax.set(xlabel="p-value", ylabel="density")
    ax.set_xlim(0, 1)
    return figure


def training(history: Sequence[Mapping[str, Any]]) -> Any:
    """Loss per epoch on the training rows and on the held-out rows, a panel for each stage of the training."""
    stages = list(dict.fromkeys(row.get("stage", "model") for row in history)) or ["model"]
    figure, axes = style.canvas(3.4 * len(stages), 2.4, 1, len(stages))
    for ax, stage in zip(axes[0], stages, strict=True):
        rows = [row for row in history if row.get("stage", "model") == stage]
        for key, color, label in (("loss", DATA, "training rows"), ("validation", MODEL, "held-out rows")):
            line = [(row["epoch"], row[key]) for row in rows if row.get(key) is not None]
            if line:
                mark = "o" if len(line) == 1 else None
                ax.plot(*zip(*line, strict=True), color=color, linewidth=1.6, marker=mark, markersize=4, label=label)
        style.title(ax, STAGES.get(stage, stage))
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        ax.ticklabel_format(useOffset=False)
        if len(rows) == 1:
            ax.set_xlim(rows[0]["epoch"] - 1, rows[0]["epoch"] + 1)
        ax.set(xlabel="epoch", ylabel="loss" if stage in ("prior", "ratio") else "loss per column")
        if ax.lines:
            style.legend(ax)
    return figure


def overview(metrics: Mapping[str, Any]) -> Any:
    """Reconstruction and imputation at a glance: every column beside the simplest answer."""
    from vaekit.errors import UserError

    parts = [name for name in ("reconstruction", "imputation") if metrics.get(name, {}).get("columns")]
    if not parts:
        raise UserError("there is nothing to draw: no column was observed")
    count = max(len(metrics[name]["columns"]) for name in parts)
    figure, axes = style.canvas(4.2 * len(parts), 1.0 + 0.25 * count, 1, len(parts))
    for ax, part in zip(axes[0], parts, strict=True):
        columns = metrics[part]["columns"]
        gain = {name: _gain(each) for name, each in columns.items()}
        names = sorted(gain, key=lambda name: -gain[name])
        ax.barh(range(len(names)), [gain[name] for name in names], height=0.6,
                color=[MODEL if gain[name] > 0 else STRANGE for name in names])  # fmt: skip
        style.rows_of(ax, names)
        ax.axvline(0, color=DATA, linewidth=0.8)
        ax.set_xlim(right=1)
        ax.set_xlabel("share of the simplest answer's error removed")
        style.title(ax, part)
    return figure


def _gain(column: Mapping[str, Any]) -> float:
    """1 - error / simplest error: 1 is perfect, 0 no better than a mean or the most frequent level, cut at -1."""
    pair = (1 - column["accuracy"], 1 - column["most_frequent"]) if "accuracy" in column else (
        column["error"], column["mean_filling"])  # fmt: skip
    return max(-1.0, 1 - pair[0] / pair[1]) if pair[1] > 0 else 0.0
