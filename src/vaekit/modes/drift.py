"""Whether the rows at hand are still like those that trained: column by column, and as wholes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.codec import Field
from vaekit.modes.calibrate import centred, raw_scores
from vaekit.modes.judge import Subject, cells_of, first
from vaekit.modes.nearest import kept
from vaekit.modes.privacy import nearer, nearest

Floats = NDArray[np.float64]

SURE = 1.95  # standard errors of a distance between two samples, at which one in a thousand is as far by chance
ROWS, REFERENCE = 1_000, 5_000  # rows that are compared, and kept training rows with which
SAME = 1e-6  # a distance that is none
TRAINED = "neighbours.cells"


def drift(subject: Subject) -> dict[str, Any]:
    """How far each column has moved since training, and by how much it would by chance.

        distance = sup |F_here - F_training| of numbers (Kolmogorov), 1/2 sum |share_here - share_training| of names

    over the quantiles and shares that the codec keeps; `missing` is the share of gaps, of tables beside `missing_training`.
    """
    found = {}
    for field, cells in _columns(subject):
        known = cells[~np.isnan(cells)]
        if not len(known) or not field.rows:
            continue
        apart = _names(field, known) if field.levels else _numbers(field, known)
        found[field.name] = {
            "distance": apart,
            "by_chance": float(min(1.0, SURE * np.sqrt((max(field.levels, 1) ** 0.5) / len(known) + 1 / field.rows))),
            "missing": float(np.isnan(cells).mean()),
        } | _missing(subject.fitted, field)
    return {"columns": found, "furthest": max(found, key=lambda name: found[name]["distance"], default=None)}


def _columns(subject: Subject) -> list[tuple[Field, Floats]]:
    """Every modelled column with its cells, not-a-number where missing: of a grid those of all positions."""
    layout, cells = subject.fitted.layout, cells_of(subject.asked)
    grid = cells[:, : layout.grid].reshape(-1, max(len(layout.channels), 1))
    channels = [(field, grid[:, c]) for c, field in enumerate(layout.channels)] if len(layout.shape) == 1 else []
    return channels + [(field, cells[:, layout.grid + k]) for k, field in enumerate(layout.plain)]


def _missing(fitted: Fitted, field: Field) -> dict[str, float]:
    """The share of gaps in training: only of tables is it known how many rows there were."""
    if fitted.layout.shape:
        return {}
    return {"missing_training": float(max(0.0, 1 - field.rows / fitted.about["train_rows"]))}


def _numbers(field: Field, known: Floats) -> float:
    """Kolmogorov's distance from the training law: its quantiles, and the spikes beside them."""
    at = np.concatenate([field.quantiles, np.asarray(field.spikes, dtype=float)])
    spikes = np.asarray(field.shares, dtype=float)[: len(field.spikes)]
    weight = np.concatenate([np.full(len(field.quantiles), (1 - spikes.sum()) / max(len(field.quantiles), 1)), spikes])
    order = np.argsort(at, kind="stable")
    at, below = at[order] + 1e-6, np.concatenate([[0.0], np.cumsum(weight[order])])
    seen = np.sort(known)
    places = np.concatenate([at, seen])
    here = np.searchsorted(seen, places + 1e-6, side="right") / len(seen)
    there = below[np.searchsorted(at, places + 2e-6, side="right")]
    return float(np.abs(here - there).max())


def _names(field: Field, known: Floats) -> float:
    here = np.bincount(known.astype(int).clip(0, field.levels - 1), minlength=field.levels) / len(known)
    return float(np.abs(here - field.shares).sum() / 2)


def generalisation(subject: Subject) -> dict[str, Any]:
    """How much better the model explains rows that trained than rows that did not, nats a row (a step) of the bound.

    gap: held-out rows beside kept training rows; shift: the rows at hand beside held-out rows; spread: the standard deviation
    of held-out rows. None where the file keeps nothing to compare with. loss and held_out_loss are those of the best epoch,
    and fell says by how much the latter fell since the first.
    """
    fitted, by = subject.fitted, "likelihood" if subject.fitted.has_density else "reconstruction"
    held_out = fitted.arrays.get(f"calibration.{by}")
    known = [row for row in fitted.history if row["stage"] == "model" and np.isfinite(row.get("validation", np.nan))]
    best = min(known, key=lambda row: row["validation"], default={})
    fell = known[0]["validation"] - best["validation"] if known else None
    found: dict[str, Any] = {"loss": best.get("loss"), "held_out_loss": best.get("validation"), "fell": fell}
    found |= {"gap": None, "shift": None, "spread": None}
    if held_out is None or not len(held_out):
        return found
    asked = first(subject.asked, max(100, ROWS * 20 // fitted.vae.K))
    here = _mean(fitted, by, asked.cells, asked.observed)
    found |= {"shift": here - float(held_out.mean()), "spread": float(held_out.std())}
    if TRAINED in fitted.arrays and not fitted.layout.given:
        cells, seen = kept(fitted)
        found["gap"] = float(held_out.mean()) - _mean(fitted, by, cells[:ROWS], seen[:ROWS])
    return found


def _mean(fitted: Fitted, by: str, cells: Any, observed: Any) -> float:
    return float(centred(fitted, by, raw_scores(fitted, by, cells, observed), observed).total.mean())


def memory(subject: Subject) -> dict[str, Any]:
    """Whether samples are copies of training rows that the file keeps, beside the rows at hand.

    trained: the share of the rows at hand that are kept training rows; copies: the share of samples that are;
    nearer_than_real: P(a sample is nearer to the kept rows than a row at hand is), 0.5 where samples are like new rows.
    Distances as in `privacy`; a row at hand is not its own neighbour.
    """
    fitted = subject.fitted
    if TRAINED not in fitted.arrays:
        return {"kept_rows": 0}
    K, named = fitted.vae.K, subject.named[: fitted.vae.K]
    rows = fitted.arrays[TRAINED][:REFERENCE].astype(float)
    here, second = nearest(cells_of(subject.asked)[:ROWS, :K], rows, named)
    made = nearest(cells_of(subject.drawn)[:ROWS, :K], rows, named)[0]
    usual = np.where(here < SAME, second, here)
    return {
        "kept_rows": len(rows),
        "trained": float((here < SAME).mean()),
        "copies": float((made < SAME).mean()),
        "distance": float(np.median(made)),
        "distance_real": float(np.median(usual)),
        "nearer_than_real": nearer(made, usual),
    }
