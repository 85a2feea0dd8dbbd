import numpy as np
import pytest
from PIL import Image

from vaekit.cli.files import open_model
from vaekit.cli.masks import read_mask
from vaekit.errors import SpecError

HALF = np.broadcast_to(np.arange(8)[:, None] >= 4, (8, 6))


@pytest.fixture
def model(there):
    return open_model("bars.vae")


def test_one_mask_for_all_from_every_file(model, tmp_path):
    Image.fromarray(HALF).save(tmp_path / "bits.png")
    Image.fromarray(np.repeat(HALF[..., None] * np.uint8(255), 3, -1)).save(tmp_path / "colours.png")
    np.save(tmp_path / "flags.npy", HALF)
    np.save(tmp_path / "numbers.npy", HALF * 255)
    np.savez(tmp_path / "named.npz", mask=HALF)
    for path in ["mask.png", *sorted(tmp_path.iterdir())]:
        mask = read_mask(model, str(path))
        assert mask.dtype == bool and mask.shape == (8, 6) and (mask == HALF).all(), path


def test_one_mask_for_each(model, tmp_path):
    each = np.random.default_rng(0).random((8, 8, 6)) < 0.5
    np.savez(tmp_path / "each.npz", mask=each)
    assert (read_mask(model, str(tmp_path / "each.npz")) == each).all()


def test_the_masked_pixels_are_filled_and_no_others(there, tmp_path, run):
    assert run("impute", "bars.vae", "few.npy", "--mask", "mask.png", "-o", tmp_path / "i.npy").status == 0
    few, filled = np.load("few.npy"), np.load(tmp_path / "i.npy")
    assert (filled[:, :4] == few[:, :4]).all() and (filled[:, 4:] != few[:, 4:]).any()


def test_gaps_of_streams_are_empty_cells(there):
    with pytest.raises(SpecError, match="--mask is for images"):
        read_mask(open_model("stream.vae"), "mask.png")
