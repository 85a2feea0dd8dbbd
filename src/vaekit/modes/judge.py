"""What evaluate asks of a model: each part is a function of one subject, a dict of plain numbers comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec import Field
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, ask, chunks, latents
from vaekit.modes.calibrate import centred, p_values, raw_scores
from vaekit.modes.impute import best, interval
from vaekit.modes.log_prob import bounds, slopes
from vaekit.modes.privacy import privacy
from vaekit.modes.quality import quality, two_sample
from vaekit.modes.sample import drawn
from vaekit.modes.ways import LATENT, likelihood, way
from vaekit.sources import Table

Floats = NDArray[np.float64]

HIDDEN = 0.2  # share of the cells that the imputation check hides
LEVEL = 0.9  # of the intervals it asks for
BOUND_ROWS = 1_000
BOUND_CELLS = 2**19  # images and windows have many cells, and need fewer rows
SAMPLES = 64
IMPUTED_ROWS = 2_000
SCORED = 1_000
SCORED_CELLS = 100_000  # a score asks of every cell apart: wide tables are calibrated on fewer rows
ALPHAS = (0.01, 0.05, 0.1)
FEW, LEAST = 20, 50  # rows below which there is no half to compare with, and no classifier


@dataclass(eq=False)
class Subject:
    """A model and the rows that it is judged on, with what several parts need, and what pictures are drawn from.

    `rows` are the numbers of `asked` in what was given. Of a stream `asked` holds some windows, `whole` all of them.
    """

    fitted: Fitted
    asked: Asked
    seed: int
    rows: NDArray[np.int64]
    whole: Asked | None = None
    pictures: dict[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> NDArray[np.bool_]:
        """Columns (K + G) whose cells are indices of levels."""
        return np.array([each.levels > 0 for each in self.fitted.codec.fields])

    @cached_property
    def values(self) -> Floats:
        """Observed cells (B, K) in original units, levels as indices, not-a-number where missing."""
        return values_of(self.fitted.fields, cells_of(self.asked)[:, : self.fitted.vae.K])

    @cached_property
    def drawn(self) -> Asked:
        """As many sampled rows; where the model is given columns, one for each row's own."""
        fitted, asked = self.fitted, self.asked
        conditions = [column.name for column in fitted.schema.given]
        steps = asked.arrow if asked.at is None else asked.arrow.take(pa.array(asked.at.ravel()))
        new = drawn(
            fitted, None if conditions else len(asked), steps.select(conditions) if conditions else None, self.seed
        )
        return ask(fitted, Table(new.rows, "arrow"), partial=fitted.cut is not None)


def cells_of(asked: Asked) -> Floats:
    """Cells (B, K + G), not-a-number where missing."""
    return np.where(asked.observed.numpy(), asked.cells.double().numpy(), np.nan)


def values_of(fields: Sequence[Field], cells: Floats) -> Floats:
    """Cells (B, K) of as many fields, numbers in their original units."""
    columns = [cells[:, k] if part.levels else part.value(cells[:, k]) for k, part in enumerate(fields)]
    return np.column_stack(columns) if columns else np.empty((len(cells), 0))


def through(fitted: Fitted, asked: Asked) -> torch.Tensor:
    """The best values of every cell (B, K) through the mean of its row's latents."""

    def lot(at: slice) -> torch.Tensor:
        cells, observed = asked.cells[at], asked.observed[at]
        return fitted.vae.likelihood_of(latents(fitted, cells, observed), cells, observed).best()

    return torch.cat(abreast(lot, chunks(len(asked), fitted.at_once)))


def reconstruction(subject: Subject) -> dict[str, Any]:
    """Each row through the mean of its latents: what of each column survives."""
    fields = subject.fitted.fields
    back = values_of(fields, through(subject.fitted, subject.asked).double().numpy())
    return by_column(fields, back, ~np.isnan(subject.values), subject.values)


def imputation(subject: Subject) -> dict[str, Any]:
    """Hide a fifth of the observed cells and fill them in again, beside filling with means and most frequent levels."""
    fitted, asked = subject.fitted, first(subject.asked, IMPUTED_ROWS)
    truth = subject.values[:IMPUTED_ROWS]
    hidden = (rng.numpy(subject.seed, "hide").random(truth.shape) < HIDDEN) & ~np.isnan(truth)
    known = asked.observed.clone()
    known[:, : fitted.vae.K] &= ~torch.from_numpy(hidden)
    filled = values_of(fitted.fields, best(fitted, asked, known, subject.seed).double().numpy())
    report = by_column(fitted.fields, filled, hidden, np.where(hidden, np.nan, truth), truth)
    if fitted.has_density:
        ends = interval(fitted, asked, known, LEVEL, subject.seed)
        low, high = (values_of(fitted.fields, end.double().numpy()) for end in ends)
        report |= coverage(fitted.fields, truth, hidden, low, high)
        subject.pictures["imputation"] = {"truth": truth, "hidden": hidden, "best": filled, "low": low, "high": high}
    return {"hidden_share": HIDDEN, "hidden_cells": int(hidden.sum()), **report}


def coverage(
    fields: Sequence[Field], truth: Floats, hidden: NDArray[np.bool_], low: Floats, high: Floats
) -> dict[str, Any]:
    """The share of hidden numbers inside their intervals, over all and by column; a value is as wide as its resolution."""
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
        "cells_by_column": {
            each.name: int(counted[:, k].sum()) for k, each in enumerate(fields) if counted[:, k].any()
        },
    }


def bound(subject: Subject) -> dict[str, Any]:
    """The evidence lower bound and the importance-weighted one, nats per row (of a stream: per step), under N(0, I)."""
    fitted = subject.fitted
    asked, per = bound_rows(subject), max(1, fitted.steps)
    raw = abreast(
        lambda at: likelihood(fitted, asked.cells[at], asked.observed[at], SAMPLES),
        chunks(len(asked), fitted.at_once),
    )
    told = torch.cat([part.cells.double() for part in raw]).numpy()
    nats = (slopes(fitted, asked.cells, asked.observed) - told).sum(1) / per
    rate = torch.cat([part.parts[LATENT].double() for part in raw]).numpy() / per
    weighted = bounds(fitted, asked.cells, asked.observed, SAMPLES, subject.seed) / per
    return {
        "rows": len(asked),
        "elbo": float((nats - rate).mean()),
        "reconstruction": float(nats.mean()),
        "kl": float(np.mean(rate)),
        "importance_weighted": float(weighted.mean()),
        "importance_samples": SAMPLES,
        "standard_error": float(weighted.std() / np.sqrt(len(weighted))),
    }


def bound_rows(subject: Subject) -> Asked:
    """The rows whose bound is taken: a thousand, fewer where each has many cells."""
    return first(subject.asked, max(200, min(BOUND_ROWS, BOUND_CELLS // subject.fitted.vae.K)))


def calibration(subject: Subject) -> dict[str, Any]:
    """Whether p-values keep their promise on these rows: p <= alpha in a share alpha of ordinary rows."""
    fitted = subject.fitted
    asked, by = first(subject.asked, max(SCORED, SCORED_CELLS // fitted.vae.K)), way(fitted, "default")
    scored = centred(fitted, by, raw_scores(fitted, by, asked.cells, asked.observed), asked.observed)
    subject.pictures["p_value"] = p = np.sort(p_values(fitted, by, scored.total))
    return uniformity(fitted, by, p)


def uniformity(fitted: Fitted, by: str, p: Floats) -> dict[str, Any]:
    """How sorted p-values (B,) compare with a uniform law: shares that would be flagged, and Kolmogorov's distance."""
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
    made = values_of(subject.fitted.codec.fields, cells_of(subject.drawn))
    real = np.column_stack([subject.values, cells_of(subject.asked)[:, K:]])
    subject.pictures["drawn"] = subject.drawn.arrow
    parts = subject.values[::2], subject.values[1::2]
    halves = quality(*parts, named[:K], subject.fitted.names) if len(real) >= LEAST else {}
    return {
        "rows": len(made),
        **quality(subject.values, made[:, :K], named[:K], subject.fitted.names),
        "halves_of_real_rows": {name: halves.get(name) for name in ("shape_error_percent", "trend_error_percent")},
        "two_sample_auc": two_sample(real, np.column_stack([made[:, :K], cells_of(subject.drawn)[:, K:]]), named)
        if len(real) >= LEAST
        else None,
    }


def nearest_records(subject: Subject) -> dict[str, Any]:
    """Nearest-record distances of samples; None where there are too few rows to split."""
    if len(subject.asked) < FEW:
        return {"reference_rows": 0}
    return privacy(cells_of(subject.asked), cells_of(subject.drawn), subject.named, subject.seed)


def first(asked: Asked, count: int) -> Asked:
    """The first rows, which evaluate has put in random order."""
    return take(asked, np.arange(min(count, len(asked))))


def take(asked: Asked, rows: NDArray[np.int64]) -> Asked:
    """Rows by number; of a stream some of its windows, beside all of its steps."""
    at = torch.from_numpy(rows)
    if asked.at is not None:
        return replace(asked, cells=asked.cells[at], observed=asked.observed[at], at=asked.at[rows])
    table = replace(asked.table, arrow=asked.table.arrow.take(pa.array(rows)), index=None)
    return Asked(table, asked.arrow.take(pa.array(rows)), asked.cells[at], asked.observed[at])


def by_column(
    fields: Sequence[Field], guess: Floats, asked: NDArray[np.bool_], seen: Floats, truth: Floats | None = None,
    others: Mapping[str, Floats] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Errors of numbers in spreads and accuracies of names over the cells asked for, beside the simplest filling.

    guess and truth (B, K) are in original units; the mean and the most frequent level come from `seen`; `others` are
    further simple ways to fill, (B, K) each.
    """
    truth, others = seen if truth is None else truth, others or {}
    columns: dict[str, dict[str, Any]] = {}
    for k, part in enumerate(fields):
        at = asked[:, k]
        if at.any() and not np.isnan(seen[:, k]).all():
            measure = _names if part.levels else _numbers
            ways = {name: each[at, k] for name, each in others.items()}
            columns[part.name] = {"kind": part.kind, **measure(truth[at, k], guess[at, k], seen[:, k], ways)}
    return {"columns": columns, **averages(columns, tuple(others))}


def averages(columns: Mapping[str, Mapping[str, Any]], others: Sequence[str] = ()) -> dict[str, Any]:
    """The means over columns: of the errors of numbers, and of the accuracies of names."""
    numbers = [column for column in columns.values() if "error" in column]
    names = [column for column in columns.values() if "accuracy" in column]
    return {
        "numbers": _mean(numbers, ("error", "mean_filling", *others)),
        "names": _mean(names, ("accuracy", "most_frequent", *others)),
    }


def _numbers(truth: Floats, guess: Floats, seen: Floats, others: Mapping[str, Floats]) -> dict[str, float]:
    """Root mean squared errors over the column's standard deviation: 0 is perfect, 1 no better than the mean."""
    known = seen[~np.isnan(seen)]
    spread = max(float(known.std()), 1e-12)
    ways = {"error": guess, "mean_filling": known.mean(), **others}
    return {name: float(np.sqrt(np.mean(np.square(way - truth)))) / spread for name, way in ways.items()}


def _names(truth: Floats, guess: Floats, seen: Floats, others: Mapping[str, Floats]) -> dict[str, float]:
    """The share that is right, beside always answering the most frequent level."""
    levels, count = np.unique(seen[~np.isnan(seen)], return_counts=True)
    ways = {"accuracy": guess, "most_frequent": levels[count.argmax()], **others}
    return {name: float(np.mean(way == truth)) for name, way in ways.items()}


def _mean(columns: list[Mapping[str, Any]], measures: tuple[str, ...]) -> dict[str, float] | None:
    return {name: float(np.mean([column[name] for column in columns])) for name in measures} if columns else None
