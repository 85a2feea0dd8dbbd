"""Pictures of scored rows: how strange they are, and why one of them is."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaekit.figures import style
from vaekit.figures.style import DATA, INK, MODEL, MUTED, STRANGE, number, short

SHOWN = 6  # columns in the account of one row


def scores(scored: Any, rows: int = 3) -> Any:
    """The distribution of the scores with the flagged rows marked, and beside it why the strangest rows are strange.

    Args:
        scored: `vaekit.modes.score.Scores` of B rows.
        rows: how many of the strangest rows to explain.
    """
    rows = max(0, min(rows, len(scored)))
    figure, axes = style.canvas(7.6, max(3.0, 1.9 * rows), max(rows, 1), 2 if rows else 1)
    grid = axes[0, 0].get_gridspec()
    for ax in axes[:, 0]:
        ax.remove()
    left = figure.add_subplot(grid[:, 0])
    style.quiet(left)
    _histogram(left, np.asarray(scored.total), np.asarray(scored.flagged))
    for ax, row in zip(axes[:, -1] if rows else [], np.argsort(-scored.total), strict=False):
        account(ax, scored, int(row))
        style.title(ax, f"row {row}: score {number(float(scored.total[row]))}")
    return figure


def reasons(scored: Any, row: int) -> Any:
    """Why one row is strange: what each column adds to its score, what was observed and what was expected.

    Args:
        scored: `vaekit.modes.score.Scores`.
        row: its number.
    """
    figure, axes = style.canvas(7.2, 2.6)
    account(axes[0, 0], scored, row, words=True)
    axes[0, 0].set_xlabel("nats added to the score")
    return figure


def _histogram(ax: Any, total: Any, flagged: Any) -> None:
    top = float(np.quantile(total, 0.998)) if len(total) > 500 else float(total.max())
    edges = np.linspace(float(total.min()), max(top, float(total.min()) + 1e-9), 40)
    inside = np.clip(total, edges[0], edges[-1])
    ax.hist(inside[~flagged], edges, color=DATA, alpha=0.55, label="ordinary")
    if flagged.any():
        ax.hist(inside[flagged], edges, color=STRANGE, label=f"flagged ({int(flagged.sum())})")
        style.legend(ax, loc="upper right")
    ax.set(xlabel="score (higher is stranger)", ylabel="rows")
    style.title(ax, f"{len(total):,} rows")


def account(ax: Any, scored: Any, row: int, *, words: bool = False) -> None:
    """A staircase on given axes: the largest contributions one after another, all the others, and where they end."""
    names, steps = _steps(scored, row)
    ends = np.cumsum(steps)
    starts = ends - steps
    for at, (begin, step) in enumerate(zip(starts, steps, strict=True)):
        ax.barh(at, step, left=begin, height=0.62, color=STRANGE if step > 0 else MODEL, alpha=0.9 if at < 3 else 0.45)
    ax.vlines(ends[-1], len(names) - 1.7, len(names) - 0.5, color=INK, linewidth=0.8, linestyle=":")
    style.rows_of(ax, names)
    if words:
        told = {reason.column: reason for reason in scored.reasons[row]}
        low, high = min(starts.min(), ends.min(), 0), max(ends.max(), starts.max())
        ax.set_xlim(low, high * 1.75 if high > 0 else 1)
        for at, name in enumerate(names):
            if name in told:
                x = max(starts[at], ends[at]) + (high - low) * 0.02
                ax.text(x, at, in_words(told[name]), va="center", fontsize=style.FONT - 1, color=MUTED)


def in_words(reason: Any) -> str:
    """Observed beside expected.

    >>> from types import SimpleNamespace as Row
    >>> in_words(Row(observed=1272, expected=9.0, low=-20.0, high=48.0))
    'is 1,272, expected 9 (-20 to 48)'
    """
    text = f"is {short(number(reason.observed))}, expected {short(number(reason.expected))}"
    return text if reason.low is None else f"{text} ({number(reason.low)} to {number(reason.high)})"


def _steps(scored: Any, row: int) -> tuple[list[str], Any]:
    """The largest contributions with their names, then all the others together."""
    parts = {name: float(part[row]) for name, part in scored.parts.items()}
    each = {**dict(zip(scored.columns, scored.cells[row].tolist(), strict=True)), **parts}
    each = {name: value for name, value in each.items() if value != 0} or each
    order = sorted(each, key=lambda name: -each[name])
    shown, rest = order[:SHOWN], order[SHOWN:]
    steps = [each[name] for name in shown] + ([sum(each[name] for name in rest)] if rest else [])
    return shown + ([f"{len(rest)} others"] if rest else []), np.array(steps)
