"""What an answer cannot give back as it came is told, once a column."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import vaekit
from vaekit.errors import VaekitWarning


@pytest.fixture(scope="module")
def model() -> Any:
    noise = np.random.default_rng(0)
    rows = pa.table({
        "price": pa.array([Decimal(int(v)) / 100 for v in noise.integers(100, 9999, 120)], pa.decimal128(7, 2)),
        "day": [dt.date(2021, 1, 1) + dt.timedelta(int(v)) for v in noise.integers(0, 400, 120)],
        "took": pa.array(noise.integers(1, 999, 120), pa.duration("s")), "x": noise.normal(size=120),
    })  # fmt: skip
    return vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1, "ratio_epochs": 0}, latent=2)


FINE = {
    "price": (pa.array([Decimal("2.10"), Decimal("1.2399")], pa.decimal128(7, 4)), "1.2399", "1.24"),
    "day": (pa.array([None, dt.datetime(2021, 5, 5, 18, 30)], pa.timestamp("us")), "2021-05-05 18:30:00", "2021-05-05"),
    "took": (pa.array([None, 700_500], pa.duration("ms")), "0:11:40.500000", "0:11:40"),
}  # fmt: skip
PLAIN = {
    "price": pa.array([2.1, None]), "day": pa.array([dt.datetime(2021, 5, 5), None]),
    "took": pa.array([600_000, None], pa.duration("ms")),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_a_cell_that_is_rounded_is_named(model: Any, name: str) -> None:
    cells, given, back = FINE[name]
    rows = pa.table({**PLAIN, "x": [1.0, None], name: cells})
    with pytest.warns(VaekitWarning) as caught:
        model.impute(rows)
    told = [str(each.message) for each in caught]
    assert len(told) == 1 and told[0].startswith(
        f"column {name!r}, row 1 (counted from 0): '{given}' was given, '{back}' comes"
    )


def test_what_comes_back_as_it_was_given_is_not_told_of(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.impute(pa.table({**PLAIN, "x": [1.0, None]}))
