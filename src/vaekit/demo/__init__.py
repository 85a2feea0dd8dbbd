"""The demonstrations: real data that a registry package carries, one fit, every mode, one page.

```
flights --fit--> model --save, load--> model --every mode--> story --> report.html
```
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api
from vaekit.demo.flights import UNITS, read_flights
from vaekit.demo.story import tell
from vaekit.demo.told import Told
from vaekit.errors import SpecError
from vaekit.sources import whole_file

ROWS, NEW = 20_000, 4_000
SECONDS = 120  # a slow machine fits for no longer

DEMOS = ("table",)


def run(name: str, out: str | Path, *, rows: int = ROWS, new: int = NEW, **options: Any) -> Path:
    """Fit on real data, ask every mode once, write the page that tells what came back.

    Args:
        name: a key of `DEMOS`.
        out: the page, an .html file; the model and the page of `evaluate` are written beside it.
        rows: how many rows to fit.
        new: how many further rows to ask about.
        **options: of `vaekit.fit`.

    Returns:
        The page's path. Progress and times go to stderr.

    Raises:
        SpecError: for a demo that does not exist.
        UserError: when the package with the data, or matplotlib, is not installed.
    """
    if name not in DEMOS:
        raise SpecError(f"demo: given {name!r}, expected one of {', '.join(DEMOS)}")
    page, began = Path(out), time.monotonic()
    page.parent.mkdir(parents=True, exist_ok=True)
    with step("read the flights"):
        known, unknown = split(read_flights(rows + new), rows)
    with step(f"fit {known.num_rows:,} rows by {known.num_columns} columns"):
        model = fit(known, **options)
    with step("save and load the one file"):
        file = model.save(page.with_name("flights.vae"))
        model = api.load(file)
    told = Told(model, file, known, unknown, page.with_name("evaluation.html"))
    text = tell(told, step).encode()
    whole_file(page, lambda stream: _write(stream, text))
    print(f"{page}: {len(text) / 1e6:.1f} MB after {time.monotonic() - began:.0f} s", file=sys.stderr)
    return page


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


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say on stderr what is going on, and how long it took."""
    began = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    yield
    print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def _write(stream: Any, text: bytes) -> None:
    stream.write(text)
