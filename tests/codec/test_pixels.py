"""Images as cells in [0, 1], and back."""

import numpy as np
import pyarrow as pa
import pytest

from vaekit.codec.pixels import Pixels
from vaekit.errors import DataError
from vaekit.schema import Column
from vaekit.schema.tensors import ndarray_of, tensor_array

NOISE = np.random.default_rng(0)
FLOATS = NOISE.random((9, 4, 3, 1))


def pixels(images, missing=None):
    array = tensor_array(images, missing)
    return Pixels.fit(Column(name="x", kind="image", type=str(array.type)), array), array


@pytest.mark.parametrize(
    ("images", "low", "span"),
    [
        (NOISE.integers(3, 99, (9, 4, 3, 2)).astype(np.uint8), 0, 255),
        (NOISE.integers(3, 99, (9, 4, 3, 1)).astype(np.uint16), 0, 65_535),
        (NOISE.random((9, 4, 3, 1)) < 0.5, 0, 1),
        (np.arange(108).reshape(9, 4, 3, 1).astype(np.int32) - 50, -50, 107),
        (FLOATS.astype(np.float32), 0, 1),
        (FLOATS, 0, 1),
        (4 * FLOATS - 1, (4 * FLOATS - 1).min(), np.ptp(4 * FLOATS)),
    ],
    ids=["uint8", "uint16", "bool", "int32", "shares", "wide shares", "floats"],
)
def test_cells_are_shares_of_a_range(images, low, span):
    codec, array = pixels(images)
    cells, observed = codec.encode(array)
    assert cells.dtype == np.float32 and observed.all() and cells.shape == (9, images[0].size)
    np.testing.assert_allclose(cells, (images.reshape(9, -1).astype(float) - low) / span, rtol=1e-5, atol=1e-6)
    assert cells.min() >= 0 and cells.max() <= 1
    back = codec.decode(cells.astype(float), observed)
    assert back.type == array.type
    wanted, found = images, ndarray_of(back)[0]
    assert np.array_equal(found, wanted) or (wanted.dtype.kind == "f" and np.allclose(found, wanted, atol=1e-6))


def test_cells_lie_row_by_row_with_the_colours_of_a_pixel_together():
    images = np.arange(24, dtype=np.uint8).reshape(1, 4, 3, 2)
    codec, array = pixels(images)
    assert (codec.encode(array)[0][0] * 255).round().tolist() == list(range(24))
    assert codec.shape == (4, 3, 2) and codec.cells == 24 and [field.name for field in codec.fields] == ["x.0", "x.1"]
    assert pixels(images[..., :1])[0].fields[0].name == "x"


def test_whole_numbers_are_rounded_into_the_range_of_their_type():
    codec, _ = pixels(np.full((2, 1, 3, 1), 7, dtype=np.uint8))
    cells = np.array([[-9.0, 0.0031, 9.0]])
    assert ndarray_of(codec.decode(cells, np.ones((1, 3), dtype=bool)))[0].ravel().tolist() == [0, 1, 255]
    codec, _ = pixels(np.ones((2, 1, 3, 1), dtype=bool))
    assert ndarray_of(codec.decode(cells, np.ones((1, 3), dtype=bool)))[0].ravel().tolist() == [False, False, True]


def test_pixels_that_are_no_numbers_are_missing_and_a_null_image_is_all_gaps():
    images = FLOATS.copy()
    images[0, 0, 0] = np.nan
    codec, array = pixels(images, np.arange(9) == 3)
    cells, observed = codec.encode(array)
    assert not observed[0, 0] and observed[0, 1:].all() and not observed[3].any() and observed[4:].all()
    assert not cells[~observed].any()
    back = codec.decode(cells.astype(float), observed)
    found, missing = ndarray_of(back)
    assert missing.tolist() == [False] * 3 + [True] + [False] * 5
    assert np.array_equal(np.isnan(found[0]), np.isnan(images[0]))


def test_a_channel_knows_its_quantiles_and_its_few_levels():
    images = np.stack([NOISE.integers(0, 2, (50, 2, 2)) * 255, NOISE.integers(0, 256, (50, 2, 2))], -1).astype(np.uint8)
    ink, grey = pixels(images)[0].fields
    assert ink.kind == grey.kind == "pixel" and ink.distinct.tolist() == [0, 1] and ink.rows == grey.rows == 50
    assert (ink.quantiles[0], ink.quantiles[-1]) == (0, 1) and (np.diff(grey.quantiles) >= 0).all()
    assert ink.resolution == 1 and pixels(FLOATS)[0].fields[0].resolution == 0


def test_still_images_and_images_without_a_pixel_have_a_range():
    for images in (np.full((3, 2, 2, 1), 5.0), np.full((3, 2, 2, 1), np.nan)):
        codec, array = pixels(images)
        cells, _ = codec.encode(array)
        assert np.isfinite(cells).all()


def test_a_null_pixel_of_whole_numbers_has_no_spelling():
    from vaekit.errors import DataError

    kind = pa.fixed_shape_tensor(pa.uint8(), (1, 2, 1))
    storage = pa.array([[1, None]], pa.list_(pa.uint8(), 2))
    with pytest.raises(DataError, match="null pixels"):
        ndarray_of(pa.ExtensionArray.from_storage(kind, storage))


def test_bytes_are_refused_where_shares_were_fitted():
    shares = np.random.default_rng(0).random((8, 4, 4, 1)).astype(np.float32)
    images = tensor_array(shares)
    pixels = Pixels.fit(Column(name="image", kind="image", type=str(images.type)), images)
    with pytest.raises(DataError, match="from 0 to 1"):
        pixels.encode(tensor_array(shares * 255))
    assert pixels.encode(tensor_array(shares * 1.5))[0].max() > 1


def test_bytes_of_nought_and_one_are_black_and_white():
    images = tensor_array((np.random.default_rng(0).random((8, 4, 4, 1)) < 0.5).astype(np.uint8))
    pixels = Pixels.fit(Column(name="image", kind="image", type=str(images.type)), images)
    cells, observed = pixels.encode(images)
    assert set(np.unique(cells)) == {0.0, 1.0}
    assert pixels.decode(cells, observed).equals(images)
    assert pixels.fields[0].distinct.tolist() == [0.0, 1.0]
