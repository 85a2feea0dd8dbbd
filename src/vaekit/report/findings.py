"""The sections that say what to look into: verdicts, drift, and what lies behind the rows."""

from __future__ import annotations

from vaekit.figures import drift as pictures
from vaekit.modes.evaluate import Report
from vaekit.modes.verdicts import Verdict, worst_first
from vaekit.report.common import Section
from vaekit.report.page import details, figure, section, table, text, verdict

TITLES = {"collapse": "Idle latents", "intervals": "Intervals", "drift": "Drift", "samples": "Samples",
          "overfitting": "Overfitting", "memorisation": "Memorisation"}  # fmt: skip


def findings(report: Report) -> Section:
    """A verdict on each thing that goes wrong with such models, those to look into first."""
    found = worst_first([Verdict(**each) for each in report.metrics["verdicts"]])
    return section(
        "What to look into",
        text(
            "The usual ways in which such a model goes wrong, and whether this one does. The sections below have the figures."
        ),
        *(verdict(TITLES[each.about], each.state, each.says) for each in found),
    )


def drifted(report: Report) -> Section | None:
    """These rows beside those that trained."""
    columns, of = report.metrics["drift"]["columns"], report.metrics["of"]
    trained, here = report.pictures.get("trained"), report.pictures.get("latents")
    if not columns and trained is None:
        return None
    blocks = [text(
        f"A model answers for {of} like those that it was fitted to. Here the {of} of this report are held against what the "
        "model remembers of its training: the distribution of every column, and where training lay in the latents."
    )]  # fmt: skip
    if columns:
        part = "channel" if of == "windows" else "column"
        blocks.append(figure(
            pictures.moved(columns),
            f"How far each {part} has moved since training: of numbers the largest difference between the two cumulative "
            "distributions, of names half the sum of the differences of their shares.",
            f"Dots in vermilion: the {part} is not what it was, by more than chance (grey). Ask what changed: a season, a "
            "unit, a device, a filter in the query. Then fit anew.",
        ))  # fmt: skip
    if trained is not None and here is not None and len(trained) > 1:
        blocks.append(figure(
            pictures.among(trained, here),
            f"These {of} among those that trained, in the latents, from the side that shows most.",
            "Blue where no grey is: the model has never seen the like, and its answers there are guesses.",
        ))  # fmt: skip
    if columns:
        blocks.append(details("Every column", _every(report)))
    return section("Are these still the same rows?" if of == "rows" else f"Are these still the same {of}?", *blocks)


def _every(report: Report) -> str:
    columns = report.metrics["drift"]["columns"]
    rows = [(name, each["distance"], each["by_chance"], f"{each['missing']:.1%}",
             f"{each['missing_training']:.1%}" if "missing_training" in each else None)
            for name, each in sorted(columns.items(), key=lambda pair: -pair[1]["distance"])]  # fmt: skip
    return table(["column", "distance", "by chance", "missing here", "missing in training"], rows)


def factors(report: Report) -> Section | None:
    """How far latents and known factors stand one to one."""
    gaps, told = report.metrics.get("mig"), report.metrics.get("dci")
    if gaps is None or told is None:
        return None
    names, of = list(gaps["factors"]), report.metrics["of"]
    shown = report.pictures["told"]
    used = shown.max(0).argsort()[::-1][:24] if shown.shape[1] > 24 else range(shown.shape[1])
    rows = [
        ("mutual information gap (MIG)", gaps["mean"], "one latent alone tells of each factor"),
        ("disentanglement (DCI)", told["disentanglement"], "each latent tells of one factor alone"),
        ("completeness (DCI)", told["completeness"], "each factor is told by one latent alone"),
        ("informativeness (DCI)", told["informativeness"], "the latents together tell each factor"),
    ]
    return section(
        f"What lies behind the {of}",
        text(
            f"Here it is known what lies behind the {of}: {', '.join(f'`{name}`' for name in names)}. A latent that follows "
            "one of these and no other can be read, and moved on its own. Each measure is 0 at worst and 1 at best (Chen et "
            "al. 2018; Eastwood and Williams 2018)."
        ),
        table(["", "here", "is 1 where"], rows),
        figure(pictures.told(shown[:, used], names, [int(latent) for latent in used]),
               "How much each latent alone tells of each factor: its share of what there is to know.",
               "A row with several dark squares: the factor is spread over latents. A column with several: the latent mixes "
               "factors. A pale row: the latents do not hold this factor."),
        details("Every factor", table(["factor", "MIG"], list(gaps["factors"].items()))),
    )  # fmt: skip
