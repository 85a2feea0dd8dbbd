import datetime as dt

import pyarrow as pa
import pytest

from vaekit.errors import SchemaError
from vaekit.schema import Schema

TABLE = pa.table(
    {
        "n": [1.0, -2.0, 3.5, None],
        "s": ["a", "b", "c", "a"],
        "d": ["01.02.2024", "02.02.2024", "03.02.2024", "x"],
        "t": [dt.date(2024, 1, day) for day in range(1, 5)],
    }
)


def infer(option, name):
    return Schema.infer(TABLE.select([name, "n"] if name != "n" else [name, "s"]), {name: option})[name]


@pytest.mark.parametrize(
    ("name", "option", "says"),
    [
        ("n", "positive", "column 'n' was declared positive, but row 1 (counted from 0) holds -2.0; expected a number"),
        ("n", "count", "row 1 (counted from 0) holds -2.0; expected a whole number from 0"),
        ("n", "binary", "column 'n' was declared binary, but has 3 levels"),
        ("n", "constant", "row 1 (counted from 0) holds -2.0; expected 1.0 as in the rows before"),
        ("n", "datetime", "column 'n' was declared datetime, but holds numbers (double); expected dates or text"),
        ("s", "real", "column 's' was declared real, but row 0 (counted from 0) holds 'a'; expected a number"),
        ("s", "ordinal", "column 's' was declared ordinal, but text has no order of its own\nHint: name the levels"),
        (
            "s",
            {"kind": "ordinal", "levels": ["a", "b"]},
            "row 2 (counted from 0) holds 'c'; expected one of the levels",
        ),
        (
            "s",
            "datetime",
            "column 's' was declared datetime, but row 0 (counted from 0) holds 'a'\nHint: name the format",
        ),
        ("d", {"format": "%d.%m.%Y"}, "row 3 (counted from 0) holds 'x'; expected a date like '31.12.2024' (%d.%m.%Y)"),
        ("t", "real", "column 't' was declared real, but holds dates; expected numbers"),
    ],
)
def test_a_declaration_that_the_cells_contradict_is_refused(name, option, says):
    with pytest.raises(SchemaError) as caught:
        infer(option, name)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"N": "real"}, "schema names column 'N', which the data do not have\nHint: did you mean 'n'?"),
        ({"zzz": "real"}, "Hint: the columns are 'n', 's', 'd', 't'"),
        ({"n": "reel"}, "kind 'reel' was given, expected one of real, positive"),
        ({"n": {"knd": "real"}}, "schema of column 'n': option 'knd' was given"),
        ({"n": {"kind": "real", "role": "lable"}}, "did you mean 'label'?"),
        ({"n": 3}, "schema of column 'n': 3 was given, expected a kind or a dict of options"),
        ({"n": {"levels": 3}}, "schema of column 'n': levels = 3 was given"),
        ({"n": {"unseen": "drop"}}, "expected one of other, error"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(overrides, says):
    with pytest.raises(SchemaError) as caught:
        Schema.infer(TABLE, overrides)
    assert says in str(caught.value)


def test_what_is_declared_is_completed():
    mixed = Schema.infer(pa.table({"n": [0.0, 0.0, 1.5, 2.5]}), {"n": "mixed"})["n"]
    assert (mixed.spikes, mixed.decimals) == ((0.0,), 1)
    assert infer({"spikes": [3.5]}, "n").spikes == (3.5,)
    assert infer({"levels": ["c", "b", "a"]}, "s").kind == "categorical"
    assert infer("categorical", "d").kind == "categorical", "a declared kind silences the complaint about dates"
    assert infer("identifier", "s").kind == "identifier"
    assert infer({"kind": "categorical", "unseen": "error"}, "s").unseen == "error"


def test_numbers_in_text_can_be_declared():
    column = Schema.infer(pa.table({"n": ["1", "2.5", None]}), {"n": "real"})["n"]
    assert (column.kind, column.type, column.decimals) == ("real", "string", 1)
