"""The weather of three airports, hour by hour for a year: a stream of three machines with gaps, holes and a real fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from vaekit import api
from vaekit.demo.flights import GAPS, data_folder
from vaekit.sources.cut import Cut, Rows
from vaekit.sources.windows import Windows, windows

CHANNELS = ["temp", "dewp", "humid", "wind_speed", "pressure", "visib"]
UNITS = {"temp": "°F", "dewp": "°F", "humid": "%", "wind_speed": "mph", "pressure": "hPa", "visib": "miles"}
BEHIND = timedelta(hours=5)  # New York's winter time behind the clock of the file
DAY, STRIDE, WEEK = 24, 4, 168
SECONDS = 45  # a slow machine fits for no longer
HOURS, TOO_HIGH = 48, 25  # that a planted fault lasts, and °F


class Fault(NamedTuple):
    """A fault at `rows` of the new hours: at which airport, in which channel, and what is wrong."""

    what: str
    origin: str
    channel: str
    rows: slice


@dataclass(frozen=True, eq=False)
class Weather:
    """What the story is about: the model and its file, fitted weeks, weeks it never saw with faults, evaluate's page."""

    model: api.Model
    file: Path
    stream: Windows
    known: pa.Table
    new: pa.Table
    faults: list[Fault]
    evaluation: Path

    @cached_property
    def scores(self) -> Any:
        return self.model.score(self.new)

    @cached_property
    def likelihoods(self) -> Any:
        return self.model.score(self.new, by="likelihood")

    @cached_property
    def latents(self) -> Any:
        return self.model.encode(self.clean)

    @property
    def time(self) -> NDArray[np.datetime64]:
        return np.asarray(self.new["time"].to_numpy())

    @cached_property
    def pieces(self) -> list[Rows]:
        """The rows of every stretch of new hours without a hole, in time order."""
        return _pieces(self.new)

    def around(self, fault: Fault, hours: int) -> Rows:
        """The rows of a fault and so many hours before and after it, as far as its piece goes."""
        rows = next(rows for rows in self.pieces if fault.rows.start in rows)
        return rows[(rows >= fault.rows.start - hours) & (rows < fault.rows.stop + hours)]

    @cached_property
    def ordinary(self) -> NDArray[np.bool_]:
        """New hours (N,) in pieces without a fault."""
        far = np.ones(self.new.num_rows, dtype=bool)
        for rows in self.pieces:
            far[rows] = not any(fault.rows.start in rows for fault in self.faults)
        return far

    @cached_property
    def clean(self) -> pa.Table:
        """The ordinary new hours."""
        return self.new.filter(pa.array(self.ordinary))

    def of(self, origin: str) -> Rows:
        """The rows of the new hours at one airport."""
        return np.flatnonzero(pc.equal(self.new["origin"], origin).to_numpy())


def prepare(
    page: Path,
    step: Callable[[str], AbstractContextManager[None]],
    rows: int | None = None,
    new: int | None = None,
    **options: Any,
) -> Weather:
    """Read the weather, keep every fourth week out, plant faults in these, fit, save and load.

    Args:
        page: the report; the model and evaluate's page are written beside it.
        step: says what is going on.
        rows, new: how many hours of all airports to fit and to keep out; all when None.
        **options: of `vaekit.fit`.
    """
    with step("read the weather"):
        known, unknown = split(read_weather(), rows, new)
        unknown, faults = broken(unknown)
        stream = windows(known, size=DAY, stride=STRIDE, time="time", by="origin")
    with step(f"fit {len(stream):,} windows of {DAY} hours by {len(CHANNELS)} channels"):
        units = {name: {"unit": unit} for name, unit in UNITS.items()}
        model = api.fit(stream, **{"schema": units, "time_limit": SECONDS, "progress": True, **options})
    with step("save and load the one file"):
        file = model.save(page.with_name("weather.vae"))
        model = api.load(file)
    return Weather(model, file, stream, known, unknown, faults, page.with_name("weather-evaluation.html"))


def read_weather() -> pa.Table:
    """26,115 hours: origin, time (New York, winter time all year) and six channels.

    Raises:
        UserError: when the package that carries the data is not installed.
    """
    table = csv.read_csv(data_folder() / "weather.csv", convert_options=GAPS).sort_by(
        [("origin", "ascending"), ("time_hour", "ascending")]
    )
    hours = pc.subtract(table["time_hour"].cast(pa.timestamp("s")), pa.scalar(BEHIND, pa.duration("s")))
    return pa.table({"origin": table["origin"], "time": hours, **{name: table[name] for name in CHANNELS}})


def split(table: pa.Table, rows: int | None = None, new: int | None = None) -> tuple[pa.Table, pa.Table]:
    """Three weeks of four to fit, the fourth to ask about; of each, at most so many hours, equally from every airport.

    Hours in pieces shorter than a window are left out: no window covers them.
    """
    start = np.datetime64(datetime(2013, 1, 1), "s")
    week = (table["time"].to_numpy().astype("datetime64[s]") - start).astype(int) // (WEEK * 3600)
    return _some(table.filter(pa.array(week % 4 != 2)), rows), _some(table.filter(pa.array(week % 4 == 2)), new)


def _some(table: pa.Table, most: int | None) -> pa.Table:
    places = table["origin"].unique().to_pylist()
    each = table.num_rows if most is None else most // len(places)
    table = pa.concat_tables([table.filter(pc.equal(table["origin"], place)).slice(0, each) for place in places])
    return table.take(pa.array(np.sort(np.concatenate([rows for rows in _pieces(table) if len(rows) >= DAY]))))


def _pieces(table: pa.Table) -> list[Rows]:
    return Cut.fit(table, DAY, STRIDE, "time", "origin").segments(table)


def broken(table: pa.Table) -> tuple[pa.Table, list[Fault]]:
    """The hours with two planted faults, and with the one that was there all along, where they hold it.

    One thermometer sticks when the weather is about to change, another stands in the sun: every value an ordinary one.
    """
    temp = table["temp"].to_numpy().copy()
    stuck, sun = _before_a_change(table, "LGA"), _stretch(table, "JFK", 0.4)
    temp[stuck], temp[sun] = temp[stuck.start], temp[sun] + TOO_HIGH
    faults = [
        Fault("a thermometer sticks (planted)", "LGA", "temp", stuck),
        Fault(f"a thermometer {TOO_HIGH} °F too high (planted)", "JFK", "temp", sun),
    ]
    wind = np.nan_to_num(table["wind_speed"].to_numpy())
    if wind.max() > 200:
        gust = int(wind.argmax())
        what = f"a wind of {wind[gust]:,.0f} mph (in the data)"
        faults.append(Fault(what, table["origin"][gust].as_py(), "wind_speed", slice(gust, gust + 1)))
    at = table.schema.get_field_index("temp")
    return table.set_column(at, "temp", pa.array(temp, from_pandas=True)), faults


def _before_a_change(table: pa.Table, origin: str) -> slice:
    """The hours of an airport, within one week, during which the temperature goes farthest from where it was."""
    rows = np.flatnonzero(pc.equal(table["origin"], origin).to_numpy())
    clock, temp = (table[name].to_numpy()[rows] for name in ("time", "temp"))
    starts = [b for b in range(len(rows) - HOURS) if clock[b + HOURS] - clock[b] == np.timedelta64(HOURS, "h")]
    far = [np.nanmean(np.abs(temp[b : b + HOURS] - temp[b])) for b in starts]
    start = int(rows[starts[int(np.nanargmax(far))]])
    return slice(start, start + HOURS)


def _stretch(table: pa.Table, origin: str, share: float) -> slice:
    """The hours of a fault that begins after a share of an airport's hours."""
    rows = np.flatnonzero(pc.equal(table["origin"], origin).to_numpy())
    start = int(rows[int(share * len(rows))])
    return slice(start, start + HOURS)
