import numpy as np
import pytest

from vaekit.errors import DataError
from vaekit.schema.tensors import ndarray_of
from vaekit.sources import give_back, read
from vaekit.sources.pixels import back, layout_of, read_pixels

SHAPES = [(5, 8, 6), (5, 8, 6, 1), (5, 8, 6, 3), (5, 1, 8, 6), (5, 3, 8, 6), (1, 8, 6), (5, 4, 8, 6), (5, 8, 6, 2)]
KINDS = ["bool", "uint8", "uint16", "int16", "int64", "float16", "float32", "float64", ">f4", ">u2"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_images_come_back_as_they_were(shape, kind):
    images = (np.random.default_rng(0).random(shape) * 200).astype(kind)
    table = read(images)
    assert table.flavour == "numpy" and table.names == ["image"] and table.rows == shape[0]
    given = give_back(table.arrow, table)
    assert given.dtype == images.dtype.newbyteorder("=") and given.flags.writeable
    np.testing.assert_array_equal(given, images)


def test_channels_are_last_in_arrow():
    images = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    pixels, _ = ndarray_of(read(images).arrow["image"])
    np.testing.assert_array_equal(pixels, images.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("shape", [(5, 8, 6, 7), (5, 3, 8, 3), (5, 1, 1, 1)])
def test_axes_that_cannot_be_told_are_refused(shape):
    with pytest.raises(DataError, match=r"(neither|both) the second .*\nHint: give images as \(B, H, W\)"):
        layout_of(shape)
    with pytest.raises(DataError, match=r"images as \(B, H, W\), .* were expected\nHint: array\[None\] is a batch"):
        layout_of((8, 6))


@pytest.mark.parametrize(
    ("shape", "image"), [((8, 6), (8, 6, 1)), ((8, 6, 1), (8, 6, 1)), ((8, 6, 3), (8, 6, 3)), ((3, 8, 6), (8, 6, 3))]
)
def test_a_single_image_is_a_row_where_images_are_expected(shape, image):
    one = np.random.default_rng(0).random(shape)
    table = read(one, image=image)
    assert table.rows == 1 and tuple(table.arrow["image"].type.shape) == image
    np.testing.assert_array_equal(give_back(table.arrow, table), one)


def test_expected_images_settle_what_the_axes_do_not():
    assert read(np.zeros((5, 3, 8, 3)), image=(3, 8, 3)).native["image"]["layout"] == "hwc"
    assert read(np.zeros((5, 3, 8, 3)), image=(8, 3, 3)).native["image"]["layout"] == "chw"
    assert read(np.zeros((1, 8, 6)), image=(8, 6, 1)).native["image"] == {"layout": "hw", "dtype": "float64"}


@pytest.mark.parametrize(
    ("shape", "image", "says"),
    [
        (
            (4, 48),
            (8, 6, 1),
            "images of 8 x 6 x 1 (height, width, channels) were expected\nHint: array.reshape(-1, 8, 6) makes",
        ),
        ((4, 144), (8, 6, 3), "Hint: array.reshape(-1, 8, 6, 3) makes images of flat rows"),
        ((4, 47), (8, 6, 1), "an array of shape (4, 47) was given, images of 8 x 6 x 1"),
        (
            (5, 8, 7),
            (8, 6, 1),
            "images of 8 x 7 x 1 (height, width, channels) were given as an array of shape (5, 8, 7)",
        ),
        ((5, 8, 6), (8, 6, 3), "8 x 6 x 3 (height, width, channels) were expected\nHint: resize"),
        ((5, 0, 6), None, "an array of shape (5, 0, 6) was given, its images have no pixels"),
    ],
)
def test_other_sizes_say_what_was_given_and_expected(shape, image, says):
    with pytest.raises(DataError) as caught:
        read(np.zeros(shape), image=image)
    assert says in str(caught.value)


@pytest.mark.parametrize("kind", ["complex64", "object", "U3", "M8[s]"])
def test_pixels_are_numbers(kind):
    with pytest.raises(DataError, match=r"images of type .* were given, expected pixels as numbers .*\nHint: convert"):
        read_pixels(np.zeros((2, 3, 3)).astype(kind))


def test_infinite_pixels_are_named_and_missing_ones_stay():
    images = np.zeros((3, 4, 5))
    images[1, 2, 3] = np.nan
    table = read(images)
    assert np.isnan(give_back(table.arrow, table)[1, 2, 3])
    images[2, 1, 4] = -np.inf
    with pytest.raises(
        DataError, match=r"image 2 \(counted from 0\), pixel \[1, 4, 0\] .*: -inf was given.*\nHint: make such"
    ):
        read(images)


def test_masked_images():
    images = np.ma.array(np.ones((3, 4, 5), np.uint8), mask=np.zeros((3, 4, 5), bool))
    images.mask[1] = True
    array, native = read_pixels(images)
    assert array.is_null().to_pylist() == [False, True, False]
    given = back(array, native)
    assert given.dtype == np.float32 and np.isnan(given[1]).all() and (given[0] == 1).all()
    images.mask[0, 0, 0] = True
    with pytest.raises(DataError, match=r"masked pixels of type uint8 .*\nHint: give floats"):
        read_pixels(images)
    assert np.isnan(ndarray_of(read_pixels(images.astype(float))[0])[0][0, 0, 0, 0])


def test_fractions_that_whole_numbers_cannot_hold_stay():
    _, native = read_pixels(np.zeros((2, 4, 5), np.uint8))
    given = back(read_pixels(np.full((2, 4, 5), 0.5))[0], native)
    assert given.dtype == np.float64 and (given == 0.5).all()
