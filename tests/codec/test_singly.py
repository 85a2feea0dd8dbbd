"""Cell by cell the answers are those of the arrays, to the last digit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vaekit.artifact import trained_range
from vaekit.codec import Codec, fit
from vaekit.codec.singly import Singly
from vaekit.codec.table import FEW
from vaekit.schema import Schema

ROWS = 6_000


def table() -> pa.Table:
    """Columns of every type of value: few and many ones, spikes, gaps, other scales."""
    noise = np.random.default_rng(0)
    gap = noise.random(ROWS) < 0.1
    names = np.array(["a", "b", "c", "rare"])[noise.choice(4, ROWS, p=[0.5, 0.3, 0.1998, 0.0002])]
    amount = noise.lognormal(3, 2, ROWS)
    return pa.table({
        "whole": pa.array(noise.normal(500, 200, ROWS).astype(int), mask=gap),
        "byte": pa.array(noise.integers(-100, 100, ROWS).astype(np.int8)),
        "far": pa.array(10**17 + noise.integers(0, 10**6, ROWS)),
        "count": pa.array(noise.poisson(30, ROWS) * noise.integers(0, 40, ROWS)),
        "month": pa.array(noise.integers(1, 13, ROWS)),
        "cents": pa.array(noise.normal(20, 5, ROWS).round(2), mask=gap),
        "few": pa.array(noise.choice([0.1, 0.2, 1 / 3], ROWS)),
        "real": pa.array(noise.normal(0, 1e-3, ROWS)),
        "amount": pa.array(amount),
        "mixed": pa.array(np.where(noise.random(ROWS) < 0.4, 0.0, amount.round(2))),
        "single": pa.array(noise.normal(size=ROWS).astype(np.float32)),
        "price": pa.array([Decimal(int(cents)).scaleb(-2) for cents in noise.integers(1, 10**6, ROWS)]),
        "day": pa.array([dt.date(2024, 1, 1) + dt.timedelta(days=int(days)) for days in noise.integers(0, 400, ROWS)]),
        "name": pa.array(names.tolist(), mask=gap),
        "coded": pa.array(names.tolist()).dictionary_encode(),
        "flag": pa.array(noise.random(ROWS) < 0.3),
    })  # fmt: skip


@pytest.fixture(scope="module")
def fitted() -> tuple[pa.Table, Codec]:
    rows = table()
    schema = Schema.infer(rows)
    return schema.conform(rows), fit(rows, schema)


def same(found: list[Any], wanted: list[Any]) -> bool:
    return found == wanted and list(map(type, found)) == list(map(type, wanted))


def test_cells_are_those_of_the_arrays(fitted: tuple[pa.Table, Codec]) -> None:
    rows, codec = fitted
    done = 0
    for name, one in codec.singly.items():
        cells, observed = codec.parts[name].encode(rows[name])  # type: ignore[union-attr]
        found = one.encode(rows[name])
        if found is not None:
            assert same(found[0], cells.tolist()) and found[1] == observed.tolist(), name
            done += 1
    assert done >= 11, "most columns are numbers or names"


def test_values_are_those_of_the_arrays(fitted: tuple[pa.Table, Codec]) -> None:
    rows, codec = fitted
    done = 0
    for name, one in codec.singly.items():
        cells = some_cells(codec, rows, name)
        wanted = codec.parts[name].decode(cells, np.ones(len(cells), dtype=bool)).to_pylist()  # type: ignore[union-attr]
        found = [one.value(cell) for cell in cells.tolist()]
        told = [i for i, value in enumerate(found) if value is not None]
        assert same([found[i] for i in told], [wanted[i] for i in told]), name
        done += len(told) == len(found)
    assert done >= 10, "and only rare names are drawn"


def some_cells(codec: Codec, rows: pa.Table, name: str) -> np.ndarray[Any, Any]:
    """Cells where the training ones lie: themselves, as single precision has them, and others between."""
    part: Any = codec.parts[name]
    known = part.encode(rows[name].slice(0, 300))[0]
    if part.field.levels:
        return np.arange(part.field.levels, dtype=float)
    low, high = trained_range(part.field)
    between = np.random.default_rng(1).uniform(low, high, 300)
    every = np.concatenate([known, between, known.astype(np.float32), between.astype(np.float32), [low, high]])
    return np.clip(every, low, high)


def test_few_rows_are_encoded_as_many(fitted: tuple[pa.Table, Codec]) -> None:
    rows, codec = fitted
    cells, observed = codec.encode(rows)
    few = codec.encode(rows.slice(5, FEW))
    assert (few[0] == cells[5 : 5 + FEW]).all() and (few[1] == observed[5 : 5 + FEW]).all()
    assert few[0].dtype == cells.dtype and few[1].dtype == observed.dtype
    assert codec.encode(rows.slice(0, 0))[0].shape == (0, codec.width)


@pytest.mark.parametrize(("name", "value"), [("name", "new"), ("count", -1), ("amount", float("inf"))])
def test_what_is_warned_of_is_left_to_the_arrays(fitted: tuple[pa.Table, Codec], name: str, value: Any) -> None:
    one = fitted[1].singly[name]
    assert isinstance(one, Singly) and one.encode(pa.array([value])) is None


def test_a_rare_level_is_left_to_the_arrays(fitted: tuple[pa.Table, Codec]) -> None:
    one = fitted[1].singly["name"]
    assert one.decode([0.0]) == ["a"] and one.decode([0.0, 3.0]) is None
