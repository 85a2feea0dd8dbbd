import numpy as np
import pytest
from PIL import Image

from vaekit.errors import DataError, UserError
from vaekit.schema.tensors import ndarray_of, tensor_array
from vaekit.sources import read, write
from vaekit.sources.pictures import in_folder, read_pictures, whole_folder

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 4), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 4, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(*names):
    return ndarray_of(read(list(names)).arrow["image"])[0]


def refused(data):
    with pytest.raises(DataError) as caught:
        read(data)
    return str(caught.value)


def with_alpha(image, alpha):
    image = image.convert("RGBA") if image.mode == "RGB" else image.convert("LA")
    image.putalpha(Image.fromarray(np.full((6, 4), alpha, np.uint8)))
    return image


def test_every_mode_of_grey(folder):
    Image.fromarray(GREY).save("l.png")
    Image.fromarray(GREY > 99).save("1.png")
    Image.fromarray(GREY.astype(np.uint16) * 257).save("16.png")
    Image.fromarray(GREY).convert("P").save("p.png")
    with_alpha(Image.fromarray(GREY), 255).save("la.png")
    for name in ("l.png", "p.png", "la.png"):
        np.testing.assert_array_equal(pixels(name)[0, ..., 0], GREY, err_msg=name)
    assert pixels("1.png").dtype == bool and (pixels("1.png")[0, ..., 0] == (GREY > 99)).all()
    assert pixels("16.png").dtype == np.uint16 and (pixels("16.png")[0, ..., 0] == GREY.astype(int) * 257).all()


def test_every_mode_of_colour(folder):
    Image.fromarray(COLOUR).save("rgb.png")
    with_alpha(Image.fromarray(COLOUR), 255).save("rgba.png")
    flat = Image.fromarray(COLOUR).quantize(24)
    flat.save("p.png")
    for name in ("rgb.png", "rgba.png", "p.png"):
        np.testing.assert_array_equal(pixels(name)[0], COLOUR, err_msg=name)
    Image.fromarray(np.full((6, 4, 3), [200, 50, 50], np.uint8)).convert("CMYK").save("cmyk.jpeg", quality=95)
    assert np.abs(pixels("cmyk.jpeg")[0].astype(int) - [200, 50, 50]).max() < 6


def test_grey_among_colours_becomes_colour_and_depths_meet_at_eight_bits(folder):
    Image.fromarray(GREY).save("l.png")
    Image.fromarray(COLOUR).save("rgb.png")
    Image.fromarray(GREY > 99).save("1.png")
    Image.fromarray(GREY.astype(np.uint16) * 257).save("16.png")
    together = pixels("l.png", "rgb.png", "1.png", "16.png")
    assert together.shape == (4, 6, 4, 3) and together.dtype == np.uint8
    for at, expected in enumerate([GREY[..., None], COLOUR, (GREY > 99)[..., None] * 255, GREY[..., None]]):
        np.testing.assert_array_equal(together[at], np.broadcast_to(expected, (6, 4, 3)))


def test_alpha_is_laid_over_white(folder):
    with_alpha(Image.fromarray(GREY), 0).save("clear.png")
    with_alpha(Image.fromarray(COLOUR), 128).save("half.png")
    Image.fromarray(np.full((6, 4), 7, np.uint8)).save("key.png", transparency=7)
    Image.fromarray(np.full((6, 4), 700, np.uint16)).save("wide.png")
    assert (pixels("clear.png") == 255).all() and pixels("clear.png").shape == (1, 6, 4, 1)
    assert np.abs(pixels("half.png")[0] - (COLOUR * (128 / 255) + 127)).max() <= 1
    assert (pixels("key.png") == 255).all() and (pixels("wide.png") == 700).all()


def test_the_camera_s_rotation_is_applied(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    Image.fromarray(GREY).save("turned.png", exif=exif)
    np.testing.assert_array_equal(pixels("turned.png")[0, ..., 0], np.rot90(GREY, -1))


def test_a_folder_is_sorted_and_its_folders_are_a_column(folder):
    for at, name in enumerate(["b/2.PNG", "a/10.png", "0.jpg", ".hidden.png", "note.txt", "b/x.gif"]):
        place = folder / "all" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.full((6, 4), at, np.uint8))
        image.save(place) if place.suffix != ".txt" else place.write_text("x")
    assert in_folder("all") == ["0.jpg", "a/10.png", "b/2.PNG"]
    table = read("all").arrow
    assert table["file"].to_pylist() == ["0.jpg", "a/10.png", "b/2.PNG"]
    assert table["folder"].to_pylist() == [None, "a", "b"]
    assert read("all/b").names == ["image", "file"]
    assert read("all/?/*.[pP]*").arrow["file"].to_pylist() == ["all/a/10.png", "all/b/2.PNG"]


def test_sizes_must_agree(folder):
    Image.fromarray(GREY).save("a.png")
    Image.fromarray(GREY.T).save("b.png")
    says = "the pictures differ in size: 'a.png' has 4 x 6 pixels, 'b.png' has 6 x 4 (width x height)\nHint: resize"
    assert says in refused("*.png")


def test_broken_pictures_are_refused_by_name(folder):
    Image.fromarray(np.resize(COLOUR, (60, 40, 3))).save("whole.png")
    Image.fromarray(np.resize(COLOUR, (60, 40, 3))).save("whole.jpg")
    for name in ("whole.png", "whole.jpg"):
        content = (folder / name).read_bytes()
        for damaged in (content[: len(content) // 2], content[:20], b"", b"nonsense", b"GIF89a" + content):
            (folder / f"cut{name[-4:]}").write_bytes(damaged)
            says = refused([name, f"cut{name[-4:]}"])
            assert f"'cut{name[-4:]}' cannot be read as a picture: " in says and "Hint: the file may be damaged" in says
    flipped = bytearray((folder / "whole.png").read_bytes())
    flipped[60] ^= 255
    (folder / "cut.png").write_bytes(flipped)
    assert "'cut.png' cannot be read as a picture" in refused("cut.png")


def test_pictures_and_tables_are_not_read_together(folder):
    Image.fromarray(GREY).save("a.png")
    (folder / "t.csv").write_text("a\n1\n")
    assert "'t.csv' is no picture, 'a.png' is one\nHint: read pictures by themselves" in refused(["a.png", "t.csv"])


@pytest.mark.parametrize("images", [
    GREY[None, ..., None], COLOUR[None], (GREY > 99)[None, ..., None], GREY[None, ..., None].astype(np.uint16) * 257
])  # fmt: skip
def test_what_png_holds_comes_back_the_same(folder, images):
    write_images(images)
    back = ndarray_of(read("new").arrow["image"])[0]
    assert back.dtype == images.dtype
    np.testing.assert_array_equal(back, images)


def write_images(images, missing=None):
    import pyarrow as pa

    write(pa.table({"image": tensor_array(images, missing)}), "new")


def test_floats_are_shares_of_white_and_other_integers_must_fit(folder):
    write_images(GREY[None, ..., None] / np.float32(255) * np.float32(1 + 5e-7))
    np.testing.assert_array_equal(ndarray_of(read("new").arrow["image"])[0][0, ..., 0], GREY)


@pytest.mark.parametrize(
    ("images", "missing", "says"),
    [
        (
            np.full((2, 6, 4, 1), 300),
            None,
            "int64 pixels from 300 to 300 were given, PNG was expected to hold 0 to 255",
        ),
        (np.zeros((2, 6, 4, 5)), None, "images of 5 channels were given, PNG holds 1 to 4"),
        (np.full((2, 6, 4, 1), np.nan), None, "image 0 (counted from 0) has missing pixels"),
        (np.zeros((2, 6, 4, 1), np.uint8), np.array([False, True]), "image 1 (counted from 0) has missing pixels"),
    ],
)
def test_what_png_cannot_hold_is_refused(folder, images, missing, says):
    with pytest.raises(UserError) as caught:
        write_images(images, missing)
    assert says in str(caught.value) and "Hint: .npz and .parquet hold them" in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_folder_appears_when_it_is_full(folder):
    with pytest.raises(RuntimeError), whole_folder(folder / "new") as part:
        (part / "x").write_text("half")
        raise RuntimeError
    assert list(folder.iterdir()) == []


def test_no_pictures_make_no_table(folder):
    (folder / "empty").mkdir()
    assert "is a folder without pictures (.png, .jpg, .jpeg)" in refused("empty")
    Image.fromarray(GREY).save("a.png")
    assert read_pictures(["a.png"], ["me"])["file"].to_pylist() == ["me"]
