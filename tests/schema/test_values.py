import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from vaekit.schema import Column, plain, restore

DAYS = [dt.date(1969, 12, 31), None, dt.date(2024, 2, 29)]
MOMENTS = [dt.datetime(1969, 12, 31, 23), None, dt.datetime(2024, 2, 29, 12, 30, 1)]
CASES = [
    ("real", pa.array([1.5, None, -2.0])),
    ("real", pa.array([1.5, None, -2.0], pa.float32())),
    ("count", pa.array([1, None, 127], pa.int8())),
    ("count", pa.array([0, None, 255], pa.uint8())),
    ("positive", pa.array([Decimal("1.25"), None, Decimal("3.00")], pa.decimal128(10, 2))),
    ("real", pa.array([dt.timedelta(seconds=3), None], pa.duration("ms"))),
    ("real", pa.array([dt.time(12, 30), None], pa.time32("s"))),
    ("datetime", pa.array(DAYS)),
    ("datetime", pa.array(DAYS, pa.date64())),
    *(("datetime", pa.array(MOMENTS, pa.timestamp(unit))) for unit in ("s", "ms", "us", "ns")),
    ("datetime", pa.array(MOMENTS, pa.timestamp("us", "Europe/Berlin"))),
    ("binary", pa.array([True, None, False])),
    ("ordinal", pa.array([-2, None, 3], pa.int16())),
    ("categorical", pa.array(["a", None, "b"], pa.large_string())),
    ("categorical", pa.array(["a", None, "b"]).dictionary_encode()),
    ("categorical", pa.array(MOMENTS, pa.timestamp("s"))),
    ("categorical", pa.array(MOMENTS, pa.timestamp("us", "Europe/Berlin"))),
    ("identifier", pa.array([2**62, None], pa.int64())),
    ("identifier", pa.array([2**64 - 1, None], pa.uint64())),
    ("categorical", pa.array(["a", None], pa.string_view())),
    ("categorical", pa.array([1.5, None, 1.5]).dictionary_encode()),
    ("categorical", pa.array(DAYS).dictionary_encode()),
    ("constant", pa.nulls(2)),
]


@pytest.mark.parametrize(("kind", "array"), CASES, ids=[f"{kind}-{array.type}" for kind, array in CASES])
def test_plain_values_restore_the_fitted_cells(kind, array):
    column = Column(name="x", kind=kind, type=str(array.type))
    assert restore(column, plain(column, array)).equals(array)
    assert plain(column, pa.chunked_array([array])).equals(plain(column, array))


def test_text_numbers_and_dates_are_restored_as_text():
    numbers = Column(name="x", kind="real", type="string", decimals=1)
    assert restore(numbers, plain(numbers, pa.array(["1.5", None, " 2.5"]))).to_pylist() == ["1.5", None, "2.5"]
    dates = Column(name="d", kind="datetime", type="large_string", format="%d.%m.%Y")
    array = pa.array(["31.12.2024", None], pa.large_string())
    assert restore(dates, plain(dates, array)).equals(array)


def test_units_are_days_for_dates_and_seconds_otherwise():
    assert plain(Column(name="d", kind="datetime"), pa.array([dt.date(1970, 1, 3)])).to_pylist() == [2.0]
    hour = pa.array([dt.datetime(1970, 1, 1, 1)], pa.timestamp("ns"))
    assert plain(Column(name="d", kind="datetime"), hour).to_pylist() == [3600.0]


def test_restoring_rounds_and_stays_inside_the_type():
    column = Column(name="x", kind="real", type="int8", decimals=0)
    assert restore(column, pa.array([1.6, 999.0, -999.0])).to_pylist() == [2, 127, -128]
    wide = Column(name="x", kind="real", type="int64", decimals=0)
    assert restore(wide, pa.array([1e30])).to_pylist()[0] > 2**62


def test_not_a_number_is_missing():
    assert plain(Column(name="x", kind="real"), pa.array([float("nan"), 1.0])).to_pylist() == [None, 1.0]


def test_an_empty_column_stays_empty():
    empty = pa.chunked_array([], pa.dictionary(pa.int8(), pa.string()))
    assert len(plain(Column(name="x", kind="categorical"), empty)) == 0
