from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vaekit.modes.verbatim import (
    CODED,
    MISSING,
    NAN,
    VERBATIM,
    Alphabets,
    Coded,
    beside,
    identical,
    to_symbols,
    to_table,
    whole_columns,
)


@pytest.fixture(scope="module")
def alphabets(mixed: Any) -> Alphabets:
    return Alphabets.of(mixed.model.fitted.codec)


def through(alphabets: Alphabets, table: pa.Table) -> tuple[pa.Table, Coded]:
    coded = to_symbols(alphabets, table)
    return to_table(alphabets, coded, beside(alphabets, table, coded.state)), coded


def state(alphabets: Alphabets, coded: Coded, name: str) -> list[int]:
    return coded.state[:, alphabets.names.index(name)].tolist()


def test_cells_are_coded_where_their_symbol_gives_every_bit_back(alphabets: Alphabets) -> None:
    nan = np.frombuffer(np.uint64(0x7FF8000000000001).tobytes(), float)[0]  # not the usual one
    table = pa.table({
        "height": pa.array([170.5, None, np.nan, nan, 170.55, -0.0, 1e308, np.inf]),
        "city": ["Bern", None, "Paris", "Rome", "Oslo", "", "Bern", "Bern"],
        "visits": pa.array([2, 3, None, -1, 10**12, 0, 1, 2]),
    })  # fmt: skip
    back, coded = through(alphabets, table)
    assert identical(back, table)
    assert state(alphabets, coded, "city") == [CODED, MISSING, VERBATIM, CODED, CODED, VERBATIM, CODED, CODED]
    assert state(alphabets, coded, "visits")[:5] == [CODED, CODED, MISSING, VERBATIM, VERBATIM]
    assert set(state(alphabets, coded, "height")) <= {MISSING, NAN, VERBATIM}  # an infinity: not of the fitted type
    finite = table.slice(0, 7)
    back, coded = through(alphabets, finite)
    assert identical(back, finite)
    assert state(alphabets, coded, "height") == [CODED, MISSING, NAN, VERBATIM, VERBATIM, VERBATIM, VERBATIM]


def test_other_types_and_columns_come_back_as_they_were_given(alphabets: Alphabets) -> None:
    table = pa.table({
        "more": pa.array([[1, 2], None, []], pa.list_(pa.int8())),
        "city": pa.array(["Oslo", None, "Bern"]).dictionary_encode(),
        "visits": pa.array(["1", "007", None]),
        "height": pa.array([171.5, 180.0, None], pa.float32()),
        "member": pa.array([True, None, False]),
    })  # fmt: skip
    back, coded = through(alphabets, table)
    assert identical(back, table) and back.column_names == table.column_names
    assert state(alphabets, coded, "city") == [CODED, MISSING, CODED]
    assert state(alphabets, coded, "visits") == [CODED, VERBATIM, MISSING]
    assert state(alphabets, coded, "height")[0] == CODED
    assert whole_columns(alphabets, beside(alphabets, table, coded.state)).column_names == ["more"]


def test_bits_and_types_tell_tables_apart() -> None:
    table = pa.table({"x": [1.0, None]})
    assert identical(table, pa.table({"x": [1.0, None]}))
    for other in ([np.nextafter(1, 2), None], [1.0, np.nan], [1.0, 0.0]):
        assert not identical(table, pa.table({"x": pa.array(other)}))
    assert not identical(table, pa.table({"x": pa.array([1.0, None], pa.float32())}))
    assert not identical(table, pa.table({"y": [1.0, None]}))
