"""decompress(compress(x)) is x, to the last bit, for every fitted model and whatever the cells hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vaekit
from vaekit.modes.verbatim import identical
from vaekit.sources import read

IMAGES = ("image-given", "image-label", "image-mlp", "image-colour")
STREAMS = ("stream", "stream-given", "stream-mlp")


def assert_comes_back(model: Any, rows: Any) -> None:
    """The answer is of the same type, and as Arrow the same to the last bit."""
    back = model.decompress(model.compress(rows))
    assert type(back) is type(rows)
    assert identical(read(back, nan=True).arrow, read(rows, nan=True).arrow)


def test_fresh_rows_come_back(dense: Any) -> None:
    assert_comes_back(dense.model, dense.rows[:60])
    assert_comes_back(dense.model, dense.rows[:1])


@pytest.mark.parametrize("name", [*IMAGES, *STREAMS])
def test_images_and_streams_come_back(fitted: Any, name: str) -> None:
    case = fitted(name)
    assert_comes_back(case.model, case.rows)


def test_frames_come_back_with_their_types(mixed: Any) -> None:
    rows = mixed.rows[:50]
    pd.testing.assert_frame_equal(mixed.model.decompress(mixed.model.compress(rows)), rows)
    turned = rows[list(reversed(rows.columns))].set_index(np.arange(50) * 3 + 7)
    pd.testing.assert_frame_equal(mixed.model.decompress(mixed.model.compress(turned)), turned)


def floats(*odd: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.sampled_from([0.0, -0.0, np.nan, np.inf, 5e-324, 1e308, *odd]) | st.floats()


WHOLE = st.integers(-(2**63), 2**63 - 1)
COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "id": (pa.string(), st.none() | st.text(max_size=4)),
    "height": (pa.float64(), floats(170.5, 170.55) | st.floats(140, 200).map(lambda x: round(x, 1))),
    "income": (pa.float64(), floats(33.3) | st.floats(1, 300)),
    "visits": (pa.int64(), st.none() | st.integers(0, 9) | WHOLE),
    "member": (pa.bool_(), st.none() | st.booleans()),
    "grade": (pa.string(), st.none() | st.sampled_from(list("ABCDE"))),
    "city": (pa.string(), st.none() | st.sampled_from(["Bern", "Oslo", "Rome"]) | st.text(max_size=3)),
    "joined": (pa.timestamp("ns"), st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
               | st.dates(dt.date(2019, 1, 1), dt.date(2023, 1, 1)).map(lambda day: dt.datetime.combine(day, dt.time()))),
    "debt": (pa.float64(), floats(0.0, 50.25) | st.floats(0, 99).map(lambda x: round(x, 2))),
    "country": (pa.string(), st.none() | st.sampled_from(["CH", "AT"])),
}  # fmt: skip


@settings(max_examples=15)
@given(data=st.data())
def test_any_values_come_back(mixed: Any, data: st.DataObject) -> None:
    names = data.draw(st.permutations(list(COLUMNS)))
    rows = data.draw(st.integers(1, 6))
    table = pa.table({
        name: pa.array(data.draw(st.lists(COLUMNS[name][1], min_size=rows, max_size=rows)), COLUMNS[name][0]) for name in names
    })  # fmt: skip
    assert_comes_back(mixed.model, table)


@settings(max_examples=8)
@given(data=st.data())
def test_any_numbers_come_back(numbers: Any, data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(*[st.floats(allow_nan=True) | st.floats(-1, 90)] * 2), min_size=1, max_size=8))
    assert_comes_back(numbers.model, np.array(pairs))


@pytest.mark.parametrize("scale", [1e20, 1e100, -1e17])
def test_whole_numbers_beyond_those_of_a_double_come_back(scale: float) -> None:
    noise = np.random.default_rng(0)
    rows = pd.DataFrame({"a": noise.lognormal(size=80) * scale, "x": noise.normal(size=80)})
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1, "ratio_epochs": 0}, latent=2)
    assert_comes_back(model, rows)
    assert_comes_back(model, pd.DataFrame({"a": [0.0, -0.0, 12.5, scale, np.nan], "x": [1.0] * 5}))


def test_more_and_fewer_columns_come_back(mixed: Any) -> None:
    table = read(mixed.rows).arrow.slice(0, 20)
    more = table.append_column("note", pa.array([[n] * n for n in range(20)]))
    assert_comes_back(mixed.model, more)
    assert_comes_back(mixed.model, table.select(["city", "debt", "height"]))
