import numpy as np
import pyarrow as pa
import pytest
import torch

from vaekit.errors import DataError
from vaekit.sources import give_back, read
from vaekit.sources.arrays import plain

ROWS = np.arange(6.0).reshape(3, 2)


def test_columns_are_numbered_or_named():
    assert read(ROWS).names == ["x0", "x1"]
    assert read(ROWS, names=["a", "b"]).names == ["a", "b"]
    with pytest.raises(DataError, match=r"an array of 2 columns was given, 3 were expected: 'a', 'b', 'c'\nHint: give"):
        read(ROWS, names=["a", "b", "c"])


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "uint8", "bool"])
def test_an_array_comes_back_as_it_was(kind):
    rows = (ROWS % 2 if kind == "bool" else ROWS).astype(kind)
    back = give_back(read(rows).arrow, read(rows))
    assert back.dtype == rows.dtype
    np.testing.assert_array_equal(back, rows)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.int64, torch.bfloat16])
def test_a_tensor_comes_back_as_it_was(kind):
    rows = torch.arange(6).reshape(3, 2).to(kind)
    back = give_back(read(rows).arrow, read(rows))
    assert back.dtype == kind
    assert torch.equal(back, rows)


def test_missing_cells_make_floats_of_integers():
    table = read(np.arange(4).reshape(2, 2))
    gaps = table.arrow.set_column(0, "x0", [[1, None]])
    assert np.isnan(give_back(gaps, table)[1, 0])
    table = read(torch.arange(4).reshape(2, 2))
    assert give_back(gaps, table).isnan()[1, 0]


@pytest.mark.parametrize("make", [np.zeros, torch.zeros])
def test_fractions_among_the_answers_of_whole_numbers_stay(make):
    table = read(make((2, 2), dtype=torch.int64 if make is torch.zeros else np.int64))
    assert give_back(pa.table({"mean_0": [0.5, 1.0]}), table).tolist() == [[0.5], [1.0]]


def test_text_makes_an_object_array():
    rows = np.array([["a", 1.5], ["b", None]], dtype=object)
    table = read(rows)
    assert [str(kind) for kind in table.arrow.schema.types] == ["string", "double"]
    assert give_back(table.arrow, table).tolist() == rows.tolist()


def test_masked_and_structured_arrays():
    masked = np.ma.array(ROWS, mask=ROWS == 3)
    assert read(masked).arrow.to_pydict() == {"x0": [0.0, 2.0, 4.0], "x1": [1.0, None, 5.0]}
    named = np.array([(1, 2.5), (2, 3.5)], dtype=[("a", "i4"), ("b", "f8")])
    assert read(named).arrow.to_pydict() == {"a": [1, 2], "b": [2.5, 3.5]}


@pytest.mark.parametrize("make", [np.zeros, torch.zeros])
@pytest.mark.parametrize(
    ("shape", "hint"), [((3,), "reshape(1, -1) is one row"), ((2, 2, 2, 2, 2), "reshape(len(array), -1)")]
)
def test_other_shapes_are_refused(make, shape, hint):
    with pytest.raises(DataError) as caught:
        read(make(shape))
    assert f"an array of shape {shape} was given, rows and columns (2-D) or images (3-D, 4-D) were expected" in str(
        caught.value
    )
    assert hint in str(caught.value)


def test_empty_arrays_are_refused():
    for shape in ((0, 3), (3, 0)):
        with pytest.raises(DataError, match="the data are empty"):
            read(np.zeros(shape))


def test_tensors_of_images_on_their_way():
    images = torch.rand(2, 3, 8, 6, dtype=torch.float32, requires_grad=True)
    table = read(images)
    assert table.native == {"image": {"layout": "chw", "dtype": "float32"}}
    assert torch.equal(give_back(table.arrow, table), images)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1, 2]),
        ([True, False], [True, False]),
        (["a", "b"], ["a", "b"]),
        ([True, None], [True, None]),
        (["a", None], ["a", None]),
    ],
)
def test_columns_as_arrays(values, expected):
    assert plain(pa.chunked_array([values])).tolist() == expected
    assert plain(pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()])).tolist() == ["a", "b"]


def test_unknown_numbers_and_moments_have_their_own_spelling():
    assert np.isnan(plain(pa.chunked_array([[1, None]]))[1])
    assert np.isnat(plain(pa.chunked_array([pa.array([1, None], pa.timestamp("s"))]))[1])
