"""Rows of a JSON body: what each column takes, and what becomes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

import vaekit
from vaekit.schema.tensors import ndarray_of
from vaekit.serve.rows import columns_of, example, given_model, row_model, sent

QUICK = {"epochs": 1, "prior_epochs": 1}


@pytest.fixture(scope="module")
def pictures() -> Any:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 4, 4)).astype("uint8")
    return vaekit.fit(vaekit.images(pixels, columns={"digit": np.arange(60) % 3}), train=QUICK, latent=2)


def _table(model: Any, *rows: dict[str, Any]) -> pa.Table:
    of = row_model(model, "m")
    return sent([of.model_validate(row) for row in rows]).table_for(model)


def test_types_of_columns_do_not_depend_on_values(model_file: Any) -> None:
    model = vaekit.load(model_file)
    whole = _table(model, {"size in cm": 51, "price": None, "city": None})
    parts = _table(model, {"size in cm": 0.5, "price": 2, "city": "Bern"})
    assert whole.schema == parts.schema and pa.concat_tables([whole, parts])["price"].to_pylist() == [None, 2.0]


def test_what_the_model_never_sees_may_be_absent(pictures: Any) -> None:
    rows = vaekit.fit(
        {"x": np.sin(np.arange(90.0)), "y": ["a", "b", "c"] * 30, "same": [1] * 90}, label="y", train=QUICK, latent=2
    )
    assert _table(rows, {"x": 1.5}).to_pylist() == [{"x": 1.5, "y": None, "same": None}]
    with pytest.raises(ValidationError, match="x"):
        _table(rows, {"y": "a"})
    with pytest.raises(ValidationError):  # no image conditions new rows
        given_model(pictures, "m").model_validate({"image": [[0] * 4] * 4})


def test_images_are_arrays_of_pixels_however_they_are_nested(pictures: Any) -> None:
    flat = list(range(16))
    square = np.arange(16).reshape(4, 4).tolist()
    table = _table(pictures, *({"image": each, "digit": 1} for each in (flat, square, None)))
    pixels, missing = ndarray_of(table["image"])
    assert (pixels[0] == pixels[1]).all() and missing.tolist() == [False, False, True]


@pytest.mark.parametrize(("image", "told"), [
    ([[0] * 4] * 3, "12 pixels"), ([[256] * 4] * 4, "uint8"), ([[0.5] * 4] * 4, "uint8"), ([[0], [1, 2]], "no array"),
    ([["much"] * 4] * 4, "no array"), ([[None] * 4] * 4, "uint8"), ([10**400] * 16, "no array"), ([], "0 pixels"),
])  # fmt: skip
def test_what_is_no_image_is_refused(pictures: Any, image: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        _table(pictures, {"image": image, "digit": None})


def test_a_stream_has_its_clock(tmp_path: Any) -> None:
    moments = np.datetime64("2026-01-01T00:00:00") + np.arange(200).astype("timedelta64[m]")
    stream = pa.table({"at": moments, "v": np.sin(np.arange(200.0))})
    model = vaekit.fit(vaekit.windows(stream, size=4, time="at"), train=QUICK, latent=2)
    table = _table(model, *({"at": str(moments[i]), "v": 0.5} for i in range(4)))
    assert table["at"].type == stream["at"].type and len(model.encode(table)) == 1
    with pytest.raises(ValidationError, match="at"):
        _table(model, {"v": 0.5})


def test_examples_are_usual_rows_of_the_model(tmp_path: Any) -> None:
    moments = np.datetime64("2026-01-01T00:00:00") + np.arange(90).astype("timedelta64[D]")
    rows = {
        "at": moments,
        "n": np.arange(90) % 7,
        "town": ["Bern", "Oslo", "Bern"] * 30,
        "x": np.linspace(0, 1, 90).round(2),
    }
    model = vaekit.fit(pa.table(rows), train=QUICK, latent=2)
    found = {column.name: example(model, column) for column in columns_of(model)}
    assert found == {"at": "2026-02-14T00:00:00", "n": 3, "town": "Bern", "x": pytest.approx(0.5, abs=0.02)}
    assert _table(model, found)["town"].to_pylist() == ["Bern"]
