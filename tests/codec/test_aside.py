"""Columns that the model never sees."""

import pyarrow as pa
import pytest

from vaekit.codec.aside import Constant, Identifier, Ignored
from vaekit.errors import VaekitWarning
from vaekit.schema import Column, arrow_type


def identifier(type_name, values):
    array = pa.array(values, arrow_type(type_name))
    return Identifier.fit(Column(name="id", kind="identifier", type=type_name), array)


@pytest.mark.parametrize(
    ("type_name", "values", "expected"),
    [
        ("int64", [3, 17, None, 5], [18, 19]),
        ("double", [3.0, 4.0], [5.0, 6.0]),
        ("string", ["A-007", "A-012"], ["A-013", "A-014"]),
        ("large_string", ["u98", "u99"], ["u100", "u101"]),
        ("string_view", ["12", "3"], ["13", "14"]),
        ("string", ["7590-VHVEG", "5575-GNVDE"], ["new-000001", "new-000002"]),
        ("string", ["A1", "B2"], ["new-000001", "new-000002"]),
        ("string", ["new-000001", "x"], ["new-new-000001", "new-new-000002"]),
        ("dictionary<values=string, indices=int8, ordered=0>", ["r1", "r2"], ["r3", "r4"]),
    ],
)
def test_new_identifiers_go_on_after_the_old(type_name, values, expected):
    fresh = identifier(type_name, values).generate(2)
    assert fresh.type == arrow_type(type_name)
    assert fresh.to_pylist() == expected


def test_identifiers_are_unique_and_none_is_from_training():
    values = [f"{i:04x}" for i in range(500)]
    fresh = identifier("string", values).generate(2000).to_pylist()
    assert len(set(fresh) - set(values)) == 2000


@pytest.mark.parametrize("type_name", ["int8", "dictionary<values=string, indices=int8, ordered=0>"])
def test_what_the_type_cannot_hold_is_null_with_a_warning(type_name):
    codec = identifier(type_name, [100] if type_name == "int8" else ["a1"])
    with pytest.warns(VaekitWarning, match="column 'id': type .* holds .* new identifiers of 200"):
        fresh = codec.generate(200)
    room = 27 if type_name == "int8" else 127
    assert (len(fresh), fresh.null_count) == (200, 200 - room)


@pytest.mark.parametrize(
    ("type_name", "values", "value"),
    [("string", ["a", None, "a"], "a"), ("int8", [7], 7), ("null", [None], None), ("bool", [True], True)],
)
def test_a_constant_comes_back(type_name, values, value):
    codec = Constant.fit(Column(name="c", kind="constant", type=type_name), pa.array(values, arrow_type(type_name)))
    assert codec.generate(3).equals(pa.array([value] * 3, arrow_type(type_name)))


def test_an_ignored_column_is_null():
    assert Ignored(Column(name="i", kind="real", role="ignored", type="float")).generate(2).equals(pa.nulls(2, "float"))
