"""Whole tables to cells and back."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from vaekit.codec import Codec, fit
from vaekit.errors import ArtifactError
from vaekit.schema import Column, Schema

TABLE = pa.table(
    {
        "id": pa.array(range(6)),
        "sex": pa.array(["f", "m", None, "f", "m", "f"]),
        "note": pa.array(list("abcdef")),
        "town": pa.array(["x", "y", "x", "x", "y", "z"]),
        "age": pa.array([31, 44, 27, None, 60, 19], pa.int8()),
        "version": pa.array([2] * 6, pa.int16()),
    }
)
SCHEMA = Schema(
    columns=(
        Column(name="id", kind="identifier"),
        Column(name="sex", kind="binary", role="given", type="string"),
        Column(name="note", kind="categorical", role="ignored", type="string"),
        Column(name="town", kind="categorical", type="string"),
        Column(name="age", kind="count", type="int8", decimals=0),
        Column(name="version", kind="constant", type="int16", levels=(2,)),
    )
)


@pytest.fixture(scope="module")
def codec():
    return fit(TABLE, SCHEMA)


def test_modelled_cells_come_before_given_ones(codec):
    cells, observed = codec.encode(TABLE)
    assert codec.names == ("town", "age", "sex")
    assert codec.modelled == 2
    assert [field.name for field in codec.fields] == list(codec.names)
    assert cells.shape == observed.shape == (6, 3)
    assert observed.sum(0).tolist() == [6, 5, 5]


def test_decoding_restores_columns_in_their_order(codec):
    back = codec.decode(*codec.encode(TABLE))
    assert back.schema == TABLE.schema
    assert back.select(["sex", "town", "age", "version"]) == TABLE.select(["sex", "town", "age", "version"])
    assert back["id"].to_pylist() == [6, 7, 8, 9, 10, 11]
    assert back["note"].null_count == 6


def test_given_columns_may_be_left_out_of_the_cells(codec):
    cells, observed = codec.encode(TABLE)
    back = codec.decode(cells[:, :2], observed[:, :2])
    assert back["sex"].null_count == 6
    assert back["age"] == TABLE["age"]


def test_all_missing_rows_are_legal(codec):
    nothing = codec.decode(np.zeros((2, 3)), np.zeros((2, 3), bool))
    cells, observed = codec.encode(nothing)
    assert not observed.any()
    assert not cells.any()


def test_no_rows_are_legal(codec):
    cells, observed = codec.encode(TABLE.slice(0, 0))
    assert codec.decode(cells, observed).equals(TABLE.slice(0, 0))


def test_chunks_do_not_matter(codec):
    parts = pa.concat_tables([TABLE.slice(0, 2), TABLE.slice(2)])
    assert np.array_equal(codec.encode(parts)[0], codec.encode(TABLE)[0])


def test_log_jacobian_has_one_number_per_cell(codec):
    assert codec.log_jacobian(codec.encode(TABLE)[0]).shape == (6, 3)


def test_columns_draw_their_rare_levels_apart_and_repeatably():
    names = pa.array(["often"] * 300 + ["p", "q", "r", "s"])
    columns = (Column(name=name, kind="categorical", type="string") for name in ("one", "two"))
    codec = fit(pa.table({"one": names, "two": names}), Schema(columns=tuple(columns)))
    back = codec.decode(np.ones((200, 2)), seed=5)
    assert back == codec.decode(np.ones((200, 2)), seed=5)
    assert back != codec.decode(np.ones((200, 2)), seed=6)
    assert 0.1 < np.mean(np.array(back["one"]) == np.array(back["two"])) < 0.4


@pytest.mark.parametrize("harm", ["columns", "arrays", "kind"])
def test_a_damaged_state_is_refused(codec, harm):
    plain, arrays = codec.state()
    plain = json.loads(json.dumps(plain))
    if harm == "columns":
        plain["columns"].pop()
    elif harm == "arrays":
        arrays = {name: array for name, array in arrays.items() if not name.endswith("quantiles")}
    else:
        plain["schema"]["columns"][4]["kind"] = "colour"
    with pytest.raises(ArtifactError, match="state"):
        Codec.from_state(plain, arrays)


def _shared():
    root = os.environ.get("VAEKIT_DATA")
    names = ["tabular", "imputation", "anomaly"]
    return sorted(path for name in names for path in (Path(root) / name).glob("*.parquet")) if root else []


@pytest.mark.skipif(not os.environ.get("VAEKIT_DATA"), reason="VAEKIT_DATA is not set: no shared tables")
@pytest.mark.parametrize("path", _shared(), ids=lambda path: path.stem)
def test_real_tables_come_back(path):
    table = pq.read_table(path).replace_schema_metadata(None)
    schema = Schema.infer(table)
    codec = fit(table, schema)
    cells, observed = codec.encode(table)
    back = codec.decode(cells, observed)
    assert back.schema == table.schema
    assert np.isfinite(cells).all()
    for column, field in zip(codec.columns, codec.fields, strict=True):
        _assert_same(field, table[column.name].combine_chunks(), back[column.name].combine_chunks())


def _assert_same(field, array, back):
    assert back.is_null().equals(pc.is_null(array, nan_is_null=True)), field.name
    if pa.types.is_floating(array.type) and not field.resolution and not field.levels:
        one, other = np.asarray(array.drop_null(), float), np.asarray(back.drop_null(), float)
        size = max(field.std, abs(field.mean)) if field.transform == "linear" else 0
        assert np.allclose(one, other, rtol=1e-12, atol=1e-12 * size), field.name
    else:
        same = pc.sum(pc.equal(array, back)).as_py() or 0
        rare = round(field.shares[-1] * field.rows) if field.kind == "categorical" else 0
        assert same >= len(array) - array.null_count - rare, field.name
