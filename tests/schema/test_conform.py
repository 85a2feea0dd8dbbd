import datetime as dt
import warnings

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError, VaekitWarning
from vaekit.schema import Column, Schema
from vaekit.schema.conform import conform_column

FITTED = pa.table({"age": pa.array([31, 44, 27], pa.int8()), "city": ["Rome", "Oslo", "Bonn"], "x": [0.5, 1.5, 4.0]})
SCHEMA = Schema.infer(FITTED)
DICTIONARY = "dictionary<values=string, indices=int8, ordered=0>"


def column(kind, fitted, **options):
    return Column(name="x", kind=kind, type=fitted, **options)


def refused(table):
    with pytest.raises(DataError) as caught:
        SCHEMA.conform(table)
    return str(caught.value)


def test_the_order_of_columns_does_not_matter():
    assert SCHEMA.conform(FITTED.select(["x", "city", "age"])).equals(FITTED)


def test_an_absent_column_is_refused_with_the_nearest_name():
    message = refused(FITTED.rename_columns(["Age", "city", "x"]))
    assert message.startswith("column 'age' is absent; the fitted columns 'age', 'city', 'x' were expected")
    assert message.endswith("'Age', 'city', 'x' were given\nHint: did you mean 'Age'?")
    message = refused(FITTED.select(["x"]))
    assert message.startswith("columns 'age', 'city' are absent")
    assert "Hint: where a value is unknown, keep the column and leave its cells empty (null)" in message


@pytest.mark.parametrize("names", [("speed", "heat"), ("x0", "x1")])
def test_rows_of_other_data_are_refused_as_such(names):
    assert refused(pa.table({name: [1.0] for name in names})).endswith(
        "Hint: these rows are of other data than the model was fitted on: give its columns, or another model"
    )


def test_absent_columns_become_null_where_that_is_asked_for():
    given = SCHEMA.conform(pa.table({"city": ["Oslo"]}), partial=True)
    assert given.to_pylist() == [{"age": None, "city": "Oslo", "x": None}]
    assert given.schema.equals(FITTED.schema)


def test_extra_columns_are_ignored_with_one_warning():
    extra = FITTED.append_column("a", [[1, 2, 3]]).append_column("b", [[1, 2, 3]])
    with pytest.warns(VaekitWarning) as caught:
        assert SCHEMA.conform(extra).equals(FITTED)
    assert [str(warning.message) for warning in caught] == ["columns 'a', 'b' ignored: the model was fitted without"]


def test_what_the_model_never_sees_need_not_be_there():
    rows = pa.table(
        {"id": [f"u{row}" for row in range(30)], "one": [1] * 30, "x": np.arange(30) ** 1.5, "y": [0, 1, 2] * 10}
    )
    schema = Schema.infer(rows, label="y")
    bare = schema.conform(rows.select(["x"]))
    assert bare.column_names == rows.column_names
    assert bare.column("id").null_count == bare.column("y").null_count == 30
    odd = rows.set_column(1, "one", [["nonsense"] * 30])
    assert schema.conform(odd).column("one").null_count == 30


def test_null_cells_are_legal_everywhere():
    empty = pa.table({name: pa.nulls(2) for name in SCHEMA.names})
    assert SCHEMA.conform(empty).schema.equals(FITTED.schema)


EMPTY = [
    pa.null(), pa.bool_(), pa.int64(), pa.float64(), pa.decimal128(9, 2), pa.string(), pa.dictionary(pa.int8(), pa.string()),
    pa.date32(), pa.timestamp("ns"), pa.timestamp("us", "UTC"), pa.duration("ns"), pa.time64("us"),
]  # fmt: skip


@pytest.mark.parametrize("given", EMPTY, ids=str)
@pytest.mark.parametrize(
    "fitted",
    [
        column("datetime", "timestamp[ns]"), column("datetime", "timestamp[us, tz=UTC]"), column("datetime", "date32[day]"),
        column("datetime", "string", format="%d.%m.%Y"), column("real", "double"), column("real", "decimal128(9, 2)"),
        column("count", "int8"), column("real", "duration[ns]"), column("real", "time64[us]"), column("binary", "bool"),
        column("categorical", "string"), column("categorical", DICTIONARY),
    ],
    ids=lambda fitted: f"{fitted.kind}-{fitted.type}",
)  # fmt: skip
def test_a_column_without_a_value_is_legal_whatever_its_type(fitted, given):
    for rows in (0, 2):
        empty = conform_column(fitted, pa.chunked_array([pa.nulls(rows, given)]))
        assert (len(empty), empty.null_count, str(empty.type)) == (rows, rows, fitted.type)


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint16(), pa.float32(), pa.float64(), pa.decimal128(9, 2)])
def test_any_numeric_type_that_holds_the_values_is_accepted(kind):
    numbers = pa.chunked_array([pa.array([1.0, 2.0, None]).cast(kind)])
    for fitted in ("int8", "int64", "float", "double", "decimal128(9, 2)"):
        assert conform_column(column("real", fitted), numbers).cast(pa.int64()).to_pylist() == [1, 2, None]


@pytest.mark.parametrize(
    ("fitted", "given", "expected"),
    [
        (column("count", "int64"), ["7", " 8", None], [7, 8, None]),
        (column("real", "double"), ["7.5", "-1e3"], [7.5, -1000.0]),
        (column("count", "int8"), [True, False], [1, 0]),
        (column("count", "int8"), [300], [300]),
        (column("binary", "bool"), [1, 0, None], [True, False, None]),
        (column("binary", "bool"), ["True", "false"], [True, False]),
        (column("categorical", "string"), [401.0, None], ["401", None]),
        (column("categorical", DICTIONARY), ["new", "a"], ["new", "a"]),
        (column("datetime", "date32[day]"), ["2024-12-31"], [dt.date(2024, 12, 31)]),
        (column("datetime", "date32[day]"), [dt.datetime(2024, 12, 31, 5)], [dt.date(2024, 12, 31)]),
        (column("datetime", "timestamp[s]"), ["2024-12-31 05:00", "2024-12-31T05:00:01"], None),
        (column("datetime", "timestamp[s]"), [dt.date(2024, 12, 31)], [dt.datetime(2024, 12, 31)]),
        (column("datetime", "string", format="%d.%m.%Y"), [dt.date(2024, 12, 31)], ["31.12.2024"]),
        (column("real", "double"), [float("nan")], [None]),
        (column("real", "duration[us]"), ["00:10:00", "600", None], [dt.timedelta(minutes=10)] * 2 + [None]),
        (column("real", "duration[us]"), [600, 0], [dt.timedelta(minutes=10), dt.timedelta(0)]),
        (column("real", "duration[us]"), [dt.time(0, 10)], [dt.timedelta(minutes=10)]),
        (column("real", "duration[us]"), [dt.timedelta(minutes=10)], [dt.timedelta(minutes=10)]),
        (column("real", "time64[us]"), ["03:00:00", "3:00", None], [dt.time(3), dt.time(3), None]),
        (column("real", "time32[s]"), [dt.time(3, 0, 0, 5)], [dt.time(3)]),
    ],
)
def test_the_same_values_in_another_type_are_accepted(fitted, given, expected):
    conformed = conform_column(fitted, pa.chunked_array([pa.array(given)]))
    assert conformed.to_pylist() == expected or expected is None
    assert conformed.type == pa.int64() or str(conformed.type) == fitted.type


@pytest.mark.parametrize(
    ("fitted", "given", "says"),
    [
        (
            column("real", "double"),
            ["1", "abc"],
            "row 1 (counted from 0): 'abc' was given (text), numbers (double) exp",
        ),
        (
            column("real", "double"),
            [dt.date(2024, 1, 2)],
            "row 0 (counted from 0): '2024-01-02' was given (dates), numb",
        ),
        (
            column("count", "int8"),
            [1.0, None, 2.5],
            "row 2 (counted from 0): 2.5 was given (numbers (double)), whole n",
        ),
        (column("count", "double"), [1.0, 2.5], "row 1 (counted from 0): 2.5 was given (numbers (double)), whole numb"),
        (
            column("real", "double"),
            [1.0, np.inf],
            "row 1 (counted from 0): inf was given, a finite number was expected",
        ),
        (column("binary", "bool"), ["yes"], "row 0 (counted from 0): 'yes' was given (text), true or false expected"),
        (
            column("binary", "bool"),
            [0, 2],
            "row 1 (counted from 0): 2 was given (whole numbers (int64)), true or false",
        ),
        (column("categorical", "string"), [None, True], "row 1 (counted from 0): True was given (bool), text expected"),
        (column("datetime", "date32[day]"), ["2024-01-02", "03/05/2024"], "row 1 (counted from 0): '03/05/2024' was g"),
        (column("datetime", "date32[day]"), ["03/05/2024"], "a date like '2024-12-31' (%Y-%m-%d) expected"),
        (column("datetime", "timestamp[s]"), [5], "row 0 (counted from 0): 5 was given (whole numbers (int64)), dates"),
        (
            column("datetime", "timestamp[s]"),
            pa.array([5], pa.timestamp("s", "UTC")),
            "dates with times without a zone",
        ),
        (
            column("datetime", "timestamp[s, tz=UTC]"),
            pa.array([5], pa.timestamp("s")),
            "dates with times in a zone exp",
        ),
        (
            column("datetime", "string", format="%d.%m.%Y"),
            ["2024-01-02"],
            "a date like '31.12.2024' (%d.%m.%Y) expected",
        ),
        (column("real", "decimal128(4, 2)"), [1.5, 300.0], "row 1 (counted from 0): 300.0 was given"),
        (
            column("real", "duration[s]"),
            ["5", "soon"],
            "'soon' was given (text), a duration like '02:44:49' or '3 days",
        ),
        (column("real", "duration[s]"), [True], "True was given (bool), a duration like"),
        (column("real", "duration[ns]"), [1e300], "1e+300 was given (numbers (double)), a duration like"),
        (
            column("real", "time64[us]"),
            [None, "24:00"],
            "row 1 (counted from 0): '24:00' was given (text), a time of day",
        ),
        (column("real", "time64[us]"), [600], "600 was given (whole numbers (int64)), a time of day like '21:53:02'"),
        (column("real", "double"), [dt.time(3)], "'03:00:00' was given (times of day (time64[us])), numbers (double)"),
    ],
)
def test_a_wrong_cell_is_named(fitted, given, says):
    with pytest.raises(DataError) as caught:
        conform_column(fitted, pa.chunked_array([pa.array(given)]))
    message = str(caught.value)
    assert message.startswith("column 'x', row ")
    assert says in message
    assert "\nHint: " in message


def test_more_new_levels_than_a_narrow_index_can_number():
    conformed = conform_column(
        column("categorical", DICTIONARY), pa.chunked_array([[f"level {at}" for at in range(300)]])
    )
    assert conformed.to_pylist()[-1] == "level 299"


def test_conforming_the_fitted_table_changes_nothing_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SCHEMA.conform(SCHEMA.conform(FITTED)).equals(FITTED)


def test_duplicate_names_are_refused():
    assert "'x' occur more than once" in refused(pa.table([[1.0], [2.0]], names=["x", "x"]))


@pytest.mark.parametrize(("fitted", "given"), [
    ("timestamp[us]", "0000-01-01"), ("date32[day]", "0000-02-03"), ("timestamp[ms, tz=UTC]", "9999-12-31T23:00:00Z"),
])  # fmt: skip
def test_moments_lie_in_years_that_calendars_have(fitted, given):
    with pytest.raises(DataError, match="the years"):
        conform_column(column("datetime", fitted), pa.chunked_array([["2026-01-01" + given[10:], given]]))
