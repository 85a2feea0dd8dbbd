"""The sections that pages on tables, images and streams share."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaekit import figures
from vaekit.modes.evaluate import Report
from vaekit.report.page import facts, figure, section, table, text

Section = tuple[str, str]


def at_a_glance(report: Report) -> Section:
    """The four or five numbers that a hurried reader wants."""
    return section("At a glance", facts(*glance(report)), _left_out(report.metrics["left_out"]))


def glance(report: Report) -> list[tuple[str, str]]:
    """Numbers with a line on each."""
    metrics, of = report.metrics, report.metrics["of"]
    part = "channel" if of == "windows" else "column"
    pairs = _of_images(report) if of == "images" else []
    for kind, measure, line in (
        ("numbers", "error", "error of filled-in numbers, in spreads of their {part}; their means give {mean_filling:.2f}"),
        ("names", "accuracy", "of filled-in names are right; the most frequent name gives {most_frequent:.0%}"),
    ):  # fmt: skip
        found = metrics["imputation"][kind]
        if found and (of != "images" or kind == "names"):
            value = f"{found[measure]:.2f}" if measure == "error" else f"{found[measure]:.0%}"
            pairs.append((value, line.format(**found, part=part)))
    if metrics["imputation"].get("coverage") is not None:
        pairs.append((f"{metrics['imputation']['coverage']:.0%}", "of hidden numbers lie in their 90% intervals"))
    if "samples" in metrics:
        if of != "images":
            pairs.append((percent(metrics["samples"]["shape_error_percent"]), f"error of sampled {part}s' shapes"))
            pairs.append((percent(metrics["samples"]["trend_error_percent"]), f"error of pairs of sampled {part}s"))
        auc = metrics["samples"]["two_sample_auc"]
        if auc is not None:
            pairs.append((f"{auc:.2f}", f"a classifier's AUC between sampled and real {of}; 0.5 is chance"))
    latents = metrics["latents"]
    pairs.append((f"{latents['active_units']} of {latents['count']}", "latents are in use"))
    return pairs


def _of_images(report: Report) -> list[tuple[str, str]]:
    """Errors of pixels beside the mean image, and how far samples reach."""
    pairs = []
    for part, words in (("reconstruction", "of reconstructed images"), ("imputation", "of lower halves, filled in")):
        image = next(each for each in report.metrics[part]["columns"].values() if each["kind"] == "image")
        simple = image["squared_error_mean_image"]
        pairs.append(
            (f"{image['squared_error']:.3f}", f"squared error a pixel {words}; the mean image gives {simple:.3f}")
        )
    samples = report.metrics.get("samples", {})
    if "coverage" in samples:
        pairs.append((f"{samples['coverage']:.0%}", "of real images have a sampled one like them"))
    if "agreement" in samples:
        pairs.append(
            (f"{samples['agreement']['share']:.0%}", f"of images drawn for a {samples['agreement']['column']} show it")
        )
    return pairs


def _left_out(left_out: dict[str, str]) -> str:
    """What is missing from the page, each reason once."""
    parts: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        parts.setdefault(reason, []).append(name)
    return text(*(f"**Left out:** {', '.join(names)}. Why: {reason}." for reason, names in parts.items()))


def intervals(report: Report) -> list[str]:
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


def privacy(report: Report) -> Section | None:
    """Whether samples repeat rows."""
    metrics, of = report.metrics.get("privacy"), report.metrics["of"]
    if not metrics or not metrics["reference_rows"]:
        return None
    what, cell = of.removesuffix("s"), "pixel" if of == "images" else "cell"
    rows = [
        (f"equal to a real {what} in every {cell}", *(f"{metrics[f'exact_copies{side}']:.2%}" for side in ("", "_among_real"))),
        (f"distance to the nearest real {what}, median", metrics["nearest_distance"], metrics["nearest_distance_real"]),
        ("the same, nearest 5%", metrics["nearest_distance_low"], metrics["nearest_distance_low_real"]),
        ("nearest over second nearest distance", metrics["distance_ratio"], metrics["distance_ratio_real"]),
    ]  # fmt: skip
    return section(
        f"Does it repeat real {of}?",
        text(f"A model that has learned its {of} by heart would hand them out again as samples."),
        *_training_rows(report),
        text(
            f"Among the {of} of this report: half of them ({metrics['reference_rows']:,}) are the reference, and the other "
            f"half shows how near ordinary {of} come to it. Where these are the {of} that trained, this tells of copies as "
            "well. All of this is an indication, and no guarantee."
        ),
        table(["", f"sampled {of}", f"other real {of}"], rows),
        text(
            f"A sampled {what} is nearer to the reference than a real one is in **{metrics['nearer_than_real']:.0%}** of the "
            f"comparisons. Near 50% samples are like new {of}. Worry well above 50%, and when copies are more frequent than "
            f"among real {of}."
        ),
    )


def _training_rows(report: Report) -> list[str]:
    """Samples beside the training rows that the file keeps."""
    found = report.metrics.get("memory")
    if not found or not found["kept_rows"]:
        return []
    rows = [
        ("distance to the nearest training row, median", found["distance"], found["distance_real"]),
        ("equal to a training row in every column", f"{found['copies']:.2%}", f"{found['trained']:.2%}"),
    ]
    return [
        text(
            f"The file keeps training rows, and {found['kept_rows']:,} of them stand here as the reference. A sample is nearer "
            f"to them than a row of this report is in **{found['nearer_than_real']:.0%}** of the comparisons; 50% is chance."
        ),
        table(["", "sampled rows", "rows of this report"], rows),
    ]


def calibration(report: Report, *more: str) -> Section:
    """P-values on these rows."""
    metrics, of = report.metrics["calibration"], report.metrics["of"].replace("windows", "steps")
    what = of.removesuffix("s")
    if metrics["flagged_share"] is None:
        return section("Can p-values be trusted?", text(
            f"The model was fitted with `validation=0`: it kept no {of} to compare with, and has no p-values."))  # fmt: skip
    rows = [(f"p ≤ {alpha}", f"{share:.2%}") for alpha, share in metrics["flagged_share"].items()]
    return section(
        "Can p-values be trusted?",
        text(
            f"A score says how strange a {what} is, and its p-value how many of the {report.metrics['of']} that were kept "
            f"aside during the fit are as strange ({metrics['calibration_rows']:,} of them). Of new ordinary {of} one in a "
            "hundred has p ≤ 0.01."
        ),
        figure(figures.p_values(report.pictures["p_value"]),
               f"The p-values of these {of}. The line is where they would be if all were new and ordinary.",
               f"A peak at the left: many {of} are strange, or the world has changed since the fit. Rising to the right: the "
               f"model was fitted to these very {of} and knows them too well; judge it on others."),
        table(["", of], rows),
        *more,
    )  # fmt: skip


def latents(report: Report, *before: str) -> Section:
    """Which latents are in use and what they do."""
    metrics, what = report.metrics["latents"], report.metrics["of"].removesuffix("s")
    told = {"row": "columns", "image": "pixels", "window": "steps"}[what]
    blocks = [text(
        f"{metrics['active_units']} of {metrics['count']} latents are in use: their value differs from {what} to {what} (a "
        f"variance above 0.01; Burda et al. 2016). A model whose latents are all idle has learned the {told} one by one, and "
        "nothing of what connects them."
    ), *before]  # fmt: skip
    if "kl" in metrics:
        blocks.append(figure(
            figures.rates(metrics["kl"]),
            f"How much each latent tells about {article(what)}, in nats (1 nat is 1.44 bits).",
            "All bars near 0 (idle latents, in vermilion): the rate weighs too much; lower `objective.beta`.",
        ))  # fmt: skip
    if what != "image":  # walks show it
        parts = "channels" if what == "window" else "columns"
        blocks.append(figure(
            figures.moves(metrics["moves"], metrics.get("kl")),
            f"Which {parts} change when one latent goes from −2 to +2 standard deviations while the others stay, averaged "
            f"over real {what}s.",
        ))  # fmt: skip
    return section("What the latents do", *blocks)


def bound(report: Report, *more: str) -> Section | None:
    """The evidence lower bound, for those who compare models."""
    metrics, of = report.metrics.get("bound"), report.metrics["of"].replace("windows", "steps")
    if metrics is None:
        return None
    what, units = of.removesuffix("s"), "of pixels" if of == "images" else "in the columns' own units"
    rows = [
        ("evidence lower bound (ELBO)", metrics["elbo"]),
        ("of which reconstruction", metrics["reconstruction"]),
        ("of which the latents' rate, subtracted", metrics["kl"]),
        (f"importance-weighted bound, {metrics['importance_samples']} samples", metrics["importance_weighted"]),
    ]
    return section(
        "The bound",
        text(
            f"How probable the model finds these {of}, in nats per {what}: a lower bound on log p({what}) under a standard "
            f"normal prior, densities {units}. Only good for comparing models on the same {of}: higher is better. The "
            f"standard error is {metrics['standard_error']:.2f}."
        ),
        table(["", f"nats per {what}"], rows),
        *more,
    )


def training(report: Report) -> Section | None:
    """How the fit went."""
    history, of = report.pictures.get("history"), report.metrics["of"]
    if not history or not any(np.isfinite(row.get("loss", np.nan)) for row in history):
        return None
    return section("How the fit went", figure(
        figures.training(history),
        f"The loss after each pass over the {of}, on those that train and on those kept aside.",
        f"The blue line turns upwards while the grey one falls: the model learns {of} by heart. Both still fall at the end: "
        "more epochs would help.",
    ))  # fmt: skip


def percent(value: Any) -> str:
    """A share that is given in percent, or a dash.

    >>> percent(3.14159), percent(None)
    ('3.1%', '—')
    """
    return "—" if value is None else f"{value:.1f}%"


def article(noun: str) -> str:
    """The noun with its article.

    >>> article("image"), article("row")
    ('an image', 'a row')
    """
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
