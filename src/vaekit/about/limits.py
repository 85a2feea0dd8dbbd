"""What a fitted model assumes and what it cannot do, in sentences made from what it is."""

from __future__ import annotations

from typing import Any

from vaekit.artifact import Fitted
from vaekit.schema.look import listed

NORMAL = "N(0, I), one round hump with independent latents"
# what each kind of prior assumes of the rows
PRIORS = {
    "normal": f"New rows come from {NORMAL}. Where the latents of real rows lie in groups or along a bent sheet, some new rows "
    "fall between them and look like no real one.",
    "flow_matching": "New rows come from a prior that was learned after the model and follows any shape of the latents. Bounds "
    f"in nats (log_prob, compress) are measured against {NORMAL}: they compare models on the same rows, and say "
    "little of how good new rows are.",
    "mixture": "p(z) is a mixture of normal laws: as many humps as it has components, and nothing finer.",
    "vamp": "p(z) is a mixture of the posteriors of a few learned inputs: kinds of rows far from all of them are drawn seldom.",
    "flow": "p(z) is a normalising flow, which is in one piece: groups of latents stay joined by thin bridges, from which some "
    "new rows come.",
    "conditional": "p(z|given columns) is a normal law with independent latents: one hump for each combination of values.",
    "ladder": "The upper latents are N(0, I), and the lower ones normal given the upper: what both leave out is independent.",
    "categorical": "The latents are classes: what varies within a combination of them is left to the laws of the columns.",
    "bernoulli": "The latents are bits: what varies within a combination of them is left to the laws of the columns.",
    "product": f"The normal latents have {NORMAL}, independent of the classes beside them.",
    "labelled": f"The latents have {NORMAL}, whatever the class: what the class does to a row is the decoder's alone.",
    "labelled_layer": "The latents are normal given a class and a second layer of N(0, I).",
}
POSTERIORS = {
    "gaussian": "q(z|row) is one normal law with independent latents: of two stories that explain a row equally well it tells "
    "one, or their average.",
    "point": "A plain autoencoder: no probabilities, so no log_prob, no samples, no intervals.",
}


def limits(fitted: Fitted) -> dict[str, str]:
    """One sentence or two for each limit that this model has, by what it is about."""
    found = {
        "prior": PRIORS.get(fitted.spec["prior"]["kind"], "") if fitted.has_density else "",
        "posterior": POSTERIORS.get(fitted.spec["posterior"]["kind"], ""),
        "columns": "Given its latents, the cells of a row are independent: dependence that the latents do not carry is lost.",
        "rows": _rows(fitted),
        "values": "Numbers are drawn and filled in within the range that training saw; a name it never saw counts as rare.",
        "held_out": _held_out(fitted),
        "set_aside": _set_aside(fitted),
        "conditions": _conditions(fitted),
        "privacy": _privacy(fitted),
    }
    return {about: sentence for about, sentence in found.items() if sentence}


def _rows(fitted: Fitted) -> str:
    if fitted.cut is None:
        return "Rows are taken as independent of one another and of time: what holds them together, or drifts, goes unseen."
    return f"The model sees {fitted.cut.size} steps at a time: what is slower than that goes unseen."


def _held_out(fitted: Fitted) -> str:
    rows, what = fitted.about["held_out_rows"], "windows" if fitted.cut is not None else "rows"
    if not rows:
        return "Every row trained (validation=0): there are no p-values, and nothing chose the best epoch."
    return (
        f"{rows:,} {what} never trained: p-values compare with them, and hold for {what} that come about as those did. They "
        "also chose the best epoch, so that p-values are close rather than exact."
    )


def _set_aside(fitted: Fitted) -> str:
    aside: list[Any] = list(fitted.schema.set_aside)
    if not aside:
        return ""
    named = listed([f"{column.name} ({column.kind})" for column in aside])
    return f"Columns that are not modelled: {named}."


def _conditions(fitted: Fitted) -> str:
    if fitted.spec["train"]["hide"] > 0 or not fitted.has_density:
        return ""
    return "No cells were hidden in training (hide=0): answers given only some cells were not learned."


def _privacy(fitted: Fitted) -> str:
    kept = "neighbours.cells" in fitted.arrays or "neighbours.latents" in fitted.arrays
    first = (
        "The file keeps training rows"
        if kept
        else "The file keeps no training row, though names and extremes of columns"
    )
    last = "; store_rows=False keeps none" if kept else ""
    return f"{first} (see keeps){last}. Training is not differentially private: a rare row may come back in samples."
