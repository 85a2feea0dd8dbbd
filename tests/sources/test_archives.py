import io

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError, VaekitWarning
from vaekit.sources.archives import read_npy, read_npz, split, write_npz

IMAGES = np.arange(2 * 4 * 5, dtype=np.uint8).reshape(2, 4, 5)


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "t.npz")


def test_the_images_are_found_by_shape_or_name(place):
    for arrays in ({"pixels": IMAGES}, {"X": IMAGES, "other": IMAGES}, {"images": IMAGES, "x_test": IMAGES[:1]}):
        np.savez(place, **arrays)
        if len(arrays) == 1:
            table = read_npz(place)
        else:
            with pytest.warns(VaekitWarning, match="left out: no columns of 2 rows"):
                table = read_npz(place)
        assert table.column_names == ["image"] and table["image"].type.shape == [4, 5, 1]


def test_one_of_several_arrays_is_named(place):
    np.savez(place, x_train=IMAGES, x_test=IMAGES[:1], y_train=[3, 5], y_test=[1])
    with pytest.raises(DataError) as caught:
        read_npz(place)
    assert "holds several arrays of images: x_train (2, 4, 5), x_test (1, 4, 5)" in str(caught.value)
    assert f"Hint: '{place}:x_train' is one of them" in str(caught.value)
    assert read_npz(f"{place}:x_train").select(["y_train"]).to_pydict() == {"y_train": [3, 5]}
    with pytest.raises(DataError, match="has no array 'x_tset' of images\nHint: did you mean 'x_test'"):
        read_npz(f"{place}:x_tset")
    assert split(f"{place}:x_test") == (place, "x_test") and split("c:/rows.npz") == ("c:/rows.npz", None)


def test_other_arrays_are_columns(place):
    np.savez(place, images=IMAGES, digit=[3.0, np.nan], factors=np.eye(2), name=["a", ""])
    table = read_npz(place)
    assert table.drop_columns(["image"]).to_pydict() == {
        "digit": [3.0, None], "name": ["a", None], "factors_0": [1.0, 0.0], "factors_1": [0.0, 1.0]
    }  # fmt: skip


def test_archives_of_rows(place):
    np.savez(place, rows=np.eye(2))
    assert read_npz(place).column_names == ["x0", "x1"]
    np.savez(place, a=[1, 2], b=["x", "y"])
    assert read_npz(place).to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
    np.savez(place, a=[1, 2], b=[1])
    with pytest.raises(
        DataError, match=r"neither images nor columns of one length: a \(2,\), b \(1,\)\nHint: images have"
    ):
        read_npz(place)


def test_python_objects_and_damaged_files_are_refused(place, tmp_path):
    np.savez(place, images=IMAGES, objects=np.array([{}, {}]))
    with pytest.raises(DataError, match=r"objects' cannot be read as .npz: .*\nHint: save numbers or text, not Python"):
        read_npz(place)
    np.savez(place, images=IMAGES)
    content = (tmp_path / "t.npz").read_bytes()
    for damaged in (content[:-30], content[:40], b"", b"nonsense"):
        (tmp_path / "t.npz").write_bytes(damaged)
        with pytest.raises(DataError, match=r"t.npz' cannot be read as .npz: .*\nHint: the file may be damaged"):
            read_npz(place)
    np.save(tmp_path / "t.npy", IMAGES)
    (tmp_path / "t.npy").write_bytes((tmp_path / "t.npy").read_bytes()[:-5])
    with pytest.raises(DataError, match=r"t.npy' cannot be read as .npy: .*\nHint: the file may be damaged"):
        read_npy(str(tmp_path / "t.npy"))


def test_a_column_called_image_beside_the_images(place):
    np.savez(place, x=IMAGES, image=[1, 2])
    with pytest.raises(DataError, match="'x' holds the images, so no column is named 'image'\nHint: rename it"):
        read_npz(place)


def test_names_that_mean_something_to_numpy_are_written():
    stream = io.BytesIO()
    write_npz(pa.table({"file": ["a", None], "args": [True, None], "n": [1, 2]}), stream)
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as archive:
        assert archive["file"].tolist() == ["a", ""] and archive["n"].dtype == np.int64
        assert archive["args"][0] == 1 and np.isnan(archive["args"][1])
