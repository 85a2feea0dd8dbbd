"""The sections on models of windows of a stream: lines over time, channels, steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vaekit import figures
from vaekit.modes.evaluate import Report
from vaekit.report import common
from vaekit.report.common import Section, intervals, percent
from vaekit.report.page import details, figure, section, table, text

WAYS = ("last_value", "interpolation")


def overlay(report: Report) -> Section:
    """The strangest stretch, as it was and as the model sees it."""
    shown, scores = report.pictures["overlay"], report.pictures["scores"]
    return section(
        "The strangest stretch",
        text(
            "Windows of the stream are pressed through the latents and unfolded again; of the windows that cover a step, the "
            "mean is shown. This is the stretch with the strangest step of those that were scored. Flagged steps (p ≤ 0.01) "
            "are shaded."
        ),
        figure(figures.overlay(**shown),
               "What was measured (grey) and what the model makes of it (blue), in the channels in which the two differ "
               "most. Gaps are filled with dots.",
               "The blue line is flat where the grey one moves, all the time: the latents ignore that channel."),
        figure(figures.scores_over_time(**scores), "How strange each of these steps is.",
               "Shaded stretches where nothing happened, in a stream that was thought to be ordinary."),
    )  # fmt: skip


def imputation(report: Report) -> Section:
    """Hidden stretches filled in."""
    metrics = report.metrics["imputation"]
    steps = metrics["hidden_steps"]
    blocks = [
        text(
            f"A stretch of {steps} steps of one channel was hidden from the model in each window, which then filled it in "
            "from the rest of the window, here where the answer is known."
        )
    ]
    if metrics["numbers"]:
        blocks.append(figure(
            figures.errors(metrics["columns"]),
            "**Numbers.** 0 is a perfect answer, and filling in the channel's mean gives about 1.",
            "A dot to the right of its ring. A dot on its ring is no fault where neither other channels nor the steps before "
            "and after say anything about this one.",
        ))  # fmt: skip
    if metrics["names"]:
        blocks.append(figure(
            figures.accuracy(metrics["columns"]),
            "**Names.** How often the most probable name is the right one, beside the most frequent name.",
            "A dot to the left of its ring.",
        ))  # fmt: skip
    blocks.append(_beside_simple(metrics))
    return section("Filling gaps", *blocks, *intervals(report))


def _beside_simple(metrics: Mapping[str, Any]) -> str:
    """The model beside three fillings that need no model, for holes in one channel and in all of them."""
    kinds = (("numbers", "error", "mean_filling", "error of numbers"),
             ("names", "accuracy", "most_frequent", "names that are right"))  # fmt: skip
    holes = (("one channel hidden", metrics), ("all channels hidden", metrics.get("whole_steps")))
    rows = [
        (f"{words}, {where}", *(each[kind][measure] for measure in (ours, simple, *WAYS)))
        for where, each in holes if each
        for kind, ours, simple, words in kinds if each[kind]
    ]  # fmt: skip
    heads = ["mean over channels", "model", "mean or most frequent", "last value", "straight line"]
    note = ("The model beside the value before the hole carried on, and a straight line across it. Smooth channels are filled "
            "by a straight line better than by anything else: the model is worth its while where channels tell of one "
            "another, and at the ends of a stream.")  # fmt: skip
    return table(heads, rows, note)


def samples(report: Report) -> Section | None:
    """Drawn windows beside real ones."""
    metrics = report.metrics.get("samples")
    if metrics is None:
        return None
    worst = [(" and ".join(pair["columns"]), percent(pair["error_percent"])) for pair in metrics["worst_trends"]]
    auc = metrics["two_sample_auc"]
    told = "" if auc is None else (
        " A classifier that sees of each channel the mean, spread, ends, slope and roughness of a window tells the two apart "
        f"with an area under the curve of **{auc:.2f}**: 0.5 means that it cannot, 1.0 that it always can."
    )  # fmt: skip
    by_channel = [(name, percent(error)) for name, error in metrics["shape_error_by_column"].items()]
    return section(
        "Sampled windows",
        text(
            f"{metrics['rows']:,} new windows were drawn and held against the real ones. The values of single channels are "
            f"off by **{percent(metrics['shape_error_percent'])}**, pairs of channels by "
            f"**{percent(metrics['trend_error_percent'])}** on average (the definitions of SDMetrics).{told}"
        ),
        figure(figures.windows_grid(report.pictures["windows"], list(report.about["kinds"])),
               "Windows of the stream, chosen at random, and sampled ones.",
               "Sampled windows are rougher or smoother than real ones, or all alike."),
        details("Every channel", table(["channel", "error"], by_channel), table(["pair of channels", "error"], worst)),
    )  # fmt: skip


def reconstruction(report: Report) -> Section:
    """What survives the bottleneck."""
    columns = report.metrics["reconstruction"]["columns"]
    rows = [(name, each["kind"], each.get("error"), each.get("accuracy"), each.get("most_frequent"))
            for name, each in columns.items()]  # fmt: skip
    heads = ["channel", "kind", "error", "right", "most frequent name"]
    return section(
        "What the latents remember",
        text(
            "Each window is pressed through a handful of numbers, its **latents**, and unfolded again. This is memory, not "
            "insight: what comes back has been seen."
        ),
        figure(figures.overview(report.metrics),
               "How much of the error of the simplest answer (a mean, the most frequent name) is gone: 1 is perfect. Left: "
               "the window was seen. Right: the stretch was hidden.",
               "A channel near 0 on the left: the latents ignore it, or it is noise. More latents or a smaller `beta` would "
               "keep it."),
        details("Every channel", table(heads, rows, "`error` in spreads of the channel; shares that are right for names.")),
    )  # fmt: skip


def calibration(report: Report) -> Section:
    """P-values of steps."""
    like = report.metrics["calibration"].get("autocorrelation")
    told = "" if like is None else (
        f"Neighbouring steps have scores that are alike (their correlation is {like:.2f}), because the same windows cover "
        "them: flagged steps come in stretches, and a stretch is one event. "
    )  # fmt: skip
    return common.calibration(report, text(
        f"{told}A step's score is the mean over the windows that cover it, which varies less than the score of a single "
        "window; where windows overlap, fewer ordinary steps are flagged than α promises."
    ))  # fmt: skip
