"""A number comes back as what was written, one by one or many at once."""

import numpy as np
import pytest

from vaekit.codec.decimals import Decimals
from vaekit.codec.field import Field

NUMBERS = np.array([0.0, 1.0, -2.5, 11.99999999999999, 0.1 + 0.2, 1e-9, 123456.789, -1e15, 3e200, -7e-200, np.pi])
FIELDS = [
    Field("x", "real"),
    Field("x", "real", mean=1e6, std=3.0),
    Field("x", "real", mean=1e-7, std=1e-8),
    Field("x", "real", resolution=0.01),
    Field("x", "real", resolution=100.0),
    Field("x", "positive", transform="log"),
    Field("x", "positive", transform="log", mean=200.0, resolution=0.001),
]


@pytest.mark.parametrize("field", FIELDS)
def test_one_by_one_they_are_as_many_at_once(field):
    rounding = Decimals(field)
    assert rounding.all(NUMBERS).tolist() == [rounding.one(number) for number in NUMBERS.tolist()]


def test_declared_decimals_decide():
    assert Decimals(Field("x", "real", resolution=0.01)).all(NUMBERS)[2:6].tolist() == [-2.5, 12.0, 0.3, 0.0]
    assert Decimals(Field("x", "real", resolution=100.0)).one(123_456.789) == 123_500.0


def test_without_them_it_is_what_a_cell_keeps():
    rounding = Decimals(Field("x", "real"))
    assert rounding.all(NUMBERS)[[3, 4]].tolist() == [12.0, 0.3]
    assert rounding.one(np.pi) == 3.14159265358979
    assert (
        Decimals(Field("x", "real", mean=1e6)).one(0.1234567891234) == 0.12345679
    )  # beside a million a cell says no more
    assert Decimals(Field("x", "positive", transform="log")).one(1.23456789e-7) == 1.23456789e-7


def test_what_a_double_cannot_say_in_decimals_stays():
    assert Decimals(Field("x", "real", resolution=0.01)).one(3e200) == 3e200
