"""What evaluate asks of a model of windows: the parts of `judge`, by channel and per time step.

Windows are taken in random order where they are looked at one by one, and in unbroken stretches where steps are scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.figures.streams import busiest
from vaekit.goals import unfold
from vaekit.modes import judge
from vaekit.modes.ask import Asked, decode_rows
from vaekit.modes.calibrate import centred, p_values, raw_scores
from vaekit.modes.impute import best, interval
from vaekit.modes.judge import Subject, by_column, cells_of, coverage, first, take, through, uniformity, values_of
from vaekit.modes.quality import quality, two_sample
from vaekit.modes.stream import by_row, over_steps
from vaekit.modes.ways import way

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

HOLE = 4  # a quarter of a window is hidden
STEPS = 10_000  # of sampled and real windows, whose values are compared
COMPARED = 2_000  # windows that a classifier compares
PIECES = 10  # stretches of a long stream that are scored
SHOWN = 400  # steps in a picture
STRANGE = 0.01


def reconstruction(subject: Subject) -> dict[str, Any]:
    """Each window through the mean of its latents: what of each channel survives, beside the channel's mean."""
    truth = _steps(subject, subject.asked)
    back = _values(subject, through(subject.fitted, subject.asked))
    return by_column(subject.fitted.layout.channels, back, ~np.isnan(truth), truth)


def imputation(subject: Subject) -> dict[str, Any]:
    """Hide a stretch of a quarter window, in one channel or in all, and fill it in again, beside three simple fillings."""
    asked = first(subject.asked, judge.IMPUTED_ROWS)
    T, C = subject.fitted.steps, len(subject.fitted.layout.channels)
    single, whole = holes(len(asked), T, C, subject.seed)
    found = {"hidden_steps": max(1, T // HOLE), **_filled(subject, asked, single, picture=True)}
    return found if C == 1 else {**found, "whole_steps": _filled(subject, asked, whole)}


def holes(windows: int, T: int, C: int, seed: int) -> tuple[Flags, Flags]:
    """Which cells (W, T, C) are hidden: a stretch of one channel of each window, and the same stretch of all its channels.

    >>> single, whole = holes(5, 8, 3, 0)
    >>> single.sum((1, 2)).tolist(), whole.sum((1, 2)).tolist()
    ([2, 2, 2, 2, 2], [6, 6, 6, 6, 6])
    """
    random, length = rng.numpy(seed, "holes"), max(1, T // HOLE)
    start = random.integers(0, T - length + 1, size=(windows, 1))
    stretch = (np.arange(T) >= start) & (np.arange(T) < start + length)
    channel = random.integers(C, size=(windows, 1)) == np.arange(C)
    return stretch[:, :, None] & channel[:, None], np.repeat(stretch[:, :, None], C, axis=2)


def _filled(subject: Subject, asked: Asked, holes: Flags, picture: bool = False) -> dict[str, Any]:
    """Errors in the holes (W, T, C), beside means, the last value before the hole, and what lies between its ends."""
    fitted, fields = subject.fitted, subject.fitted.layout.channels
    truth, shape = _steps(subject, asked), holes.shape
    hidden = holes.reshape(truth.shape) & ~np.isnan(truth)
    known = asked.observed.clone()
    known[:, : fitted.vae.K] &= ~torch.from_numpy(holes.reshape(len(asked), -1))
    filled = _values(subject, best(fitted, asked, known, subject.seed))
    seen = np.where(hidden, np.nan, truth)
    others = {
        "last_value": last_value(seen.reshape(shape)).reshape(truth.shape),
        "interpolation": between(seen.reshape(shape), [field.levels > 0 for field in fields]).reshape(truth.shape),
    }
    report = {"hidden_cells": int(hidden.sum()), **by_column(fields, filled, hidden, seen, truth, others)}
    if fitted.has_density and picture:
        low, high = (_values(subject, end) for end in interval(fitted, asked, known, judge.LEVEL, subject.seed))
        report |= coverage(fields, truth, hidden, low, high)
        shown = {"truth": truth, "hidden": hidden, "best": filled, "low": low, "high": high}
        subject.pictures["imputation"] = shown
    return report


def last_value(values: Floats) -> Floats:
    """Windows (W, T, C) with each gap filled by the last value before it; by the mean where there is none.

    >>> last_value(np.array([[[np.nan], [1.0], [np.nan], [4.0]]])).ravel().tolist()
    [2.5, 1.0, 1.0, 4.0]
    """
    before = _known(values, forwards=True)
    filled = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    return np.where(before < 0, _means(values), filled)


def between(values: Floats, named: Sequence[bool]) -> Floats:
    """Windows (W, T, C) with gaps filled on the straight line between their ends; levels by the nearer end.

    >>> between(np.array([[[0.0], [np.nan], [np.nan], [3.0], [np.nan]]]), [False]).ravel().tolist()
    [0.0, 1.0, 2.0, 3.0, 3.0]
    """
    T = values.shape[1]
    before, after = _known(values, forwards=True), _known(values, forwards=False)
    none = (before < 0) & (after >= T)
    start, end = np.where(before < 0, after, before), np.where(after >= T, before, after)
    start, end = np.clip(start, 0, T - 1), np.clip(end, 0, T - 1)
    first, last = (np.take_along_axis(values, at, axis=1) for at in (start, end))
    share = (np.arange(T)[None, :, None] - start) / np.maximum(end - start, 1)
    share = np.where(np.asarray(named), np.round(share), np.clip(share, 0, 1))
    return np.where(none, _means(values), first + share * (last - first))


def _known(values: Floats, *, forwards: bool) -> Rows:
    """The step of the last known value up to each step, -1 where there is none; or of the next one, T where there is none."""
    T = values.shape[1]
    steps = np.arange(T)[None, :, None]
    if forwards:
        return np.maximum.accumulate(np.where(np.isnan(values), -1, steps), axis=1)
    return np.minimum.accumulate(np.where(np.isnan(values), T, steps)[:, ::-1], axis=1)[:, ::-1]


def _means(values: Floats) -> Floats:
    """The mean of each channel over all windows (1, 1, C), 0 where nothing is known."""
    seen = ~np.isnan(values)
    return np.where(seen, values, 0).sum((0, 1), keepdims=True) / np.maximum(seen.sum((0, 1), keepdims=True), 1)


def calibration(subject: Subject) -> dict[str, Any]:
    """Whether the p-values of steps keep their promise; neighbouring steps share windows, which `autocorrelation` tells.

    A long stream is scored in ten stretches.
    """
    fitted, by = subject.fitted, way(subject.fitted, "default")
    windows = max(judge.SCORED, judge.SCORED_CELLS // fitted.vae.K)
    pieces = stretches(_segments(subject), fitted.steps, windows * fitted.cut.stride if fitted.cut else 0)
    asked = within(subject, pieces)
    scored = centred(fitted, by, raw_scores(fitted, by, asked.cells, asked.observed), asked.observed)
    total = over_steps(asked, scored).total
    p = p_values(fitted, by, total)
    scores = total.numpy()
    _show_steps(subject, pieces, scores, p)
    known = np.sort(p[~np.isnan(scores)])
    subject.pictures["p_value"] = known
    return {**uniformity(fitted, by, known), "steps": len(known), "autocorrelation": autocorrelation(scores, pieces)}


def stretches(segments: Sequence[Rows], size: int, steps: int) -> list[Rows]:
    """About so many steps, in unbroken pieces spread over the stream, none shorter than a window.

    >>> [(int(rows[0]), len(rows)) for rows in stretches([np.arange(1000)], 10, 200)]
    [(0, 20), (100, 20), ..., (980, 20)]
    """
    long = [rows for rows in segments if len(rows) >= size]
    total = sum(map(len, long))
    if total <= steps:
        return long
    each = max(size, steps // PIECES)
    blocks = [rows[at : at + each] for rows in long for at in range(0, len(rows) - size + 1, each)]
    count = max(1, round(len(blocks) * steps / total))
    return [blocks[at] for at in np.linspace(0, len(blocks) - 1, count).astype(int)]


def within(subject: Subject, pieces: Sequence[Rows]) -> Asked:
    """The windows that lie in these pieces of the stream."""
    fitted, whole = subject.fitted, subject.whole
    assert fitted.cut is not None and whole is not None and whole.steps is not None, "a stream"
    at = fitted.cut.windows(list(pieces))
    windows = unfold(whole.steps, torch.from_numpy(at), fitted.codec.modelled)
    return replace(whole, cells=windows.cells, observed=windows.observed, at=at)


def autocorrelation(scores: Floats, pieces: Sequence[Rows]) -> float:
    """The correlation of the scores (N,) of neighbouring steps: near 1, a hundred steps tell little more than one.

    >>> round(autocorrelation(np.array([1.0, 2.0, 3.0, 4.0]), [np.arange(4)]), 6)
    1.0
    """
    pairs = np.concatenate([np.stack([scores[rows[:-1]], scores[rows[1:]]]) for rows in pieces], axis=1)
    pairs = pairs[:, np.isfinite(pairs).all(0)]
    if pairs.shape[1] < 2 or (pairs.std(1) == 0).any():
        return float("nan")
    return float(np.corrcoef(pairs)[0, 1])


def _show_steps(subject: Subject, pieces: Sequence[Rows], scores: Floats, p: Floats) -> None:
    """The strangest stretch: what was measured, what the model makes of it, and which steps are flagged."""
    fitted, arrow = subject.fitted, subject.asked.arrow
    rows = max(pieces, key=lambda each: np.nanmax(scores[each], initial=-np.inf))
    rows = rows[busiest(scores[rows], max(SHOWN, fitted.steps))]
    asked = within(subject, [rows])
    values, _ = by_row(fitted, asked, through(fitted, asked))
    back = decode_rows(fitted, values[rows], torch.ones_like(values[rows], dtype=torch.bool))
    names = [field.name for field in fitted.layout.channels if field.kind not in ("datetime", "date")]
    subject.pictures["overlay"] = {
        "time": _clock(subject, rows),
        "observed": {name: arrow[name].take(pa.array(rows)).to_pylist() for name in names},
        "reconstructed": {name: back[name].to_pylist() for name in names},
        "strange": p[rows] <= STRANGE,
    }
    subject.pictures["scores"] = {"time": _clock(subject, rows), "score": scores[rows], "flagged": p[rows] <= STRANGE}


def _clock(subject: Subject, rows: Rows) -> Any:
    """The times of these rows, or their numbers."""
    cut, table = subject.fitted.cut, subject.asked.table.arrow
    if cut is None or cut.time is None:
        return rows
    times = table[cut.time].take(pa.array(rows))
    return rows if pa.types.is_string(times.type) else times.to_numpy()


def samples(subject: Subject) -> dict[str, Any]:
    """Sampled windows beside real ones: channel by channel, pair by pair, and to a classifier of simple features."""
    fields = subject.fitted.layout.channels
    names, named = [field.name for field in fields], np.array([field.levels > 0 for field in fields])
    sides = [_steps(subject, each) for each in (subject.asked, subject.drawn)]
    T = subject.fitted.steps
    subject.pictures["windows"] = {
        name: side.reshape(-1, T, len(fields))[:4] for name, side in zip(("real", "sampled"), sides, strict=True)
    }
    apart = take(subject.asked, apart_windows(subject.asked.at, COMPARED)) if subject.asked.at is not None else None
    real = features(_steps(subject, apart or subject.asked).reshape(-1, T, len(fields)), named)
    drawn = features(sides[1].reshape(-1, T, len(fields))[: len(real)], named)
    auc = None
    if len(real) >= judge.LEAST:
        auc = two_sample(real, drawn, np.zeros(real.shape[1], dtype=bool), subject.seed)
    real_steps, new_steps = (side[rng.numpy(subject.seed, "steps").permutation(len(side))[:STEPS]] for side in sides)
    return {
        "rows": len(subject.drawn),
        **quality(real_steps, new_steps, named, names),
        "two_sample_auc": auc,
        "two_sample_rows": len(real),
    }


def apart_windows(at: Rows, most: int) -> Rows:
    """Numbers of windows (W, T) that share no step, so that a classifier learns no step by heart; all, where these are few.

    >>> apart_windows(np.arange(100)[:, None] + np.arange(2), 60).tolist()[:3]
    [0, 2, 4]
    """
    used, kept = np.zeros(int(at.max()) + 1, dtype=bool), []
    for window, steps in enumerate(at):
        if not used[steps].any():
            used[steps] = True
            kept.append(window)
    return np.array(kept if len(kept) >= judge.LEAST else range(len(at)))[:most]


def features(windows: Floats, named: Flags) -> Floats:
    """Simple numbers that describe windows (W, T, C), not-a-number where nothing is known.

    Of each channel: mean, spread, least, greatest, last minus first, and mean step; of levels how often they change is
    the last, and the others are of their numbers.
    """
    seen = ~np.isnan(windows)
    count = np.where(seen.any(1), seen.sum(1), np.nan)
    mean = np.where(seen, windows, 0).sum(1) / count
    spread = np.sqrt(np.where(seen, np.square(windows - mean[:, None]), 0).sum(1) / count)
    least, most = (end(np.where(seen, windows, fill), 1) for end, fill in ((np.min, np.inf), (np.max, -np.inf)))
    steps = np.abs(np.diff(windows, axis=1))
    steps = np.where(named, steps > 0, steps) * np.where(np.isnan(steps), np.nan, 1.0)
    moved = np.where(np.isnan(steps), 0, steps).sum(1) / np.maximum((~np.isnan(steps)).sum(1), 1)
    parts = [mean, spread, np.where(seen.any(1), least, np.nan), np.where(seen.any(1), most, np.nan),
             windows[:, -1] - windows[:, 0], moved]  # fmt: skip
    return np.concatenate(parts, axis=1)


def _segments(subject: Subject) -> list[Rows]:
    cut = subject.fitted.cut
    assert cut is not None, "a stream"
    return cut.segments(subject.asked.table.arrow)


def _steps(subject: Subject, asked: Asked) -> Floats:
    """The steps of windows in original units, levels as indices, not-a-number where missing, (W T, C)."""
    return _in_units(subject.fitted, cells_of(asked)[:, : subject.fitted.vae.K])


def _values(subject: Subject, cells: Tensor) -> Floats:
    """The same of cells (W, K) of the model's own making."""
    return _in_units(subject.fitted, cells.double().numpy())


def _in_units(fitted: Fitted, cells: Floats) -> Floats:
    fields = fitted.layout.channels
    return values_of(fields, cells.reshape(-1, len(fields)))
