"""The page of the demo: every mode is asked once about real flights, and what comes back is told in words and pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api, figures
from vaekit.demo.answers import filled_gaps, flights_given, how_probable, new_flights, put_right, strange_flights
from vaekit.demo.told import BRIEF, Told, rows_of
from vaekit.report import code, facts, figure, section, table, text

Section = tuple[str, str]

TITLE = "Tables: flights and their weather"
LEAD = (
    "Flights that left New York in 2013, with mixed columns and real gaps. The model was fitted once and then asked "
    "everything that such a model can answer about rows."
)


def the_table(told: Told) -> Section:
    """The rows, their kinds and gaps."""
    gaps = sum(told.known[name].null_count for name in told.known.column_names)
    kinds = [
        (column.name, column.kind, f"{told.known[column.name].null_count / told.known.num_rows:.1%}", column.reason)
        for column in told.model.fitted.schema
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
        rows_of(told.known.slice(0, 5), caption="The first rows."),
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
        rows_of(pairs, {"": ["row"] * 3 + ["decoded"] * 3}, "Three flights, and what their latents alone say of them."),
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
        rows_of(rows, {"": ["row", f"latent {busiest} + 2"]}),
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
        _measures(metrics),
        figure(figures.errors(metrics["imputation"]["columns"]),
               "Hidden numbers filled in: the model (dot) beside filling in the mean (ring). Smaller is better."),
        table(["mode", "for this model"], modes, "Everything that can be asked: `model.modes()`."),
    )  # fmt: skip


def _measures(metrics: dict[str, Any]) -> str:
    """The numbers of evaluate that a reader wants first."""
    return facts(
        (f"{metrics['imputation']['numbers']['error']:.2f}",
         f"error of filled-in numbers in spreads; means give {metrics['imputation']['numbers']['mean_filling']:.2f}"),
        (f"{metrics['imputation']['names']['accuracy']:.0%}",
         f"of filled-in names right; the most frequent gives {metrics['imputation']['names']['most_frequent']:.0%}"),
        (f"{metrics['imputation']['coverage']:.0%}", "of hidden numbers inside their 90% intervals"),
        (f"{metrics['samples']['shape_error_percent']:.1f}%", "error of sampled columns"),
        (f"{metrics['samples']['trend_error_percent']:.1f}%", "error of sampled pairs of columns"),
        (f"{metrics['samples']['two_sample_auc']:.2f}", "AUC of a classifier between sampled and real; 0.5 is chance"),
        (f"{metrics['calibration']['flagged_share']['0.01']:.1%}", "of new flights have p ≤ 0.01"),
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
