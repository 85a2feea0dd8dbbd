"""The chapters about rows: how strange and how probable they are, gaps filled, new rows, rows put right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import figures
from vaekit.demo.flights import UNITS, names_of_airlines
from vaekit.demo.told import BRIEF, Told, middle, rows_of, with_values
from vaekit.demo.words import because, flight
from vaekit.report import code, figure, section, table, text

Section = tuple[str, str]


def strange_flights(told: Told) -> Section:
    """The mode score: totals, p-values, reasons."""
    scores, airlines = told.scores, names_of_airlines()
    order = [int(row) for row in np.argsort(-scores.total)[:5]]
    told_rows = told.new.take(pa.array(order)).to_pylist()
    sentences = [
        f"**{flight(row, airlines)}** (p\u00a0=\u00a0{scores.p_value[b]:.4f}). {because(scores.reasons[b][:2], UNITS)}."
        for b, row in zip(order, told_rows, strict=True)
    ]
    return section(
        "Which flights are strange, and why",
        text(
            f"{len(scores):,} flights that the model has never seen. The score asks of every cell how surprising it is given "
            "the other cells of its row, and adds up. The p-value is the share of ordinary flights at least as strange; at "
            f"`alpha=0.01` **{scores.flagged.mean():.1%}** are flagged. The five strangest:"
        ),
        code("scores = model.score(new_flights)\nscores.total, scores.p_value, scores.flagged, scores.reasons"),
        text(*sentences),
        figure(
            figures.reasons(scores, order[0]),
            "The account of the strangest flight: what each column adds to its score, so that all steps end at the total. "
            "Beside it what was observed and what the other columns suggest, with the interval for nine cases in ten.",
        ),
        figure(
            scores.plot(),
            "All scores. The last bar holds everything beyond it.",
            "A second hump at the right: a whole group of rows is unlike the ones the model was fitted to.",
        ),
    )


def how_probable(told: Told) -> Section:
    """The mode log_prob."""
    rows = told.new.slice(0, 1000)
    nats = told.model.log_prob(rows)
    order = np.argsort(nats)
    picked = [*order[::-1][:3].tolist(), *order[:3].tolist()]
    front: dict[str, Sequence[Any]] = {"nats": [round(float(nats[b]), 1) for b in picked]}
    return section(
        "How probable is a row",
        text(
            "A lower bound on the logarithm of each row's probability (density, for numbers). Unlike the score it depends on "
            "units and on how many cells are missing; its use is comparing models, and rows with equal gaps."
        ),
        code("model.log_prob(new_flights)     # nats per row"),
        rows_of(rows.take(pa.array(picked)), front, "The three most and the three least probable of 1,000 flights."),
    )


def filled_gaps(told: Told) -> Section:
    """Real gaps: impute with intervals and draws."""
    wanted = pc.and_(pc.is_null(told.new["pressure"]), pc.is_valid(told.new["temp"]))
    rows = told.new.filter(wanted).slice(0, 3)
    cancelled = told.new.filter(pc.is_null(told.new["dep_delay"])).slice(0, 3)
    rows = pa.concat_tables([rows, cancelled])
    model = told.model
    filled, (low, high) = model.impute(rows), model.impute_interval(rows, 0.9)
    draws = model.impute(rows, draws=3)
    lines = []
    for name in ("pressure", "dep_delay", "arr_delay", "air_time", "wind_gust"):
        for b in np.flatnonzero(rows[name].is_null().to_numpy(zero_copy_only=False))[:3].tolist():
            values = [each[name][b].as_py() for each in (filled, low, high, *draws)]
            lines.append((f"{rows['carrier'][b]} {rows['origin'][b]}–{rows['dest'][b]}", name, *values))
    heads = ["flight", "gap", "best value", "low", "high", "draw 1", "draw 2", "draw 3"]
    return section(
        "Filling real gaps",
        text(
            "Stations that reported no pressure, and cancelled flights: what would their delay have been? The best value is a "
            "mean (the most probable name, for names). The interval says how sure the model is. Draws are complete "
            "alternatives, each consistent in itself, for whoever needs the spread rather than the middle."
        ),
        code("model.impute(rows)\nmodel.impute_interval(rows, 0.9)\nmodel.impute(rows, draws=3)"),
        table(heads, lines, "Gaps that are really there. What was observed is never changed."),
    )


def new_flights(told: Told) -> Section:
    """New rows: sample."""
    drawn = told.model.sample(5_000, seed=1)
    shown = [name for name in told.known.column_names if name != "visib"]
    return section(
        "New flights",
        text(
            "Rows that never flew, drawn from what the model has learned: the same columns and types, with gaps where flights "
            "have them."
        ),
        code("model.sample(5000)"),
        rows_of(drawn.slice(0, 6)),
        figure(
            figures.marginals(told.new, drawn, shown),
            "Each column on its own: real flights grey, sampled ones blue.",
            "A peak that only one of the two has.",
        ),
    )


def flights_given(told: Told) -> Section:
    """New rows given values: sample."""
    given = {"carrier": "US", "origin": "LGA"}
    real = told.known
    for name, value in given.items():
        real = real.filter(pc.equal(real[name], value))
    drawn = told.model.sample(max(real.num_rows, 200), given=given, seed=2)
    shown = ["dest", "distance", "hour", "air_time"]
    lines = [(name, *(middle(side[name]) for side in (told.known, real, drawn))) for name in BRIEF if name not in given]
    return section(
        "New flights with conditions",
        text(
            "Any columns can be fixed; none had to be named during the fit. Here: flights of **US Airways from LaGuardia**, "
            "which went to few airports nearby. No sample is drawn and thrown away: the condition goes into the encoder as "
            "the visible part of a row."
        ),
        code(f"model.sample(1000, given={given})"),
        rows_of(drawn.slice(0, 4)),
        figure(
            figures.marginals(real, drawn, shown),
            f"Grey: the {real.num_rows:,} flights of US Airways from LaGuardia among the fitted ones. Blue: the samples.",
            "Samples that look like all flights rather than like those that meet the condition.",
        ),
        table(["column", "all flights", "meeting the condition", "sampled"], lines,
              "Median, or the most frequent value with its share."),
    )  # fmt: skip


def put_right(told: Told) -> Section:
    """A damaged row: denoise, reconstruct."""
    far = told.complete.filter(pc.greater(told.complete["distance"], 2000)).slice(0, 1)
    row = far if far.num_rows else told.complete.slice(0, 1)
    wrong = with_values(row, "air_time", [21])
    shown = {
        "as it was": row,
        "damaged": wrong,
        "denoise(damaged)": told.model.denoise(wrong),
        "reconstruct(as it was)": told.model.reconstruct(row),
    }
    rows = pa.concat_tables([each.select(BRIEF) for each in shown.values()])
    return section(
        "Putting a row right",
        text(
            "A long flight whose air time was set to 21 minutes. `denoise` replaces the cells that the others contradict, and "
            "fills gaps; `reconstruct` presses the whole row through the latents, and shows what the model keeps of it."
        ),
        code("model.denoise(row)\nmodel.reconstruct(row)"),
        rows_of(rows, {"": list(shown)}, mark=[(1, 1 + BRIEF.index("air_time")), (2, 1 + BRIEF.index("air_time"))]),
    )
