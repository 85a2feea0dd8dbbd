"""The picture of the README: one fit, three answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api, figures
from vaekit.figures import style


def banner(model: api.Model, new: pa.Table) -> Any:
    """A strange flight explained, gaps filled with intervals, and samples beside real rows, in one figure.

    Args:
        model: the demo's fit.
        new: flights that it never saw.
    """
    figure, axes = style.canvas(11.5, 3.0, 1, 3, width_ratios=[1.25, 1, 1])
    scores = model.score(new)
    row = int(np.argmax(scores.total))
    figures.rows.account(axes[0, 0], scores, row, words=True)
    axes[0, 0].set_xlabel("nats added to the score")
    style.title(axes[0, 0], "score: the strangest flight, and why")
    _intervals(axes[0, 1], model, new.filter(pc.is_valid(new["air_time"])).slice(0, 40))
    drawn = model.sample(5_000, seed=1)
    figures.quality.curves(axes[0, 2], *(figures.quality.present(table["air_time"]) for table in (new, drawn)))
    axes[0, 2].set_yticks([])
    axes[0, 2].set_xlabel("air time, minutes")
    style.title(axes[0, 2], "sample: new flights beside real ones")
    style.legend(axes[0, 2])
    return figure


def _intervals(ax: Any, model: api.Model, rows: pa.Table) -> None:
    """The air time of flights, hidden and filled in."""
    hide = np.zeros((rows.num_rows, rows.num_columns), dtype=bool)
    hide[:, rows.column_names.index("air_time")] = True
    low, high = model.impute_interval(rows, 0.9, missing=hide)
    best = model.impute(rows, missing=hide)
    parts = [np.asarray(table["air_time"], dtype=float) for table in (rows, best, low, high)]
    figures.quality.bars(ax, *parts)
    ax.set_xlabel("flights")
    style.title(ax, "impute: air time, hidden and filled in")
