"""Tables whose columns determine one another or add up, and default models of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import vaekit


@pytest.fixture(scope="session")
def routes() -> tuple[Any, Any]:
    """A default model of 1,500 routes, whose miles start and destination determine, and its rows."""
    noise = np.random.default_rng(0)
    start, to = noise.choice(["EWR", "JFK", "LGA"], 1_500), noise.choice(["ATL", "BOS", "LAX", "MIA", "SEA"], 1_500)
    miles = {a + b: 100 + 37 * i for i, (a, b) in enumerate((a, b) for a in "EJL" for b in "ABLMS")}
    rows = pd.DataFrame({
        "start": start, "to": to, "miles": [miles[a[0] + b[0]] for a, b in zip(start, to, strict=True)],
        "name": [{"ATL": "Atlanta", "BOS": "Boston"}.get(b, "elsewhere") for b in to], "late": noise.normal(size=1_500),
    })  # fmt: skip
    model = vaekit.fit(rows, train={"epochs": 4, "prior_epochs": 4, "ratio_epochs": 2}, latent=4, progress=False)
    return model, rows


@pytest.fixture(scope="session")
def bills() -> tuple[Any, Any]:
    """A default model of 1,500 bills, whose numbers add up and multiply, and its rows."""
    noise = np.random.default_rng(0)
    parts, hours = noise.gamma(2, 100, 1_500).round(2), noise.integers(1, 9, 1_500)
    rate, start = noise.lognormal(3, 0.5, 1_500).round(2), noise.integers(0, 10_000, 1_500)
    labour = (hours * rate).round(2)
    begin = pd.Timestamp("2024-01-01") + pd.to_timedelta(start, unit="min")
    rows = pd.DataFrame({
        "parts": parts * (noise.random(1_500) < 0.6), "hours": hours, "rate": rate, "labour": labour,
        "begin": begin, "end": begin + pd.to_timedelta(hours, unit="h"), "free": noise.normal(size=1_500),
    })  # fmt: skip
    rows.insert(0, "bill", (rows["parts"] + rows["labour"]).round(2))
    model = vaekit.fit(rows, train={"epochs": 6, "prior_epochs": 6, "ratio_epochs": 2}, latent=6, progress=False)
    return model, rows
