import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.schema import Schema
from vaekit.sources import Table, give_back, read

N = 60
RNG = np.random.default_rng(0)
LETTERS = RNG.choice(list("abc"), N)

PANDAS = pd.DataFrame(
    {
        "float64": RNG.normal(size=N),
        "gaps": np.where(RNG.random(N) < 0.5, np.nan, 1.5 + np.arange(N)),
        "float32": RNG.normal(size=N).astype("float32"),
        "int8": RNG.integers(0, 9, N).astype("int8"),
        "Int64": pd.array([1, None] + [3] * (N - 2), dtype="Int64"),
        "Float32": pd.array([1.5, None] + [3.5] * (N - 2), dtype="Float32"),
        "bool": RNG.random(N) > 0.5,
        "boolean": pd.array([True, None] + [False] * (N - 2), dtype="boolean"),
        "category": pd.Categorical(LETTERS, categories=list("abcd")),
        "numbers as category": pd.Categorical(RNG.choice([3, 1], N), categories=[3, 1, 2]),
        "ordered": pd.Categorical(LETTERS, categories=list("cab"), ordered=True),
        "str": LETTERS,
        "object": np.array(LETTERS.tolist(), dtype=object),
        "string": pd.array(LETTERS, dtype="string"),
        "datetime64[us]": pd.date_range("2020", periods=N),
        "datetime64[s]": pd.date_range("2020", periods=N).astype("datetime64[s]"),
        "datetime64[ns]": pd.date_range("2020", periods=N).astype("datetime64[ns]"),
        "zone": pd.date_range("2020", periods=N, tz="Europe/Berlin"),
        "timedelta": pd.to_timedelta(RNG.integers(0, 1000, N), unit="s"),
        "arrow": pd.array(RNG.integers(0, 9, N), dtype="int64[pyarrow]"),
        7: RNG.normal(size=N),
    },
    index=pd.Index(np.arange(N) + 100, name="row"),
)
POLARS = pl.DataFrame(
    {
        "float": RNG.normal(size=N),
        "int8": pl.Series(RNG.integers(-3, 9, N), dtype=pl.Int8),
        "str": LETTERS,
        "bool": RNG.random(N) > 0.5,
        "categorical": pl.Series(LETTERS, dtype=pl.Categorical),
        "enum": pl.Series(LETTERS, dtype=pl.Enum(["c", "b", "a", "d"])),
        "date": pl.Series([dt.date(2020, 1, 1) + dt.timedelta(days=row) for row in range(N)]),
        "zone": pl.Series([dt.datetime(2020, 1, 1) + dt.timedelta(hours=row) for row in range(N)]).dt.replace_time_zone(
            "UTC"
        ),
        "ms": pl.Series([dt.datetime(2020, 1, 1 + row % 28) for row in range(N)], dtype=pl.Datetime("ms")),
        "decimal": pl.Series([str(row / 4) for row in range(N)]).cast(pl.Decimal(10, 2)),
        "time": pl.Series([dt.time(row % 24) for row in range(N)]),
    }
)


def refused(data, **options):
    with pytest.raises(DataError) as caught:
        read(data, **options)
    return str(caught.value)


def test_pandas_comes_back_as_it_was():
    table = read(PANDAS)
    assert table.flavour == "pandas"
    conformed = Schema.infer(table.arrow).conform(table.arrow)
    pd.testing.assert_frame_equal(give_back(conformed, table), PANDAS)


def test_what_is_kept_of_pandas_survives_as_json():
    table = read(PANDAS)
    stored = Table(pa.table({}), "pandas", json.loads(json.dumps(table.native)))
    back = give_back(table.arrow, stored)
    pd.testing.assert_frame_equal(back, PANDAS.reset_index(drop=True))


def test_the_index_is_carried_to_answers_of_as_many_rows():
    table = read(PANDAS)
    answer = pa.table({"row": range(N), "score": RNG.normal(size=N)})
    assert give_back(answer, table).index.equals(PANDAS.index)
    assert give_back(answer.slice(0, 3), table).index.tolist() == [0, 1, 2]


def test_nulls_in_columns_without_room_for_them_follow_pandas():
    table = read(pd.DataFrame({"n": [1, 2, 3], "b": [True, False, True]}))
    back = give_back(pa.table({"n": [1, None, 3], "b": [True, None, False]}), table)
    assert back["n"].isna().tolist() == back["b"].isna().tolist() == [False, True, False]


def test_a_level_outside_a_closed_category_becomes_missing():
    table = read(pd.DataFrame({"c": pd.Categorical(["a", "b"])}))
    assert give_back(pa.table({"c": ["a", "z"]}), table)["c"].isna().tolist() == [False, True]


def test_polars_comes_back_as_it_was():
    table = read(POLARS)
    assert table.flavour == "polars"
    conformed = Schema.infer(table.arrow).conform(table.arrow)
    back = give_back(conformed, table)
    assert back.schema == POLARS.schema
    assert back.equals(POLARS)
    assert read(POLARS.lazy()).arrow.equals(table.arrow)


def test_an_enum_is_closed_rather_than_graded():
    assert Schema.infer(read(POLARS).arrow)["enum"].kind == "categorical"


def test_polars_objects_are_looked_into():
    frame = pl.DataFrame({"a": pl.Series([1, None, 3], dtype=pl.Object)})
    assert read(frame).arrow.column("a").to_pylist() == [1, None, 3]
    frame = pl.DataFrame({"a": pl.Series([1, "x"], dtype=pl.Object)})
    assert "column 'a' mixes types: row 0" in refused(frame)


def test_arrow_comes_back_as_it_was():
    arrow = pa.table({"a": [1.0, 2.0], "b": pa.array(["x", "y"]).dictionary_encode()})
    assert give_back(read(arrow).arrow, read(arrow)).equals(arrow)
    assert read(arrow.to_batches()[0]).arrow.equals(arrow)


def test_not_a_number_is_missing_from_every_source():
    nan = float("nan")
    for data in (pd.DataFrame({"a": [1.0, nan]}), pl.DataFrame({"a": [1.0, nan]}), pa.table({"a": [1.0, nan]})):
        assert read(data).arrow.column("a").null_count == 1


def test_mixed_types_are_refused():
    message = refused(pd.DataFrame({"a": [1, "x"]}))
    assert "column 'a' mixes types: row 0 (counted from 0) holds 1, a number, row 1 holds 'x', text" in message


def test_duplicate_names_are_refused():
    says = "column names must differ, but 'a' occur more than once among 2 columns\nHint: rename or drop one of them"
    assert refused(pd.DataFrame(np.zeros((2, 2)), columns=["a", "a"])) == says
    assert refused(pa.table([[1], [2]], names=["a", "a"])) == says


def test_levels_of_names_are_refused():
    frame = pd.DataFrame(np.zeros((2, 2)), columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert "the columns have 2 levels, one level of names was expected\nHint: flatten them" in refused(frame)


@pytest.mark.parametrize("empty", [PANDAS[:0], POLARS[:0], pa.table({"a": pa.array([], pa.int8())}), pd.DataFrame()])
def test_empty_data_are_refused(empty):
    message = refused(empty)
    assert message.startswith("the data are empty: 0 rows and ")
    assert "Hint: at least one row and one column are needed" in message


def test_a_series_is_no_table():
    for series in (PANDAS["str"], POLARS["str"]):
        assert "one column (a series) was given, a table was expected\nHint: series.to_frame()" in refused(series)


def test_periods_and_intervals_say_which_column():
    frame = pd.DataFrame({"p": pd.period_range("2020", periods=3, freq="M"), "x": [1.0, 2.0, 4.0]})
    with pytest.raises(DataError, match="column 'p'"):
        Schema.infer(read(frame).arrow)


def test_labels_that_are_numbers_come_back_as_numbers():
    frame = pd.DataFrame([[1, 2, 3]], columns=[0.5, 7, "a"])
    back = give_back(read(frame).arrow, read(frame))
    assert back.columns.tolist() == [0.5, 7, "a"]
