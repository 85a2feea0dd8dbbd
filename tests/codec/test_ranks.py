import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaekit.codec import ticks
from vaekit.codec.numeric import Numeric
from vaekit.codec.ranks import from_order, in_order, ranks, values
from vaekit.schema import Column

TYPES = ("f2", "f4", "f8", "i1", "i8", "u1", "u8", "?")


@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
def test_machine_numbers_keep_their_order_and_their_bits(name, data):
    numbers = data.draw(hnp.arrays(name, st.integers(1, 20), elements={"allow_nan": False} if name[0] == "f" else None))
    found = in_order(numbers)
    assert from_order(found, numbers.dtype).tobytes() == numbers.tobytes()
    less = numbers[:, None] < numbers[None]
    assert (found[:, None] < found[None])[less].all()


def fitted(kind, name, numbers, **more):
    array = pa.array(numbers, more.pop("arrow", None) or name)
    return Numeric.fit(Column(name="x", kind=kind, type=str(array.type), **more), array), array


CASES = {
    "whole": lambda: fitted("real", "int8", [3, -4, 100]),
    "count": lambda: fitted("count", "int64", [0, 3, 2**40]),
    "unsigned": lambda: fitted("real", "uint64", [0, 2**64 - 1]),
    "decimals": lambda: fitted("real", "double", [0.1, 0.2, 70.3], decimals=1),
    "thousands": lambda: fitted("real", "double", [3000.0, 7000.0], decimals=-3),
    "huge": lambda: fitted("real", "double", [3.5e20, -7e19, 2.0**60, 12.0], decimals=0),
    "single": lambda: fitted("real", "float", [0.1, -1e-30]),
    "double": lambda: fitted("positive", "double", [0.1, 1e-300, 2.0 / 3.0]),
    "hours": lambda: fitted("datetime", pa.timestamp("ms"), [dt.datetime(2020, 1, 1, 5), dt.datetime(1969, 1, 1, 7)]),
    "days": lambda: fitted("datetime", pa.date32(), [dt.date(2020, 1, 1), dt.date(1900, 1, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_training_values_come_back_from_their_ranks(case):
    part, array = CASES[case]()
    raw, _ = ticks.read(part.column, array)
    found, exact = ranks(part, raw)
    assert exact.all() and np.array_equal(values(part, found), raw)
    assert (np.argsort(found) == np.argsort(raw)).all()


def test_what_a_rank_cannot_say_is_told():
    part, _ = CASES["decimals"]()
    assert ranks(part, np.array([0.25, 0.30000000000000004, -0.0, 1e300]))[1].tolist() == [False] * 4
    hours, _ = CASES["hours"]()
    assert ranks(hours, np.array([1, 3_600_000]))[1].tolist() == [False, True]
    single, _ = CASES["single"]()
    assert ranks(single, np.array([0.1, 0.5]))[1].tolist() == [False, True]
