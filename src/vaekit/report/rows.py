"""The sections on tables: filled gaps, sampled rows, what survives the latents."""

from __future__ import annotations

from vaekit import figures
from vaekit.modes.evaluate import Report
from vaekit.report.common import Section, intervals, percent
from vaekit.report.page import details, figure, section, table, text


def imputation(report: Report) -> Section:
    """Hidden cells filled in."""
    metrics = report.metrics["imputation"]
    blocks = [
        text(
            f"A fifth of the known cells ({metrics['hidden_cells']:,} of them) were hidden from the model, which then filled "
            "them in from the rest of their rows. That is what it does with real gaps, except that here the answers are known."
        )
    ]
    if metrics["numbers"]:
        blocks.append(figure(
            figures.errors(metrics["columns"]),
            "**Numbers.** 0 is a perfect answer, and filling in the column's mean gives about 1. The line between the two is "
            "what the other columns of a row tell about this one.",
            "A dot to the right of its ring: the model does worse than a mean. A dot on its ring is no fault: the other "
            "columns say nothing about that one.",
        ))  # fmt: skip
    if metrics["names"]:
        blocks.append(figure(
            figures.accuracy(metrics["columns"]),
            "**Names.** How often the most probable name is the right one, beside always answering the most frequent name.",
            "A dot to the left of its ring.",
        ))  # fmt: skip
    blocks += intervals(report)
    return section("Filling gaps", *blocks)


def reconstruction(report: Report) -> Section:
    """What survives the bottleneck."""
    columns = report.metrics["reconstruction"]["columns"]
    heads = ["column", "kind", "error", "right", "most frequent name"]
    rows = [
        (name, each["kind"], each.get("error"), each.get("accuracy"), each.get("most_frequent"))
        for name, each in columns.items()
    ]
    return section(
        "What the latents remember",
        text(
            "Each row is pressed through a handful of numbers, its **latents**, and unfolded again. Columns that come back "
            "well are the ones the model thinks a row is about. This is memory, not insight: what comes back has been seen."
        ),
        figure(figures.overview(report.metrics),
               "How much of the error of the simplest answer (a mean, the most frequent name) is gone: 1 is perfect. Left: the "
               "cell was seen. Right: it was hidden, and follows from the other columns alone.",
               "A column near 0 on the left: the latents ignore it. More latents or a smaller `beta` would keep it."),
        details("Every column", table(heads, rows, "`error` in spreads of the column; shares that are right for names.")),
    )  # fmt: skip


def samples(report: Report) -> Section | None:
    """Drawn rows beside real ones."""
    metrics = report.metrics.get("samples")
    if metrics is None:
        return None
    worst = [
        (" and ".join(pair["columns"]), percent(pair["error_percent"])) for pair in metrics["worst_trends"] if pair
    ]
    auc, halves = metrics["two_sample_auc"], metrics["halves_of_real_rows"]
    chance = "" if halves["shape_error_percent"] is None else (
        " One half of the real rows differs from the other by "
        f"{percent(halves['shape_error_percent'])} and {percent(halves['trend_error_percent'])}: so much is chance."
    )  # fmt: skip
    told = "" if auc is None else (
        f" A classifier trained to tell the two apart reaches an area under the curve of **{auc:.2f}**: 0.5 means that it "
        "cannot, 1.0 that it always can."
    )  # fmt: skip
    return section(
        "Sampled rows",
        text(
            f"{metrics['rows']:,} new rows were drawn and held against the real ones. Single columns are off by "
            f"**{percent(metrics['shape_error_percent'])}**, pairs of columns by "
            f"**{percent(metrics['trend_error_percent'])}** on average (the definitions of SDMetrics).{chance}{told}"
        ),
        figure(figures.marginals(report.pictures["real"], report.pictures["drawn"], list(report.about["kinds"])),
               "Each column on its own: real rows are grey, sampled ones blue. Gaps are sampled too, but not drawn here.",
               "A peak that only one of the two has, or a level that is never drawn."),
        table(["pair of columns", "error"], worst, "The pairs that go together least as they do in the real rows."),
    )  # fmt: skip
