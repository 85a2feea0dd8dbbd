"""The page that `evaluate(...).save("report.html")` writes: what was measured, what it means, when to worry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vaekit import figures
from vaekit.modes.evaluate import Report
from vaekit.report.page import details, facts, figure, page, section, table, text

Section = tuple[str, str]


def write(report: Report) -> str:
    """The whole page as HTML."""
    metrics, about = report.metrics, report.about
    used, given = metrics["rows"]["used"], metrics["rows"]["given"]
    rows = f"{used:,} rows" if used == given else f"{used:,} of {given:,} rows, chosen at random"
    lead = (
        f"A variational autoencoder ({about['preset']}, {about['latents']} latents) fitted to {about['rows']:,} rows and "
        f"{len(about['kinds'])} modelled columns, measured on {rows}."
    )
    made = [part(report) for part in SECTIONS]
    foot = f"vaekit {about['versions']['vaekit']}. The same numbers for programs: `report.metrics`, or a report saved as .json."
    return page("How good is this model?", lead, [each for each in made if each is not None], foot)


def at_a_glance(report: Report) -> Section:
    """The four or five numbers that a hurried reader wants."""
    metrics, pairs = report.metrics, []
    for kind, measure, line in (
        ("numbers", "error", "error of filled-in numbers, in spreads of their column; their means give {mean_filling:.2f}"),
        ("names", "accuracy", "of filled-in names are right; the most frequent name gives {most_frequent:.0%}"),
    ):  # fmt: skip
        found = metrics["imputation"][kind]
        if found:
            value = f"{found[measure]:.2f}" if measure == "error" else f"{found[measure]:.0%}"
            pairs.append((value, line.format(**found)))
    if metrics["imputation"].get("coverage") is not None:
        pairs.append((f"{metrics['imputation']['coverage']:.0%}", "of hidden numbers lie in their 90% intervals"))
    if "samples" in metrics:
        pairs.append((_percent(metrics["samples"]["shape_error_percent"]), "error of sampled columns' shapes"))
        pairs.append((_percent(metrics["samples"]["trend_error_percent"]), "error of pairs of sampled columns"))
        auc = metrics["samples"]["two_sample_auc"]
        if auc is not None:
            pairs.append((f"{auc:.2f}", "a classifier's AUC between sampled and real rows; 0.5 is chance"))
    latents = metrics["latents"]
    pairs.append((f"{latents['active_units']} of {latents['count']}", "latents are in use"))
    return section("At a glance", facts(*pairs), _left_out(metrics["left_out"]))


def _left_out(left_out: dict[str, str]) -> str:
    if not left_out:
        return ""
    reason = next(iter(left_out.values()))
    return text(f"**Left out:** {', '.join(left_out)}. Why: {reason}.")


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
    blocks += _intervals(report)
    return section("Filling gaps", *blocks)


def _intervals(report: Report) -> list[str]:
    """The best-covered story: the number with the most hidden cells that the model knows something about."""
    shown, metrics = report.pictures.get("imputation"), report.metrics["imputation"]
    numbers = {name: each for name, each in metrics["columns"].items() if "error" in each and each["kind"] != "ordinal"}
    if shown is None or not numbers or metrics["coverage"] is None:
        return []
    name = min(numbers, key=lambda column: abs(numbers[column]["error"] - 0.5))
    k = list(report.about["kinds"]).index(name)
    at = shown["hidden"][:, k]
    picture = figures.intervals(**{part: shown[part][at, k] for part in ("truth", "best", "low", "high")}, name=name)
    return [
        text(
            "Every answer comes with an interval in which the hidden number should lie nine times in ten. "
            f"Here it did so in {metrics['coverage']:.1%} of the cells."
        ),
        figure(picture, f"**Intervals** of `{name}`, one bar a hidden cell.",
               "Far fewer than 90% inside: the model is surer than it should be. Far more: its intervals are too wide to be "
               "of use."),
    ]  # fmt: skip


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
        (" and ".join(pair["columns"]), _percent(pair["error_percent"])) for pair in metrics["worst_trends"] if pair
    ]
    auc = metrics["two_sample_auc"]
    told = "" if auc is None else (
        f" A classifier trained to tell the two apart reaches an area under the curve of **{auc:.2f}**: 0.5 means that it "
        "cannot, 1.0 that it always can."
    )  # fmt: skip
    return section(
        "Sampled rows",
        text(
            f"{metrics['rows']:,} new rows were drawn and held against the real ones. Single columns are off by "
            f"**{_percent(metrics['shape_error_percent'])}**, pairs of columns by "
            f"**{_percent(metrics['trend_error_percent'])}** on average (the definitions of SDMetrics).{told}"
        ),
        figure(figures.marginals(report.pictures["real"], report.pictures["drawn"], list(report.about["kinds"])),
               "Each column on its own: real rows are grey, sampled ones blue. Gaps are sampled too, but not drawn here.",
               "A peak that only one of the two has, or a level that is never drawn."),
        table(["pair of columns", "error"], worst, "The pairs that go together least as they do in the real rows."),
    )  # fmt: skip


def privacy(report: Report) -> Section | None:
    """Whether samples repeat rows."""
    metrics = report.metrics.get("privacy")
    if not metrics or not metrics["reference_rows"]:
        return None
    rows = [
        ("equal to a real row in every cell", f"{metrics['exact_copies']:.2%}", f"{metrics['exact_copies_among_real']:.2%}"),
        ("distance to the nearest real row, median", metrics["nearest_distance"], metrics["nearest_distance_real"]),
        ("the same, nearest 5%", metrics["nearest_distance_low"], metrics["nearest_distance_low_real"]),
        ("nearest over second nearest distance", metrics["distance_ratio"], metrics["distance_ratio_real"]),
    ]  # fmt: skip
    return section(
        "Does it repeat real rows?",
        text(
            "A model that has learned its rows by heart would hand them out again as samples. The model file keeps no "
            "training rows to compare with, so this compares with the rows given here: half of them "
            f"({metrics['reference_rows']:,}) are the reference, and the other half shows how near ordinary rows come to it. "
            "**Only where these are the rows that the model was fitted to does this say anything about copying them**; it is "
            "an indication, and no guarantee."
        ),
        table(["", "sampled rows", "other real rows"], rows),
        text(
            f"A sampled row is nearer to the reference than a real one is in **{metrics['nearer_than_real']:.0%}** of the "
            "comparisons. Near 50% samples are like new rows. Worry well above 50%, and when copies are more frequent than "
            "among real rows."
        ),
    )


def calibration(report: Report) -> Section:
    """P-values on these rows."""
    metrics = report.metrics["calibration"]
    if metrics["flagged_share"] is None:
        return section("Can p-values be trusted?", text(
            "The model was fitted with `validation=0`: it kept no rows to compare with, and has no p-values."))  # fmt: skip
    rows = [(f"p ≤ {alpha}", f"{share:.2%}") for alpha, share in metrics["flagged_share"].items()]
    return section(
        "Can p-values be trusted?",
        text(
            "A score says how strange a row is, and its p-value how many of the rows that were kept aside during the fit are "
            f"as strange ({metrics['calibration_rows']:,} rows). Of new ordinary rows one in a hundred has p ≤ 0.01."
        ),
        figure(figures.p_values(report.pictures["p_value"]),
               "The p-values of these rows. The line is where they would be if all rows were new and ordinary.",
               "A peak at the left: many rows are strange, or the world has changed since the fit. Rising to the right: the "
               "model was fitted to these very rows and knows them too well; judge it on others."),
        table(["", "rows"], rows),
    )  # fmt: skip


def latents(report: Report) -> Section:
    """Which latents are in use and what they do."""
    metrics = report.metrics["latents"]
    blocks = [text(
        f"{metrics['active_units']} of {metrics['count']} latents are in use: their value differs from row to row (a variance "
        "above 0.01; Burda et al. 2016). A model whose latents are all idle has learned the columns one by one, and nothing "
        "of what connects them."
    )]  # fmt: skip
    if "kl" in metrics:
        blocks.append(figure(
            figures.rates(metrics["kl"]),
            "How much each latent tells about a row, in nats (1 nat is 1.44 bits).",
            "All bars near 0 (idle latents, in vermilion): the rate weighs too much; lower `objective.beta`.",
        ))  # fmt: skip
    blocks.append(figure(
        figures.moves(metrics["moves"], metrics.get("kl")),
        "Which columns change when one latent goes from −2 to +2 standard deviations while the others stay, averaged over "
        "real rows.",
    ))  # fmt: skip
    return section("What the latents do", *blocks)


def bound(report: Report) -> Section | None:
    """The evidence lower bound, for those who compare models."""
    metrics = report.metrics.get("bound")
    if metrics is None:
        return None
    rows = [
        ("evidence lower bound (ELBO)", metrics["elbo"]),
        ("of which reconstruction", metrics["reconstruction"]),
        ("of which the latents' rate, subtracted", metrics["kl"]),
        (f"importance-weighted bound, {metrics['importance_samples']} samples", metrics["importance_weighted"]),
    ]
    return section(
        "The bound",
        text(
            "How probable the model finds these rows, in nats per row: a lower bound on log p(row) under a standard normal "
            "prior, densities in the columns' own units. Only good for comparing models on the same rows and columns: higher "
            f"is better. The standard error is {metrics['standard_error']:.2f}."
        ),
        table(["", "nats per row"], rows),
    )


def training(report: Report) -> Section | None:
    """How the fit went."""
    history = report.pictures.get("history")
    if not history or not any(np.isfinite(row.get("loss", np.nan)) for row in history):
        return None
    return section("How the fit went", figure(
        figures.training(history),
        "The loss after each pass over the rows, on the rows that train and on the rows kept aside.",
        "The blue line turns upwards while the grey one falls: the model learns rows by heart. Both still fall at the end: "
        "more epochs would help.",
    ))  # fmt: skip


SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    at_a_glance, imputation, samples, privacy, latents, reconstruction, calibration, bound, training,
)  # fmt: skip


def _percent(value: Any) -> str:
    return "—" if value is None else f"{value:.1f}%"
