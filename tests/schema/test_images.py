"""Columns of images: what they are, and what is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError, SchemaError
from vaekit.schema import Schema
from vaekit.schema.tensors import ndarray_of, tensor_array

GREY = np.arange(4 * 6, dtype=np.uint8).reshape(4, 3, 2, 1)


def table(images=GREY, missing=None, **columns):
    return pa.table({"image": tensor_array(images, missing), **columns})


def conformed(schema, images, missing=None):
    return ndarray_of(schema.conform(table(images, missing))["image"])


def test_images_are_a_feature_of_their_own_kind():
    schema = Schema.infer(table(digit=[0, 1, 0, 1]), label="digit")
    image = schema["image"]
    assert (image.kind, image.role) == ("image", "feature") and "3 x 2 pixels, grey, uint8" in image.reason
    assert [column.name for column in schema.modelled] == ["image", "digit"]
    assert Schema.model_validate(schema.model_dump(mode="json")) == schema
    wide = Schema.infer(table(GREY.repeat(3, -1)))["image"]
    assert "3 channels" in wide.reason and "[3,2,3]" in wide.type


@pytest.mark.parametrize(
    "options",
    [{"given": ["image"]}, {"label": "image"}, {"overrides": {"image": "real"}}],
    ids=lambda each: next(iter(each)),
)
def test_nothing_is_conditioned_on_images_and_they_are_no_classes_or_numbers(options):
    with pytest.raises(SchemaError, match="'image' holds images, so it is a feature of the kind image") as caught:
        Schema.infer(table(digit=[0, 1, 0, 1]), **options)
    assert "columns beside the images" in caught.value.hint


def test_other_columns_are_no_images():
    with pytest.raises(SchemaError, match="'digit' was declared image, but holds int64"):
        Schema.infer(table(digit=[0, 1, 0, 1]), {"digit": "image"})


def test_images_may_be_ignored():
    schema = Schema.infer(table(digit=[0, 1, 0, 1]), ignore=["image"])
    assert [column.name for column in schema.modelled] == ["digit"]


def test_declaring_what_they_are_changes_nothing():
    assert Schema.infer(table(), {"image": "image"}) == Schema.infer(table())


def test_the_same_pixels_in_another_type_are_accepted():
    schema = Schema.infer(table())
    for kind in (np.int64, np.uint16, np.float32, np.float64):
        images, missing = conformed(schema, GREY.astype(kind))
        assert images.dtype == np.uint8 and np.array_equal(images, GREY) and not missing.any()
    floats = Schema.infer(table(GREY / np.float32(255)))
    assert conformed(floats, GREY / 255)[0].dtype == np.float32
    np.testing.assert_allclose(conformed(floats, GREY / 255)[0], GREY / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (GREY + 0.5, r"image 0 \(counted from 0\): a pixel of 0.5 was given, the model was fitted on uint8"),
        (GREY.astype(np.int32) * 20, "image 2 .*: a pixel of 260 was given"),
        (GREY.astype(np.int32) - 1, "image 0 .*: a pixel of -1 was given"),
        (np.where(GREY == 9, np.nan, GREY), "image 1 .*: a pixel of nan was given"),
        (GREY.reshape(4, 2, 3, 1), "images of 2 x 3 x 1 .* were given, 3 x 2 x 1 expected"),
        (GREY.repeat(3, -1), "images of 3 x 2 x 3 .* were given, 3 x 2 x 1 expected"),
    ],
)
def test_what_the_fitted_type_or_shape_cannot_hold_is_refused(images, message):
    with pytest.raises(DataError, match=message) as caught:
        Schema.infer(table()).conform(table(images))
    assert caught.value.hint


def test_null_images_are_missing_ones_whatever_their_pixels():
    schema = Schema.infer(table())
    images, missing = conformed(schema, GREY + 0.5, np.ones(4, dtype=bool))
    assert missing.all() and images.shape == GREY.shape
    only_null = schema.conform(pa.table({"image": pa.nulls(3)}))
    assert only_null["image"].null_count == 3 and only_null["image"].type == table()["image"].type


def test_an_absent_or_foreign_column_is_refused():
    schema = Schema.infer(table(digit=[0, 1, 0, 1]))
    with pytest.raises(DataError, match="image"):
        schema.conform(pa.table({"digit": [1, 0]}))
    with pytest.raises(DataError, match="'image' holds int64, expected images") as caught:
        schema.conform(pa.table({"image": [1, 0], "digit": [1, 0]}))
    assert "vaekit.images" in caught.value.hint


def test_images_of_shares_are_no_images_of_levels():
    """Floats from 0 to 1 for a model of uint8 would all be nearly black: refused, not guessed."""
    with pytest.raises(DataError, match="fitted on uint8") as caught:
        Schema.infer(table()).conform(table(GREY / 255))
    assert "the fitted scale" in caught.value.hint


@pytest.mark.parametrize(("images", "missing"), [(np.full((3, 2, 2, 1), np.nan), None), (GREY, np.ones(4, bool))])
def test_images_without_a_pixel_are_refused(images, missing):
    with pytest.raises(DataError, match=r"column 'image': every pixel of . images is missing"):
        Schema.infer(table(images, missing))
