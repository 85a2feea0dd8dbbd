import datetime as dt
import os
import time
import warnings
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vaekit.errors import DataError, SchemaError
from vaekit.schema import Schema

RNG = np.random.default_rng(0)
N = 200


def kind_of(values, **options):
    table = pa.table({"x": values, "other": RNG.normal(size=len(values))})
    return Schema.infer(table, **options)["x"]


def refused(table, *args, error=DataError, **options):
    with pytest.raises(error) as caught:
        Schema.infer(table, *args, **options)
    return str(caught.value)


def test_arrow_types_decide_where_they_say_enough():
    day = dt.date(2024, 1, 1)
    assert kind_of([True, False, None] * 9).kind == "binary"
    assert kind_of([day, day + dt.timedelta(1)] * 9).kind == "datetime"
    assert kind_of(pa.array(range(30), pa.timestamp("s", "UTC"))).kind == "datetime"
    assert kind_of([Decimal(row * row) / 4 for row in range(1, 50)]).kind in ("real", "positive")
    assert kind_of(pa.array(RNG.integers(-99, 99, 50), pa.duration("s"))).kind == "real"
    assert kind_of(pa.array(["a", "b", "c"] * 9).dictionary_encode()).kind == "categorical"


def test_an_ordered_category_type_keeps_its_order():
    codes = pa.array([0, 1, 2, 0] * 9, pa.int8())
    levels = pa.DictionaryArray.from_arrays(codes, pa.array(["low", "mid", "high"]), ordered=True)
    column = kind_of(levels)
    assert (column.kind, column.levels) == ("ordinal", ("low", "mid", "high"))
    assert column.type == "dictionary<values=string, indices=int8, ordered=1>"


def test_nulls_never_change_a_kind():
    values = RNG.poisson(3, N).astype(object)
    full = kind_of(values.tolist()).kind
    values[RNG.random(N) < 0.5] = None
    assert kind_of(values.tolist()).kind == full == "count"


def test_constants_say_what_they_hold():
    column = kind_of(["a"] * 5)
    assert (column.kind, column.levels, column.reason) == ("constant", ("a",), "every cell is 'a'")
    column = kind_of(pa.nulls(5, pa.float64()))
    assert (column.kind, column.levels, column.reason) == ("constant", (), "every cell is null")
    assert kind_of([1.5, float("nan"), 1.5]).reason == "every cell is 1.5 or null (1 rows)"
    assert kind_of([dt.date(2024, 1, 1)] * 4).levels == ("2024-01-01",)


def test_overrides_win():
    table = pa.table({"n": [1, 2, 3, 4] * 9, "s": ["a", "b", "c", "d"] * 9})
    schema = Schema.infer(table, {"n": "real", "s": {"kind": "ordinal", "levels": ["a", "b", "c", "d"], "unit": "m"}})
    assert (schema["n"].kind, schema["n"].reason) == ("real", "declared real")
    assert (schema["s"].levels, schema["s"].unit) == (("a", "b", "c", "d"), "m")
    again = Schema.infer(table, schema)
    assert [(c.name, c.kind, c.levels) for c in again] == [(c.name, c.kind, c.levels) for c in schema]


def test_a_unit_alone_leaves_the_kind_inferred():
    column = kind_of([1, 2, 3] * 9, overrides={"x": {"unit": "km"}})
    assert (column.kind, column.unit) == ("count", "km")


def test_roles():
    table = pa.table({"a": [1.5, 2.5, 4.0] * 9, "b": [1, 2, 3] * 9, "y": [0, 1, 5] * 9, "z": [[1]] * 27})
    schema = Schema.infer(table, given=["b"], label="y", ignore=["z"])
    assert [column.name for column in schema.modelled] == ["a", "y"]
    assert [column.name for column in schema.given] == ["b"]
    assert [column.name for column in schema.set_aside] == ["z"]
    assert schema["y"].kind == "categorical", "a label is a class, whatever its numbers look like"
    assert schema.label == schema["y"]


def test_roles_of_unknown_columns_are_refused():
    table = pa.table({"age": [1.5, 2.5, 4.0]})
    message = refused(table, given=["Agee"], error=SchemaError)
    assert message == "given names column 'Agee', which the data do not have\nHint: did you mean 'age'?"
    message = refused(table, given=["age"], ignore=["age"], error=SchemaError)
    assert "column 'age' was declared both given and ignored" in message


def test_a_label_must_be_a_class():
    table = pa.table({"y": RNG.normal(size=50), "x": RNG.normal(size=50)})
    message = refused(table, label="y", error=SchemaError)
    assert "column 'y' is the label, but its kind is real" in message
    assert "Hint: choose a column of classes" in message


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_refused(value):
    message = refused(pa.table({"a": [1.0, 2.0, value, 3.0]}))
    assert f"column 'a', row 2 (counted from 0): {value} was given, a finite number was expected" in message
    assert "Hint: make infinite cells missing (null), or ignore the column" in message


def test_an_ignored_column_may_hold_anything():
    table = pa.table({"a": [1.0, 2.0, 4.5], "b": [1.0, np.inf, 2.0], "c": [[1], [2], [3]]})
    assert [column.name for column in Schema.infer(table, ignore=["b", "c"]).modelled] == ["a"]


def test_columns_named_by_numbers_as_in_pandas_are_found_by_number():
    table = pa.table({"0": [1.0, 2.0, 4.5], "1": ["a", "b", "a"], "2": [2.0, 1.0, 3.5]})
    schema = Schema.infer(table, {0: "positive"}, given=[2], label=1)
    assert [(column.kind, column.role) for column in schema] == [
        ("positive", "feature"),
        ("binary", "label"),
        ("real", "given"),
    ]
    assert "ignored names column '3', which the data do not have" in refused(table, ignore=[3], error=SchemaError)


def test_nested_columns_are_refused():
    message = refused(pa.table({"a": [1.0, 2.0], "c": [[1], [2]]}))
    assert "column 'c' holds list<" in message
    assert "expected numbers, text, categories, dates or true and false" in message
    assert "Hint: ignore the column (ignore=['c'])" in message


def test_duplicate_names_are_refused():
    table = pa.table([[1, 2], [3, 4]], names=["a", "a"])
    assert refused(table) == "column names must differ, but 'a' occur more than once\nHint: rename them"


def test_empty_data_are_refused():
    assert "the table is empty: 0 rows and 1 columns" in refused(pa.table({"a": pa.array([], pa.float64())}))
    assert "the table is empty: 0 rows and 0 columns" in refused(pa.table({}))


def test_one_row_is_refused():
    message = refused(pa.table({"a": [1.0], "b": ["x"]}))
    assert "one row was given" in message
    assert "expected at least two\nHint: give more rows" in message


def test_all_constant_data_are_refused():
    message = refused(pa.table({"a": [1.0] * 5, "b": ["x"] * 5}))
    assert "there is nothing to model: of 5 rows every column is set aside" in message
    assert "'a': every cell is 1.0; 'b': every cell is 'x'" in message
    assert "Hint: give a column that varies" in message


def test_an_all_missing_row_is_legal():
    table = pa.table({"a": [1.0, None, 4.5], "b": ["x", None, "y"]})
    assert [column.kind for column in Schema.infer(table).modelled] == ["binary", "binary"]


def test_text_round_trip():
    table = pa.table({"a": [1.5, 2.5, 4.0] * 9, "b": [True, False, None] * 9, "c": pa.array([0, 7, -2] * 9, pa.int8())})
    schema = Schema.infer(table, {"a": {"unit": "m"}})
    again = Schema.from_json(schema.to_json())
    assert again == schema
    assert again["b"].levels == (False, True)
    assert all(type(level) is bool for level in again["b"].levels)


def test_a_large_table_takes_about_a_second():
    rows = 100_000
    names = np.array([f"level {at}" for at in range(50)])
    columns = {f"r{at}": RNG.normal(size=rows) for at in range(20)} | {
        f"n{at}": RNG.poisson(5, rows) for at in range(15)
    }
    columns |= {f"s{at}": names[RNG.integers(0, 50, rows)] for at in range(15)}
    table = pa.table(columns)
    start = time.perf_counter()
    Schema.infer(table).conform(table)
    assert time.perf_counter() - start < 8, "about one second on an idle core"


SHARED = os.environ.get("VAEKIT_DATA")
EXPECTED = {
    "numeric": {"real", "positive", "mixed"},
    "integer": {"count", "ordinal", "positive", "real", "mixed", "constant"},
    "binary": {"binary", "constant"},
    "categorical": {"categorical", "ordinal", "count", "constant", "binary"},
    "datetime": {"datetime"},
    "id": {"identifier"},
}
DIFFERENTLY = {("bank_churn", "Surname"): "categorical", ("yeast", "erl"): "binary"}


@pytest.mark.skipif(not SHARED, reason="VAEKIT_DATA names no folder of real tables")
def test_real_tables_are_read_as_their_descriptions_say():
    import json

    wrong = []
    for entry in json.loads(Path(SHARED, "index.json").read_text()):
        if "kinds" not in entry:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            schema = Schema.infer(pq.read_table(Path(SHARED, entry["file"])))
        for column in schema:
            where = Path(entry["file"]).stem, column.name
            expected = {DIFFERENTLY[where]} if where in DIFFERENTLY else EXPECTED[entry["kinds"][column.name]]
            if column.kind not in expected:
                wrong.append((*where, entry["kinds"][column.name], column.kind, column.reason))
    assert not wrong
