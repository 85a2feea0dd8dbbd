"""What evaluate asks of a model: each part is a function of one subject, a dict of plain numbers comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.modes.ask import Asked, ask, chunks, latents
from vaekit.modes.calibrate import centred, p_values, raw_scores
from vaekit.modes.impute import best, interval
from vaekit.modes.log_prob import log_prob, slopes
from vaekit.modes.privacy import privacy
from vaekit.modes.quality import quality, two_sample
from vaekit.modes.sample import sample
from vaekit.modes.ways import way

Floats = NDArray[np.float64]

HIDDEN = 0.2  # share of the cells that the imputation check hides
LEVEL = 0.9  # of the intervals it asks for
BOUND_ROWS = 1_000
IMPUTED_ROWS = 2_000
SCORED_CELLS = 100_000  # a score asks of every cell apart: wide tables are calibrated on fewer rows
ALPHAS = (0.01, 0.05, 0.1)


@dataclass(eq=False)
class Subject:
    """A model and the rows that it is judged on, with what several parts need, and what pictures are drawn from."""

    fitted: Fitted
    asked: Asked
    seed: int
    pictures: dict[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> NDArray[np.bool_]:
        """Columns (K + G) whose cells are indices of levels."""
        return np.array([each.levels > 0 for each in self.fitted.codec.fields])

    @cached_property
    def values(self) -> Floats:
        """Observed cells (B, K) in original units, levels as indices, not-a-number where missing."""
        return values_of(self.fitted, cells_of(self.asked))[:, : self.fitted.vae.K]

    @cached_property
    def drawn(self) -> Asked:
        """As many sampled rows; where the model is given columns, one for each row's own."""
        conditions = [column.name for column in self.fitted.schema.given]
        given = self.asked.arrow.select(conditions) if conditions else None
        n = None if conditions else len(self.asked)
        return ask(self.fitted, sample(self.fitted, n, given, self.seed))


def cells_of(asked: Asked) -> Floats:
    """Cells (B, K + G), not-a-number where missing."""
    return np.where(asked.observed.numpy(), asked.cells.double().numpy(), np.nan)


def values_of(fitted: Fitted, cells: Floats) -> Floats:
    """Cells (B, K + G) or fewer columns, numbers in their original units."""
    columns = [part.value(cells[:, k]) if not part.levels else cells[:, k]
               for k, part in enumerate(fitted.codec.fields[: cells.shape[1]])]  # fmt: skip
    return np.column_stack(columns)


def reconstruction(subject: Subject) -> dict[str, Any]:
    """Each row through the mean of its latents: what of each column survives."""
    fitted, asked = subject.fitted, subject.asked
    cells = [
        fitted.vae.likelihood_of(
            latents(fitted, asked.cells[at], asked.observed[at]), asked.cells[at], asked.observed[at]
        ).best()
        for at in chunks(len(asked), fitted.at_once)
    ]
    back = values_of(fitted, torch.cat(cells).double().numpy())
    return _by_column(subject, back, ~np.isnan(subject.values), subject.values)


def imputation(subject: Subject) -> dict[str, Any]:
    """Hide a fifth of the observed cells and fill them in again, beside filling with means and most frequent levels."""
    fitted, asked = subject.fitted, first(subject.asked, IMPUTED_ROWS)
    truth = subject.values[:IMPUTED_ROWS]
    hidden = (rng.numpy(subject.seed, "hide").random(truth.shape) < HIDDEN) & ~np.isnan(truth)
    known = asked.observed.clone()
    known[:, : fitted.vae.K] &= ~torch.from_numpy(hidden)
    filled = values_of(fitted, best(fitted, asked, known, subject.seed).double().numpy())
    report = _by_column(subject, filled, hidden, np.where(hidden, np.nan, truth), truth)
    if fitted.has_density:
        ends = interval(fitted, asked, known, LEVEL, subject.seed)
        low, high = (values_of(fitted, end.double().numpy()) for end in ends)
        report |= coverage(subject, truth, hidden, low, high)
        subject.pictures["imputation"] = {"truth": truth, "hidden": hidden, "best": filled, "low": low, "high": high}
    return {"hidden_share": HIDDEN, "hidden_cells": int(hidden.sum()), **report}


def coverage(subject: Subject, truth: Floats, hidden: NDArray[np.bool_], low: Floats, high: Floats) -> dict[str, Any]:
    """The share of hidden numbers inside their intervals, over all and by column; a value is as wide as its resolution."""
    fields = subject.fitted.fields
    slack = np.array([each.resolution / 2 for each in fields]) + 1e-6 * np.abs(truth)
    inside = (truth >= low - slack) & (truth <= high + slack)
    counted = hidden & ~np.array([each.kind in ("binary", "categorical") for each in fields])
    by_column = {
        each.name: float(inside[counted[:, k], k].mean()) for k, each in enumerate(fields) if counted[:, k].any()
    }
    return {
        "interval_level": LEVEL,
        "coverage": float(inside[counted].mean()) if counted.any() else None,
        "coverage_by_column": by_column,
    }


def bound(subject: Subject) -> dict[str, Any]:
    """The evidence lower bound and the importance-weighted one, nats per row in original units, under N(0, I)."""
    fitted, asked = subject.fitted, first(subject.asked, BOUND_ROWS)
    raw = raw_scores(fitted, "likelihood", asked.cells, asked.observed)
    nats = (slopes(fitted, asked.cells, asked.observed) - raw.cells.numpy()).sum(1)
    rate = sum(part.numpy() for part in raw.parts.values())
    weighted = log_prob(fitted, asked.arrow, 64, subject.seed)
    return {
        "rows": len(asked),
        "elbo": float((nats - rate).mean()),
        "reconstruction": float(nats.mean()),
        "kl": float(np.mean(rate)),
        "importance_weighted": float(weighted.mean()),
        "importance_samples": 64,
        "standard_error": float(weighted.std() / np.sqrt(len(weighted))),
    }


def calibration(subject: Subject) -> dict[str, Any]:
    """Whether p-values keep their promise on these rows: p <= alpha in a share alpha of ordinary rows."""
    fitted = subject.fitted
    asked, by = first(subject.asked, max(1_000, SCORED_CELLS // fitted.vae.K)), way(fitted, "default")
    scored = centred(fitted, by, raw_scores(fitted, by, asked.cells, asked.observed), asked.observed)
    p = np.sort(p_values(fitted, by, scored.total))
    subject.pictures["p_value"] = p
    if np.isnan(p).any():
        return {"flagged_share": None, "furthest_from_uniform": None}
    steps = np.arange(1, len(p) + 1) / len(p)
    return {
        "flagged_share": {str(alpha): float((p <= alpha).mean()) for alpha in ALPHAS},
        "furthest_from_uniform": float(np.maximum(np.abs(steps - p), np.abs(steps - 1 / len(p) - p)).max()),
        "calibration_rows": len(fitted.arrays[f"calibration.{by}"]),
    }


def samples(subject: Subject) -> dict[str, Any]:
    """Quality of as many sampled rows as there are real ones."""
    K, named = subject.fitted.vae.K, subject.named
    drawn = values_of(subject.fitted, cells_of(subject.drawn))
    real = np.column_stack([subject.values, cells_of(subject.asked)[:, K:]])
    subject.pictures["drawn"] = subject.drawn.arrow
    return {
        "rows": len(drawn),
        **quality(subject.values, drawn[:, :K], named[:K], subject.fitted.names),
        "two_sample_auc": two_sample(real, np.column_stack([drawn[:, :K], cells_of(subject.drawn)[:, K:]]), named)
        if len(real) >= 50
        else None,
    }


def nearest_records(subject: Subject) -> dict[str, Any]:
    """Nearest-record distances of samples; None where there are too few rows to split."""
    if len(subject.asked) < 20:
        return {"reference_rows": 0}
    return privacy(cells_of(subject.asked), cells_of(subject.drawn), subject.named, subject.seed)


def first(asked: Asked, count: int) -> Asked:
    """The first rows, which evaluate has put in random order."""
    return Asked(asked.table, asked.arrow.slice(0, count), asked.cells[:count], asked.observed[:count])


def take(asked: Asked, rows: NDArray[np.int64]) -> Asked:
    """Rows by number."""
    at = torch.from_numpy(rows)
    return Asked(asked.table, asked.arrow.take(pa.array(rows)), asked.cells[at], asked.observed[at])


def _by_column(
    subject: Subject, guess: Floats, asked: NDArray[np.bool_], seen: Floats, truth: Floats | None = None
) -> dict[str, Any]:
    """Errors of numbers in spreads and accuracies of names over the cells asked for, beside the simplest filling.

    guess and truth (B, K) are in original units; the mean and the most frequent level come from `seen`.
    """
    truth = seen if truth is None else truth
    columns: dict[str, dict[str, Any]] = {}
    for k, part in enumerate(subject.fitted.fields):
        at = asked[:, k]
        if at.any() and not np.isnan(seen[:, k]).all():
            measure = _names if part.levels else _numbers
            columns[part.name] = {"kind": part.kind, **measure(truth[at, k], guess[at, k], seen[:, k])}
    numbers = [column for column in columns.values() if "error" in column]
    names = [column for column in columns.values() if "accuracy" in column]
    return {
        "columns": columns,
        "numbers": _mean(numbers, ("error", "mean_filling")),
        "names": _mean(names, ("accuracy", "most_frequent")),
    }


def _numbers(truth: Floats, guess: Floats, seen: Floats) -> dict[str, float]:
    """Root mean squared errors over the column's standard deviation: 0 is perfect, 1 no better than the mean."""
    known = seen[~np.isnan(seen)]
    spread = max(float(known.std()), 1e-12)
    return {
        "error": float(np.sqrt(np.mean(np.square(guess - truth)))) / spread,
        "mean_filling": float(np.sqrt(np.mean(np.square(known.mean() - truth)))) / spread,
    }


def _names(truth: Floats, guess: Floats, seen: Floats) -> dict[str, float]:
    """The share that is right, beside always answering the most frequent level."""
    levels, count = np.unique(seen[~np.isnan(seen)], return_counts=True)
    return {
        "accuracy": float(np.mean(guess == truth)),
        "most_frequent": float(np.mean(levels[count.argmax()] == truth)),
    }


def _mean(columns: list[dict[str, Any]], measures: tuple[str, ...]) -> dict[str, float] | None:
    return {name: float(np.mean([column[name] for column in columns])) for name in measures} if columns else None
