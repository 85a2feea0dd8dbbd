import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.schema.tensors import is_tensor, ndarray_of, tensor_array

SHAPE = (5, 3, 4, 2)


def images(kind):
    return (np.arange(np.prod(SHAPE)).reshape(SHAPE) % (2 if kind == "bool" else 100)).astype(kind)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int16", "uint16", "int64", "float16", "float32", "float64"])
def test_images_come_back_as_they_were(kind):
    array = tensor_array(images(kind))
    assert is_tensor(array.type) and array.type.shape == [3, 4, 2]
    back, missing = ndarray_of(array)
    assert back.dtype == kind and not missing.any()
    np.testing.assert_array_equal(back, images(kind))


def test_nothing_is_copied_of_one_chunk():
    given = images("uint8")
    back, _ = ndarray_of(pa.chunked_array([tensor_array(given)]))
    assert np.shares_memory(given, back)


def test_slices_chunks_and_chosen_rows():
    array = tensor_array(images("uint8"), np.array([0, 1, 0, 0, 0], dtype=bool))
    back, missing = ndarray_of(array[1:4])
    assert missing.tolist() == [True, False, False]
    np.testing.assert_array_equal(back[1:], images("uint8")[2:4])
    back, missing = ndarray_of(pa.chunked_array([array[3:], array[:0], array[:2]]))
    assert missing.tolist() == [False, False, False, True]
    np.testing.assert_array_equal(back[:3], images("uint8")[[3, 4, 0]])
    back, missing = ndarray_of(pa.table({"image": array}).take([4, 1, 0])["image"])
    assert missing.tolist() == [False, True, False]
    np.testing.assert_array_equal(back[[0, 2]], images("uint8")[[4, 0]])


@pytest.mark.parametrize("kind", ["bool", "uint8", "float32"])
def test_nulls_alone_and_no_rows_keep_the_type(kind):
    array = tensor_array(images(kind))
    back, missing = ndarray_of(pa.nulls(2, array.type))
    assert back.shape == (2, 3, 4, 2) and back.dtype == kind and missing.all()
    back, missing = ndarray_of(array[:0])
    assert back.shape == (0, 3, 4, 2) and back.dtype == kind and not len(missing)
    assert ndarray_of(pa.chunked_array([], array.type))[0].shape == (0, 3, 4, 2)


def _with_a_null_pixel(kind):
    values = pa.array([1, None, 3, 4, 5, 6, 7, 8], kind)
    storage = pa.FixedSizeListArray.from_arrays(values, 4)
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(kind, (2, 2, 1)), storage)


def test_a_null_pixel_is_not_a_number_or_refused():
    assert np.isnan(ndarray_of(_with_a_null_pixel(pa.float32()))[0]).sum() == 1
    with pytest.raises(DataError, match=r"image 0 \(counted from 0\) has null pixels of type uint8\nHint: give float"):
        ndarray_of(_with_a_null_pixel(pa.uint8()))


def test_a_permuted_tensor_is_read_in_its_own_order():
    kind = pa.fixed_shape_tensor(pa.uint8(), (2, 3, 4), permutation=[1, 2, 0])
    given = np.arange(48, dtype=np.uint8).reshape(2, 2, 3, 4)
    storage = pa.FixedSizeListArray.from_arrays(pa.array(given.ravel()), 24)
    back, _ = ndarray_of(pa.ExtensionArray.from_storage(kind, storage))
    np.testing.assert_array_equal(back, given.transpose(0, 2, 3, 1))
