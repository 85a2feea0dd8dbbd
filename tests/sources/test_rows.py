import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from vaekit.errors import DataError
from vaekit.sources import give_back, read


def refused(data):
    with pytest.raises(DataError) as caught:
        read(data)
    return str(caught.value)


def test_one_row_comes_back_as_one_row():
    row = {"age": 31, "city": None, "x": 1.5}
    assert give_back(read(row).arrow, read(row)) == row


def test_rows_come_back_as_rows():
    rows = [{"age": 31, "city": "Rome"}, {"age": None, "city": "Oslo"}]
    assert give_back(read(rows).arrow, read(rows)) == rows
    assert give_back(read(rows[:1]).arrow, read(rows[:1])) == rows[:1]


def test_a_key_that_a_row_lacks_is_null():
    assert read([{"a": 1}, {"b": "x"}]).arrow.to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_a_dict_of_columns():
    table = read({"a": [1, 2], "b": np.array([0.5, np.nan])})
    assert table.flavour == "arrow"
    assert table.arrow.to_pydict() == {"a": [1, 2], "b": [0.5, None]}


def test_half_a_row_half_columns_is_refused():
    message = refused({"a": [1, 2], "b": 3})
    assert message.startswith(
        "column 'b' holds the single value 3, while column 'a' holds a list\nHint: give one value"
    )


def test_columns_of_different_lengths_are_refused():
    assert "the columns differ in length: 'b' has 1 values, 'a' has 2\nHint:" in refused({"a": [1, 2], "b": [3]})


def test_mixed_types_are_refused():
    assert "column 'a' mixes types: row 0 (counted from 0) holds 1" in refused([{"a": 1}, {"a": "x"}])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "an empty list was given, rows or paths were expected\nHint: give at least one"),
        ({}, "the data are empty: 0 rows and 0 columns"),
        (3, "data of type builtins.int were given\nHint: give a pandas, polars or Arrow table"),
        (None, "data of type builtins.NoneType were given"),
        ([1, 2], "data of type builtins.list were given"),
        ([[1.0, 2.0]], "or rows as dicts; numpy.array(data) makes an array of lists"),
    ],
)
def test_what_is_no_table_is_refused(data, says):
    assert says in refused(data)


@pytest.mark.parametrize(
    "values",
    [pd.Series([1, 2]), pd.Series([1, None], dtype="Int64"), pl.Series([1, 2]), torch.tensor([1, 2]), np.array([1, 2])],
    ids=["pandas", "gap", "polars", "torch", "numpy"],
)
def test_columns_may_be_series_and_tensors(values):
    arrow = read({"a": values, "b": ["x", "y"]}).arrow
    assert arrow.column_names == ["a", "b"] and arrow["a"][0].as_py() == 1 and arrow.num_rows == 2


@pytest.mark.parametrize("data", [{1: [1, 2], "1": [3, 4]}, [{1: 1, "1": 2}]])
def test_names_that_are_one_as_text_are_refused(data):
    assert "column names must differ, but '1' occur" in refused(data)


def test_a_long_value_is_told_in_short():
    assert len(refused({"a": [1, 2], "b": "word " * 1000})) < 300
