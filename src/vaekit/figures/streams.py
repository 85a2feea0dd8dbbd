"""Pictures of streams: what was measured and what the model says of it, scores over time, windows beside sampled ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from vaekit.errors import DataError
from vaekit.figures import style
from vaekit.figures.style import DATA, FONT, INK, MODEL, MUTED, STRANGE, short

WIDTH = 8.2
CHANNELS = 6
POINTS = 700  # across a picture; of longer streams the extremes of every stretch are drawn
HOLE = 10.0  # usual steps of the clock, above which a line breaks


def overlay(
    time: Any, observed: Mapping[str, Any], reconstructed: Mapping[str, Any], strange: Any = None,
    low: Mapping[str, Any] | None = None, high: Mapping[str, Any] | None = None, most: int = CHANNELS,
) -> Any:  # fmt: skip
    """What was measured with the model's answer over it, a panel a channel; gaps are filled with dots.

    Args:
        time: (T,) moments or numbers, rising.
        observed: channel -> (T,) numbers, or names; NaN or None where nothing was measured.
        reconstructed: channel -> (T,) of the model.
        strange: (T,) true at steps that are flagged.
        low, high: channel -> (T,) ends of an interval.
        most: channels shown: those in which the model differs most, at the flagged steps where there are any.
    """
    time, marks = _moments(time), None if strange is None else np.asarray(strange, dtype=bool)
    both = {name: _coded(observed[name], reconstructed[name]) for name in observed if name in reconstructed}
    if not both:
        raise DataError("no channel is both observed and reconstructed", hint=f"observed: {', '.join(observed)}")
    names = relevant({name: pair[:2] for name, pair in both.items()}, marks, most)
    figure, axes = style.canvas(WIDTH, 0.75 + 1.15 * len(names), len(names), 1, sharex=True)
    for ax, name in zip(axes[:, 0], names, strict=True):
        seen, said, levels = both[name]
        if low is not None and high is not None and name in low and name in high and not levels:
            ends = (np.asarray(each[name], dtype=float) for each in (low, high))
            _band(ax, time, *ends)
        way = {"drawstyle": "steps-mid"} if levels else {}
        _model(ax, time, said, np.isnan(seen), **way)
        _line(ax, time, seen, color=DATA, linewidth=1.0 if len(time) < 2 * POINTS else 0.5, label="observed", **way)
        _shade(ax, time, marks)
        ax.set_title(short(name, 40), loc="left", fontsize=FONT, color=INK, pad=3)
        if levels:
            ax.set_yticks(range(len(levels)), [short(level, 12) for level in levels])
        _limits(ax, seen, said)
    _clock(axes[-1, 0], time)
    _legend(figure, axes[:, 0])
    return figure


def relevant(channels: Mapping[str, tuple[Any, Any]], strange: Any = None, most: int = CHANNELS) -> list[str]:
    """The channels in which two lines differ most, in spreads of the channel, in the order in which they were given.

    >>> flat, jump = np.zeros(4), np.array([0.0, 0.0, 9.0, 0.0])
    >>> relevant({"calm": (flat, flat), "odd": (jump, flat), "hot": (flat, flat + 1)}, np.array([0, 0, 1, 0]) > 0, most=2)
    ['odd', 'hot']
    """
    far = {}
    for name, (seen, said) in channels.items():
        miss = np.abs(np.asarray(seen, dtype=float) - said)
        miss = miss[strange] if strange is not None and strange.any() else miss
        spread = np.nanstd(seen) if np.isfinite(seen).any() else 0.0
        far[name] = float(np.nanmean(miss) / (spread or 1.0)) if np.isfinite(miss).any() else 0.0
    first = sorted(far, key=lambda name: -far[name])[:most]
    return [name for name in channels if name in first]


def busiest(score: Any, steps: int = 400) -> slice:
    """The stretch of so many steps with the largest score in its middle, as far as the ends allow.

    >>> score = np.zeros(100)
    >>> score[90] = 3.0
    >>> busiest(score, 40), busiest(score, 500)
    (slice(60, 100, None), slice(0, 100, None))
    """
    known = np.nan_to_num(np.asarray(score, dtype=float), nan=-np.inf)
    start = max(0, min(int(np.argmax(known)) - steps // 2, len(known) - steps))
    return slice(start, min(start + steps, len(known)))


def scores_over_time(
    time: Any, score: Any, threshold: float | None = None, flagged: Any = None, causal: Any = None
) -> Any:
    """How strange every step is; where a few peaks would flatten all others they are cut, and a triangle says so.

    Args:
        time: (T,) moments or numbers, rising.
        score: (T,) from all windows that cover a step, NaN where there is none.
        threshold: above which a step is flagged.
        flagged: (T,) true at steps that are flagged.
        causal: (T,) scores from windows that end at the step, as a live monitor has them.
    """
    time, score = _moments(time), np.asarray(score, dtype=float)
    figure, axes = style.canvas(WIDTH, 2.5)
    ax = axes[0, 0]
    both = score if causal is None else np.concatenate([score, np.asarray(causal, dtype=float)])
    bottom, top = ceiling(both, threshold)
    if causal is not None:
        _line(
            ax,
            time,
            np.asarray(causal, dtype=float),
            color=MODEL,
            linewidth=0.9,
            alpha=0.65,
            label="as it was known then",
        )
    _line(ax, time, score, color=DATA, linewidth=1.0, label="score" if causal is None else "with what came after")
    marks = None if flagged is None else np.asarray(flagged, dtype=bool)
    _shade(ax, time, marks)
    if threshold is not None:
        ax.axhline(threshold, color=STRANGE, linewidth=0.9, linestyle=":", label="threshold")
    cut = _peaks(score, top)
    if len(cut):
        ax.plot(
            time[cut], np.full(len(cut), top), "^", color=STRANGE, markersize=4.5, clip_on=False, label="goes on above"
        )
    ax.set_ylim(bottom, top)
    ax.set_ylabel("score (higher is stranger)")
    _clock(ax, time)
    _legend(figure, [ax])
    return figure


def ceiling(score: Any, threshold: float | None = None) -> tuple[float, float]:
    """Ends of an axis on which most scores can still be told apart.

    >>> ceiling(np.array([0.0, 1.0, 2.0]))
    (-0.08, 2.08)
    >>> ceiling(np.array([*np.linspace(0, 1, 999), 500.0]), 2.0)[1] < 9
    True
    """
    known = score[np.isfinite(score)]
    if not len(known):
        return 0.0, 1.0
    low, usual, most = (float(np.quantile(known, q)) for q in (0.0, 0.98, 1.0))
    far = max(usual, threshold if threshold is not None else usual)
    top = min(most, low + 4 * (far - low)) if far > low else most
    top = max(top, far)
    margin = 0.04 * (top - low) or 0.5
    return low - margin, top + margin


def windows_grid(windows: Any, names: Sequence[str], count: int = 4, most: int = CHANNELS) -> Any:
    """Windows side by side, a column each and a row for each channel; where two sorts are given, sampled beside real.

    Args:
        windows: (B, T, C), or sort -> (B, T, C), such as {"real": ..., "sampled": ...}; a sort may be a list of B
            windows, each channel -> (T,).
        names: C channels.
        count: windows of a sort.
        most: channels at most, the first ones.
    """
    sorts = dict(windows) if isinstance(windows, Mapping) else {"": windows}
    sorts = {sort: _stack(each, names)[:count, :, :most] for sort, each in sorts.items()}
    names = list(names)[:most]
    across = sum(map(len, sorts.values()))
    figure, axes = style.canvas(WIDTH, 0.55 + 0.72 * len(names), len(names), across, sharex=True, sharey="row")
    colors = [DATA, MODEL, *style.NAMES[1:]] if "" not in sorts else [MODEL]
    at = 0
    for (sort, each), color in zip(sorts.items(), colors, strict=False):
        for window in each:
            for ax, line in zip(axes[:, at], window.T, strict=True):
                ax.plot(line, color=color, linewidth=1.1)
                ax.set(xticks=[], yticks=[])
                ax.spines["left"].set_visible(False)
            at += 1
        if sort:
            axes[0, at - len(each)].set_title(sort, loc="left", fontsize=FONT, color=color, fontweight="bold", pad=6)
    for ax, name in zip(axes[:, 0], names, strict=True):
        ax.set_ylabel(short(name, 16), rotation=0, ha="right", va="center", color=INK, size=FONT)
    return figure


def thinned(time: Any, values: Any, points: int = POINTS) -> tuple[Any, Any]:
    """A line with few enough points to draw: the lowest and the highest of every stretch, so that no peak is lost.

    >>> time, values = thinned(np.arange(90_000), np.where(np.arange(90_000) == 777, 5.0, 0.0))
    >>> len(time), float(values.max())
    (701, 5.0)
    """
    if len(values) <= 2 * points:
        return time, values
    edges = np.linspace(0, len(values), points + 1).astype(int)
    keep: list[int] = []
    for start, end in pairwise(edges):
        part = values[start:end]
        known, gap = np.flatnonzero(~np.isnan(part)), np.flatnonzero(np.isnan(part))
        ends = {int(known[np.argmin(part[known])]), int(known[np.argmax(part[known])])} if len(known) else set()
        if len(gap) > len(known):
            ends.add(int(gap[len(gap) // 2]))  # what is mostly a gap breaks the line
        keep += [start + place for place in sorted(ends)]
    return time[keep], values[keep]


def stretches(marks: Any) -> list[tuple[int, int]]:
    """First and last step of every unbroken stretch.

    >>> stretches(np.array([False, True, True, False, True]))
    [(1, 2), (4, 4)]
    """
    turns = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(int)))
    return [(int(start), int(end) - 1) for start, end in turns.reshape(-1, 2)]


def _moments(time: Any) -> Any:
    """Numbers as they are, moments of any type as datetime64."""
    time = np.asarray(time)
    return time.astype("datetime64[us]") if time.dtype.kind in "OU" else time


def _line(ax: Any, time: Any, values: Any, **options: Any) -> None:
    """A line that breaks at gaps and at holes of the clock; a value alone between gaps is a dot."""
    step = np.diff(time).astype(float)
    holes = np.flatnonzero(step > HOLE * np.median(step)) + 1 if len(step) else np.array([], dtype=int)
    pieces = [thinned(time[part], values[part], max(2, POINTS * len(part) // max(len(time), 1)))
              for part in np.split(np.arange(len(time)), holes)]  # fmt: skip
    breaks = [part for at, each in pieces for part in ((at, each), (at[-1:], np.array([np.nan])))][:-1]
    time, values = (np.concatenate(side) for side in zip(*breaks, strict=True))
    ax.plot(time, values, **options)
    gap = np.concatenate([[True], np.isnan(values), [True]])
    alone = ~gap[1:-1] & gap[:-2] & gap[2:]
    if alone.any():
        ax.plot(
            time[alone], values[alone], marker=".", markersize=2.2, **{**options, "label": None, "linestyle": "none"}
        )


def _model(ax: Any, time: Any, said: Any, gap: Any, **way: Any) -> None:
    """The model's line, dotted where nothing was measured; the dots join what lies beside them."""
    _line(ax, time, np.where(gap, np.nan, said), color=MODEL, linewidth=1.2, label="reconstructed", **way)
    if gap.any():
        wide = np.concatenate([[False], gap, [False]])
        beside = wide[:-2] | gap | wide[2:]
        dots = {"color": MODEL, "linewidth": 1.3, "linestyle": (0, (1, 1.2)), **way}
        _line(ax, time, np.where(beside, said, np.nan), label="gap filled", **dots)


def _band(ax: Any, time: Any, low: Any, high: Any) -> None:
    parts = np.array_split(np.arange(len(time)), min(len(time), 2 * POINTS))
    low, high = (np.array([end(each[part]) for part in parts]) for end, each in ((np.min, low), (np.max, high)))
    at = time[[part[0] for part in parts]]
    ax.fill_between(at, low, high, color=MODEL, alpha=0.16, linewidth=0, label="interval")


def _shade(ax: Any, time: Any, marks: Any) -> None:
    """A warm band over every stretch of flagged steps, never too narrow to be seen."""
    if marks is None or not marks.any():
        return
    room = (time[-1] - time[0]) / 500
    spans: list[list[Any]] = []
    for first, last in stretches(marks):
        if spans and time[first] - room <= spans[-1][1]:
            spans[-1][1] = time[last] + room
        else:
            spans.append([time[first] - room, time[last] + room])
    for at, (start, end) in enumerate(spans):
        label = "flagged" if at == 0 else None
        ax.axvspan(start, end, color=STRANGE, alpha=0.2, linewidth=0, label=label, zorder=0)


def _peaks(score: Any, top: float) -> Any:
    """Steps above the axis, one for each hundredth of the way."""
    over = np.flatnonzero(score > top)
    return over[np.unique(over * 100 // max(len(score), 1), return_index=True)[1]]


def _coded(seen: Any, said: Any) -> tuple[Any, Any, list[str]]:
    """Both lines as floats, and the levels that names stand for."""
    sides = [list(each) for each in (seen, said)]
    names = {value for side in sides for value in side if isinstance(value, str)}
    if not names:
        return np.asarray(seen, dtype=float), np.asarray(said, dtype=float), []
    place = {level: float(at) for at, level in enumerate(sorted(names))}
    first, second = (np.array([place.get(value, np.nan) for value in side]) for side in sides)
    return first, second, sorted(names)


def _limits(ax: Any, seen: Any, said: Any) -> None:
    """Room for what was measured and nearly all that the model says: a wide interval must not flatten the lines."""
    both = [seen[np.isfinite(seen)], said[np.isfinite(said)]]
    ends = [end for each, out in zip(both, (0.0, 0.005), strict=True) if len(each)
            for end in np.quantile(each, [out, 1 - out])]  # fmt: skip
    if ends:
        margin = 0.08 * (max(ends) - min(ends)) or 0.5
        ax.set_ylim(min(ends) - margin, max(ends) + margin)


def _clock(ax: Any, time: Any) -> None:
    """Ticks of the common axis: dates without repetition, or numbers."""
    if time.dtype.kind == "M":
        from matplotlib import dates

        ticks: Any = dates.AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(ticks)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(ticks))  # type: ignore[no-untyped-call]
        ax.xaxis.get_offset_text().set(color=MUTED, size=FONT - 1)
    else:
        ax.set_xlabel("step")
    if time[0] != time[-1]:
        ax.set_xlim(time[0], time[-1])


def _legend(figure: Any, axes: Sequence[Any]) -> None:
    found = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    order = sorted(found, key=lambda label: label != "observed")
    shown = figure.legend([found[label] for label in order], order, loc="outside upper left", ncols=6, frameon=False,
                          fontsize=FONT - 1, handlelength=1.4)  # fmt: skip
    for text in shown.get_texts():
        text.set_color(INK)


def _stack(windows: Any, names: Sequence[str]) -> Any:
    """(B, T, C) numbers of windows, also where they are a list of channel -> (T,)."""
    if isinstance(windows, Sequence) and windows and isinstance(windows[0], Mapping):
        windows = [np.stack([np.asarray(each[name], dtype=float) for name in names], axis=1) for each in windows]
    stacked = np.asarray(windows, dtype=float)
    if stacked.ndim != 3 or stacked.shape[2] != len(names):
        raise DataError(f"windows are arrays (B, T, {len(names)}), and here is one of shape {stacked.shape}")
    return stacked
