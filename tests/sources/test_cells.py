import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.sources.cells import column, without_nan

DAY = dt.date(2024, 1, 2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 2], pa.int64()),
        ([1, 2.5, float("nan")], pa.float64()),
        ([np.int8(1), 2, np.float32(0.5)], pa.float64()),
        ([Decimal("1.5"), 2], pa.float64()),
        (["a", None, pd.NA, float("nan")], pa.string()),
        ([True, None, False], pa.bool_()),
        ([DAY, None], pa.date32()),
        ([DAY, dt.datetime(2024, 1, 2, 3), pd.NaT], pa.timestamp("us")),
        ([None, None], pa.null()),
    ],
    ids=str,
)
def test_objects_of_one_family_make_a_column(values, kind):
    made = column("x", values)
    assert made.type == kind
    assert len(made) == len(values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([None, 1, "x"], "row 1 (counted from 0) holds 1, a number, row 2 holds 'x', text; one type was expected"),
        (["x", 2.5], "row 0 (counted from 0) holds 'x', text, row 1 holds 2.5, a number"),
        ([1, True], "row 0 (counted from 0) holds 1, a number, row 1 holds True, true or false"),
        (
            [DAY, "2024-01-02"],
            "row 0 (counted from 0) holds datetime.date(2024, 1, 2), a date, row 1 holds '2024-01-02'",
        ),
        (["x", b"x"], "row 1 holds b'x', a bytes"),
    ],
)
def test_mixed_types_are_refused_with_two_rows(values, says):
    with pytest.raises(DataError) as caught:
        column("x", values)
    message = str(caught.value)
    assert message.startswith("column 'x' mixes types: ")
    assert says in message
    assert "\nHint: turn the column into one type" in message


def test_objects_that_no_column_holds_are_refused():
    with pytest.raises(
        DataError, match=r"column 'x': values such as .* \(row 1, counted from 0, a complex\) were given"
    ):
        column("x", [None, 1j])
    with pytest.raises(DataError, match="given; expected numbers, text"):
        column("x", [2**80])


def test_not_a_number_is_null():
    table = pa.table({"a": [1.0, float("nan")], "b": [1.0, 2.0], "c": ["x", None]})
    assert without_nan(table).to_pydict() == {"a": [1.0, None], "b": [1.0, 2.0], "c": ["x", None]}
