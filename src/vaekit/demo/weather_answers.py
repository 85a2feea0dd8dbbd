"""The chapters about hours: which are strange, which sensor fails, what belongs in the gaps, what is put right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from vaekit import figures
from vaekit.demo.weather import CHANNELS, DAY, UNITS, Fault, Weather
from vaekit.figures.streams import stretches
from vaekit.figures.style import number
from vaekit.report import code, figure, section, table, text

Section = tuple[str, str]

HIDDEN = ("temp", "dewp", "pressure")
LONG, EVERY = 12, 96  # hours hidden at a time, and from one such stretch to the next


def strange_hours(told: Weather) -> Section:
    """The mode score: flagged stretches with their reasons."""
    scores, time = told.scores, told.time
    found = []
    for first, last in stretches(scores.flagged):
        rows = [b for b in range(first, last + 1) if scores.reasons[b]]
        if rows:
            clearest = max(rows, key=lambda b: _apart(scores.reasons[b][0]))
            found.append((float(np.nanmax(scores.total[rows])), first, last, scores.reasons[clearest][0]))
    found.sort(key=lambda each: -each[0])
    lines = [
        (told.new["origin"][first].as_py(), _when(time[first]), last - first + 1, f"{total:.3g}", _why(reason))
        for total, first, last, reason in found[:8]
    ]
    usual = scores.flagged[told.ordinary].mean()
    return section(
        "Which hours are strange, and why",
        text(
            f"{told.new.num_rows:,} hours that the model has never seen. An hour's score is the mean over the "
            "windows that cover it. "
            f"At `alpha=0.01` **{usual:.1%}** of the hours are flagged that lie away from the known faults. Below "
            "are the most strange "
            "stretches and the first reason of each: the channel, what it read, and what the rest of the day suggests."
        ),
        code("scores = model.score(stream)\nscores.total, scores.flagged, scores.reasons     # one an hour"),
        table(["airport", "from", "hours", "score", "because"], lines),
        figure(scores.plot(), "The airport with the strangest hour, all weeks that were kept out."),
    )


def found_faults(told: Weather) -> Section:
    """Faults: how many of their hours are flagged, the channel named, and what a live monitor would have known."""
    lines = []
    for fault in told.faults:
        ways = (_found(told, scores, fault) for scores in (told.scores, told.likelihoods))
        named = _named(told.likelihoods, fault)
        lines.append((fault.what, fault.origin, *(each for way in ways for each in way), named))
    return section(
        "Faults of the sensors",
        text(
            "Three faults lie in these hours. Two were planted, each for two days: a thermometer that sticks before the "
            "weather changes, and one that stands in the sun, where every single value is an ordinary one of another "
            "season. The third is real, and stands in the published data. The default score weighs large departures "
            'from what the model saw; `by="likelihood"` weighs each channel by how well the model knows it.'
        ),
        code('model.score(stream)\nmodel.score(stream, by="likelihood")'),
        table(
            ["fault", "at", "flagged", "lower", "by likelihood: flagged", "lower", "named"],
            lines,
            "Hours flagged at `alpha=0.01`; the share of ordinary hours whose score is lower than the fault's "
            "highest; and at how many of its hours the likelihood's first reason is the faulty channel.",
        ),
        text(
            "The score of an hour also knows what came after it. `causal` is the score of the window that ends in "
            "each hour: what a live monitor would have said then. Below both, by likelihood."
        ),
        code(
            "scores.total      # from all windows that cover an hour\nscores.causal     # from the window that ends in it"
        ),
        *(_closely(told, fault) for fault in told.faults),
    )


def _closely(told: Weather, fault: Fault) -> str:
    """A fault's days: scores as known later and as known then, and the channel beside its reconstruction."""
    near, start = told.around(fault, 2 * DAY), told.time[fault.rows.start]
    scores, seen = told.likelihoods, told.new.take(pa.array(near))
    said = told.model.reconstruct(seen)
    flagged = scores.flagged[near]
    threshold = float(np.nanmin(scores.total[scores.flagged])) if scores.flagged.any() else None
    lines = figures.scores_over_time(told.time[near], scores.total[near], threshold, flagged, scores.causal[near])
    shown = [fault.channel, *(name for name in ("temp", "dewp", "humid") if name != fault.channel)][:3]
    over = figures.overlay(told.time[near], _columns(seen, shown), _columns(said, shown), flagged)
    what = f"{fault.origin}, {_when(start)}: {fault.what}."
    return figure(lines, what) + figure(over, f"What was measured on these days and what the model makes of it. {what}")


def filled_stretches(told: Weather) -> Section:
    """The modes impute and impute_interval, on stretches that are hidden and on real gaps."""
    clean = told.clean
    mask = _hidden(clean)
    filled = told.model.impute(clean, missing=mask)
    low, high = told.model.impute_interval(clean, 0.9, missing=mask)
    lines = [_judged(clean, filled, low, high, mask, name) for name in HIDDEN]
    at = slice(0, 4 * DAY)
    shown = {
        name: np.where(mask[at, clean.column_names.index(name)], np.nan, _numbers(clean, name)[at]) for name in HIDDEN
    }
    line, bottom, top = ({name: _numbers(each, name)[at] for name in HIDDEN} for each in (filled, low, high))
    real = sum(clean[name].null_count for name in CHANNELS)
    left = sum(filled[name].null_count for name in CHANNELS)
    draws = told.model.impute(clean.slice(0, 4 * DAY), draws=3, missing=mask[at])
    apart = float(
        np.mean(
            [np.std([_numbers(each, "temp")[mask[at, clean.column_names.index("temp")]] for each in draws], axis=0)]
        )
    )
    return section(
        "Missing stretches",
        text(
            f"These weeks have {real:,} gaps of their own; after `impute` {left:,} are left. To measure it, {LONG} hours of "
            f"temperature, dew point and pressure were hidden together, every {EVERY} hours. A straight line between the "
            "ends of a gap is the rival that sensors deserve."
        ),
        code("model.impute(stream, missing=hidden)\nmodel.impute_interval(stream, 0.9, missing=hidden)"),
        table(
            ["channel", "error", "straight line", "mean of the channel", "inside the 90% interval"],
            lines,
            "Root mean squared errors in the channel's unit, hidden hours only.",
        ),
        figure(
            figures.overlay(np.asarray(clean["time"].to_numpy())[at], shown, line, None, bottom, top),
            "Four days: what was left to the model (grey), the model's line, dotted where it fills a gap, and its "
            "90% interval.",
        ),
        text(f"`draws=3` gives whole alternatives; their temperatures lie {apart:.1f} °F apart (standard deviation)."),
    )


def put_right(told: Weather) -> Section:
    """The modes denoise and reconstruct."""
    fault = told.faults[-1]
    near = told.around(fault, DAY)
    seen = told.new.take(pa.array(near))
    right, again = told.model.denoise(seen), told.model.reconstruct(seen)
    at = int(np.flatnonzero(near == fault.rows.start)[0])
    names = ["time", *CHANNELS]
    lines = [
        (word, *(_shown(side, name, at) for name in names))
        for word, side in (("as it was", seen), ("denoise", right), ("reconstruct", again))
    ]
    return section(
        "Putting an hour right",
        text(
            f"{fault.origin}, {_when(told.time[fault.rows.start])}: {fault.what}. `denoise` replaces what the other "
            "hours and channels contradict, and "
            "fills gaps; `reconstruct` presses the whole day through the latents."
        ),
        code("model.denoise(stream)\nmodel.reconstruct(stream)"),
        table(["", *names], lines, mark=[(r, 1 + names.index(fault.channel)) for r in (0, 1)]),
    )


def probable_hours(told: Weather) -> Section:
    """The mode log_prob."""
    rows = told.of("LGA")
    hours = told.new.take(pa.array(rows))
    nats = told.model.log_prob(hours)
    known = np.flatnonzero(~np.isnan(nats))
    order = known[np.argsort(-nats[known])]
    picked = [int(order[0]), int(order[len(order) // 2]), int(order[-1])]
    lines = [(f"{nats[b]:.1f}", *(_shown(hours, name, b) for name in ("time", *CHANNELS))) for b in picked]
    return section(
        "How probable is an hour",
        text(
            "A lower bound on the logarithm of the density, in nats an hour, the mean over the windows that cover "
            "it. It depends on units; its use is comparing models on the same stream."
        ),
        code("model.log_prob(stream)"),
        table(
            ["nats", "time", *CHANNELS],
            lines,
            f"The most probable, a middling and the least probable of {len(known):,} hours.",
        ),
    )


def _found(told: Weather, scores: Any, fault: Fault) -> tuple[str, str]:
    """Hours flagged, and where the highest score lies among ordinary ones."""
    ordinary = scores.total[told.ordinary & ~np.isnan(scores.total)]
    flagged, top = scores.flagged[fault.rows], np.nanmax(scores.total[fault.rows])
    return f"{flagged.sum()} of {len(flagged)}", f"{(ordinary < top).mean():.1%}"


def _named(scores: Any, fault: Fault) -> str:
    """At how many hours of a fault its channel is the first reason."""
    reasons = scores.reasons[fault.rows]
    return f"{sum(bool(each) and each[0].column == fault.channel for each in reasons)} of {len(reasons)}"


def _apart(reason: Any) -> float:
    """How far an observed number lies from the expected one, in widths of its interval."""
    if reason.low is None or reason.observed is None:
        return 0.0
    return float(abs(reason.observed - reason.expected) / max(reason.high - reason.low, 1e-9))


def _hidden(hours: pa.Table) -> Any:
    """A mask (N, columns) of stretches that are hidden together."""
    mask = np.zeros((hours.num_rows, hours.num_columns), dtype=bool)
    hide = (np.arange(hours.num_rows) % EVERY >= EVERY // 2) & (np.arange(hours.num_rows) % EVERY < EVERY // 2 + LONG)
    for name in HIDDEN:
        mask[hide, hours.column_names.index(name)] = True
    return mask


def _judged(hours: pa.Table, filled: pa.Table, low: pa.Table, high: pa.Table, mask: Any, name: str) -> tuple[Any, ...]:
    """Errors at hidden hours of the model, of a straight line and of the mean, and the share inside the interval."""
    hide, true = mask[:, hours.column_names.index(name)], _numbers(hours, name)
    left = np.flatnonzero(~hide & ~np.isnan(true))
    line = np.interp(np.arange(len(true)), left, true[left])
    best, ends = _numbers(filled, name), [_numbers(side, name) for side in (low, high)]
    asked = hide & ~np.isnan(true) & ~np.isnan(best)
    errors = [
        np.sqrt(np.square(each - true)[asked].mean()) for each in (best, line, np.full(len(true), true[left].mean()))
    ]
    inside = ((true >= ends[0]) & (true <= ends[1]))[asked].mean()
    return f"{name}, {UNITS[name]}", *(f"{error:.2f}" for error in errors), f"{inside:.0%}"


def _numbers(hours: Any, name: str) -> Any:
    return hours[name].to_numpy().astype(float)


def _columns(hours: Any, names: list[str]) -> dict[str, Any]:
    return {name: _numbers(hours, name) for name in names}


def _shown(hours: Any, name: str, row: int) -> Any:
    value = hours[name][row].as_py()
    return _when(np.datetime64(value)) if name == "time" else value


def _when(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[m]")).replace("T", " ")


def _why(reason: Any) -> str:
    ends = "" if reason.low is None else f" ({number(reason.low)} to {number(reason.high)})"
    unit = UNITS.get(reason.column, "")
    return f"{reason.column} is {number(reason.observed)} {unit}, the rest suggests {number(reason.expected)}{ends}"
