"""Arrays of every type and scale become the same visible pixels."""

import numpy as np
import pytest

from vaekit.figures.tiles import HATCH, paint, sheet

LEVELS = np.linspace(0, 1, 64).reshape(1, 8, 8)


def test_whole_numbers_and_shares_look_alike():
    for other in (
        np.round(LEVELS * 255).astype(np.uint8),
        np.round(LEVELS * 65535).astype(np.uint16),
        LEVELS[..., None],
    ):
        assert np.abs(paint(other)[0].astype(int) - paint(LEVELS)[0]).max() <= 1
    assert np.array_equal(paint(LEVELS > 0.5)[0], paint((LEVELS > 0.5).astype(float))[0])


def test_other_scales_are_stretched_and_noise_is_not():
    assert np.array_equal(paint(LEVELS * 40 - 7)[0], paint(LEVELS)[0])
    noisy = LEVELS + np.random.default_rng(0).normal(0, 0.4, LEVELS.shape)
    assert np.array_equal(paint(noisy, LEVELS)[1], paint(LEVELS)[0])


def test_missing_pixels_are_hatched():
    holes = LEVELS.copy()
    holes[:, :4] = np.nan
    (tile,) = paint(holes)[0]
    assert {tuple(color) for color in tile[:32].reshape(-1, 3).tolist()} == set(HATCH)
    assert len(np.unique(tile[32:].reshape(-1, 3), axis=0)) == 32
    assert paint(np.full((1, 8, 8), np.nan))[0].shape == (1, 64, 64, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_any_number_of_channels(channels):
    assert paint(np.full((2, 70, 5, channels), 0.5))[0].shape == (2, 70, 5, 3)


@pytest.mark.parametrize(
    "around", [{"heads": [list("abcd")]}, {"heads": [["abc", "a long word at the end"]], "breaks": (1,)}]
)
def test_words_stay_on_the_sheet(around):
    pytest.importorskip("matplotlib")
    lines = [list(paint(np.random.default_rng(0).random((2, 8, 8)))[0])] * 2
    figure = sheet(lines, left=["a long name of a row", "b"], below=list("wxyz"), title="t", note="n" * 60, **around)
    figure.draw_without_rendering()
    page = figure.bbox
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1, text
