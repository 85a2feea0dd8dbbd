"""The page about a stream of sensors: days of weather, faults found, stretches filled, days that never were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api, figures
from vaekit.demo.told import middle
from vaekit.demo.weather import CHANNELS, DAY, STRIDE, UNITS, Weather
from vaekit.demo.weather_answers import filled_stretches, found_faults, probable_hours, put_right, strange_hours
from vaekit.demo.words import MONTHS
from vaekit.report import code, facts, figure, section, table, text

Section = tuple[str, str]

TITLE = "Sensors: the weather of three airports"
LEAD = (
    "A stream of three stations with six channels each, real gaps, and hours at which nobody reported. It is cut into "
    "windows of a day for the fit; every question takes the raw stream and is answered hour by hour."
)


def the_stream(told: Weather) -> Section:
    """The data and its cut."""
    known = told.known
    gaps = sum(known[name].null_count for name in CHANNELS)
    lines = [(name, UNITS[name], middle(known[name]), known[name].null_count) for name in CHANNELS]
    holes = len(told.stream.segments) - len(known["origin"].unique())
    days = _days(told.new, 6)
    return section(
        "The stream",
        text(
            "Hourly weather of 2013 at Newark, Kennedy and LaGuardia. Of every four weeks three are fitted and one "
            "is kept for the questions. Windows never cross from one airport to another, nor an hour that nobody "
            "reported; within them gaps stay gaps."
        ),
        code(f'stream = vaekit.windows(table, size={DAY}, stride={STRIDE}, time="time", by="origin")'),
        facts(
            (f"{known.num_rows:,}", "hours fitted"),
            (f"{len(told.stream):,}", f"windows of {DAY} hours"),
            (f"{holes:,}", "holes in time, weeks kept out included"),
            (f"{gaps:,}", "missing cells"),
        ),
        table(["channel", "unit", "median", "missing"], lines),
        figure(figures.windows_grid(days, CHANNELS, len(days)), "Six of the days that were kept out."),
    )


def the_fit(told: Weather) -> Section:
    """What is fitted and how it went."""
    about, few = told.model.card, told.new.slice(0, 2 * DAY)
    once, again = (model.score(few).total for model in (api.load(told.file), told.model))
    same = np.array_equal(once, again, equal_nan=True)
    return section(
        "One fit to days",
        text(
            "A row is now a day: six channels by 24 hours. The nets are convolutions over time. Hours and whole "
            "channels are hidden from the encoder at random while it learns, so that any stretch can be asked about "
            "given the rest. The file keeps the cut."
        ),
        code('model = vaekit.fit(stream)\nmodel.save("weather.vae")'),
        facts(
            (f"{about['seconds']:.0f} s", "for the whole fit"),
            (f"{about['latents']['count']}", "latents for a day"),
            (f"{about['parameters']:,}", "weights"),
            (f"{told.file.stat().st_size / 1e6:.1f} MB", "is the file"),
            ("equal" if same else "NOT equal", "scores before and after save and load"),
        ),
        figure(
            figures.training(told.model.fitted.history),
            "The loss after each pass over the days: grey on days that train, blue on days kept aside.",
            "The blue line rises while the grey one falls: days are being learned by heart.",
        ),
    )


def new_days(told: Weather) -> Section:
    """The mode sample, free and with a condition."""
    drawn = told.model.sample(200, seed=1)
    real = told.known
    lines = [(name, *(float(value) for side in (real, drawn) for value in _spread(side[name]))) for name in CHANNELS]
    given = {"temp": 90.0}
    hot = told.model.sample(200, given=given, seed=1)
    warm = real.filter(pc.greater_equal(pc.fill_null(real["temp"], 0.0), 88.0))
    other = [(name, middle(real[name]), middle(warm[name]), middle(hot[name])) for name in CHANNELS if name != "temp"]
    return section(
        "Days that never were",
        text("A sample is a whole day, with the columns `window` and `step` before its channels."),
        code("model.sample(200)"),
        figure(
            figures.windows_grid({"real": _days(told.new, 4), "sampled": _days(drawn, 4)}, CHANNELS),
            "Four real days that were kept out, and four sampled ones.",
            "Lines that are rougher or smoother than real ones, or days that are all alike.",
        ),
        table(
            ["channel", "5%", "median", "95%", "5% sampled", "median sampled", "95% sampled"],
            lines,
            "Hours of fitted days and of 200 sampled ones.",
        ),
        text("With a condition, which holds at every hour of the day: 90 °F from midnight to midnight."),
        code(f"model.sample(200, given={given})"),
        table(
            ["channel", "all hours", "hours of 88 °F and more", "sampled at 90 °F"], other, "Medians, of fitted hours."
        ),
    )


def the_next_hours(told: Weather) -> Section:
    """Samples given the first half of a day."""
    day = _complete(told.new)
    half = pa.array(np.arange(DAY) < DAY // 2)
    given = pa.table({
        name: pc.if_else(half, day[name].combine_chunks(), pa.scalar(None, day[name].type))
        if name in CHANNELS else day[name] for name in day.column_names
    })  # fmt: skip
    drawn = [told.model.sample(given=given, seed=seed) for seed in range(4)]
    sorts = {
        "what came": _days(day, 1),
        "drawn from the first twelve hours": np.concatenate([_days(each, 1) for each in drawn]),
    }
    return section(
        "The next twelve hours",
        text(
            "A condition may be a table: here the first half of a day that was kept out. The second half is drawn, "
            "four times. The first twelve hours of each draw are those that were given."
        ),
        code("model.sample(given=first_half)     # its other hours are empty"),
        figure(
            figures.windows_grid(sorts, CHANNELS), "The day as it was, and four ways in which it could have gone on."
        ),
    )


def the_map(told: Weather) -> Section:
    """The modes encode and decode."""
    latents = told.latents
    start = latents.to_arrow()["start"]
    month = pc.month(told.clean["time"].take(start.combine_chunks())).to_pylist()
    season = [SEASONS[at % 12 // 3] for at in month]
    two = _days(told.model.decode(latents.mean[[0, len(latents) // 2]]), 2)
    real = np.stack([_values(told.clean.slice(int(start[b].as_py()), DAY)) for b in (0, len(latents) // 2)])
    names = [f"{MONTHS[month[0]]}", f"{MONTHS[month[len(latents) // 2]]}"]
    return section(
        "A map of days",
        text(
            "A window has a place among the latents as a row of a table has. Nobody told the model the date: the "
            "clock is no channel."
        ),
        code("latents = model.encode(stream)     # one row a window: start, mean_0, ...\nmodel.decode(latents.mean)"),
        figure(latents.plot(season), "Days that were kept out, coloured by their season."),
        figure(
            figures.windows_grid({f"real ({', '.join(names)})": real, "decoded": two}, CHANNELS),
            "Two days, and what their latents alone say of them.",
        ),
    )


SEASONS = ("winter", "spring", "summer", "autumn")


def walks(told: Weather) -> Section:
    """The modes traverse, interpolate and shift."""
    along = told.model.traverse()
    cold, hot = (_complete(told.new, end) for end in (0, -1))
    busiest = int(along.latent[0])
    moved = told.model.shift(cold, {busiest: 2.0})
    return section(
        "Walking from day to day",
        text("What does a latent stand for? Move it, keep the others, and see which day comes out."),
        code("model.traverse()"),
        figure(along.plot(), "The three latents that carry most: both ends and the middle."),
        code("model.interpolate(a, b)"),
        figure(
            told.model.interpolate(cold, hot, steps=7).plot(),
            "From the first complete day of the weeks that were kept out to the last one.",
        ),
        code(f"model.shift(day, {{{busiest}: +2.0}})"),
        figure(
            figures.windows_grid({"day": _days(cold, 1), "shifted": _days(moved.select(CHANNELS), 1)}, CHANNELS),
            f"A day, and the same with latent {busiest} moved by two standard deviations.",
        ),
    )


def how_good(told: Weather) -> Section:
    """The mode evaluate."""
    report = told.model.evaluate(told.clean)
    report.save(told.evaluation)
    return section(
        "How good are the days",
        text(
            "`evaluate` measures all of this on the weeks that did not train, without the faults. Its own page is "
            f"[{told.evaluation.name}]."
        ),
        code('report = model.evaluate(stream)\nreport.save("evaluation.html")'),
        figure(report.plot(), "The measures at a glance."),
    )


def _complete(hours: pa.Table, which: int = 0) -> pa.Table:
    """A day from midnight to midnight without a gap, the first or the last."""
    clock = hours["time"].to_numpy().astype("datetime64[h]")
    there = np.all([hours[name].is_valid().to_numpy() for name in CHANNELS], axis=0)
    whole = [b for b in range(len(clock) - DAY + 1) if clock[b].astype(int) % DAY == 0 and there[b : b + DAY].all()
             and clock[b + DAY - 1] - clock[b] == DAY - 1]  # fmt: skip
    return hours.slice(whole[which], DAY)


def _days(hours: pa.Table, count: int) -> Any:
    """So many days (count, 24, C) of a table of hours, evenly spread; without a hole where the clock tells."""
    values = _values(hours)
    starts = np.arange(0, len(values) - DAY + 1, DAY)
    if "time" in hours.column_names:
        clock = hours["time"].to_numpy().astype("datetime64[h]").astype(int)
        starts = np.flatnonzero(
            (clock[: len(clock) - DAY + 1] % DAY == 0) & (clock[DAY - 1 :] - clock[: len(clock) - DAY + 1] == DAY - 1)
        )
    picked = starts[np.linspace(0, len(starts) - 1, count).round().astype(int)]
    return np.stack([values[start : start + DAY] for start in picked])


def _values(hours: pa.Table) -> Any:
    return np.stack([hours[name].to_numpy() for name in CHANNELS], -1)


def _spread(column: pa.ChunkedArray) -> Any:
    return np.quantile(column.drop_null().to_numpy(), [0.05, 0.5, 0.95])


SECTIONS: dict[str, Callable[[Weather], Section]] = {
    "the stream": the_stream,
    "the fit": the_fit,
    "score": strange_hours,
    "score causal": found_faults,
    "impute": filled_stretches,
    "denoise, reconstruct": put_right,
    "sample": new_days,
    "sample given": the_next_hours,
    "encode, decode": the_map,
    "traverse, interpolate, shift": walks,
    "log_prob": probable_hours,
    "evaluate": how_good,
}
