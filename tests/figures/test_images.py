"""Pictures of pictures: what is shown where, on one scale, for grey and for coloured ones."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from vaekit import figures
from vaekit.errors import DataError
from vaekit.figures import images as pictures
from vaekit.figures.tiles import PAGE

pytest.importorskip("matplotlib")
COLOURS = [(), (3,)]


def some(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def draws(figure):
    """The figure as well-formed SVG, its pictures in it pixel by pixel."""
    text = figures.svg(figure, page=True)
    ET.fromstring(text)
    assert "<image" in text and "pixelated" in text
    return text


def tiles(figure):
    return [np.asarray(image.get_array()) for image in figure.axes[0].images]


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("channels", COLOURS)
def test_every_picture_draws(channels):
    given = some(12, 8, 10, *channels)
    hidden = np.zeros((12, 8, 10), bool)
    hidden[:, 4:] = True
    for figure in (
        figures.grid(given, titles=range(12), title="some"),
        figures.pairs(given, 1 - given),
        figures.rows_of_images({"noisy": given + 0.1, "denoised": given, "original": given}),
        figures.strip(given, np.linspace(0, 1, 12), "a way"),
        figures.traversals(given.reshape(3, 4, 8, 10, *channels), [5, 2, 0], [-3, -1, 1, 3]),
        figures.picture_map(some(12, 4), given),
        figures.picture_map(some(12, 2), given, ["a", None, "b"] * 4, "letter"),
        figures.strange(given, some(12, 8, 10), expected=given),
        figures.inpainting(given, hidden, given, [given, given]),
    ):
        draws(figure)


def test_a_grid_has_every_picture_once_in_order():
    given = np.arange(12, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2).repeat(3, 3) * 20
    figure = figures.grid(given, columns=5, titles=list(range(12)))
    assert [int(tile[0, 0, 0]) for tile in tiles(figure)] == [20 * i for i in range(12)]
    assert [word for word in words(figure) if word] == [str(i) for i in range(12)]


def test_answers_stand_below_their_pictures():
    figure = figures.pairs(some(3, 8, 8), some(3, 8, 8, seed=1), ("given", "answer"))
    assert [word for word in words(figure) if word] == ["given", "answer"]
    tops = [image.get_extent()[3] for image in figure.axes[0].images]
    assert len(set(tops)) == 2 and tops[:3] == [tops[0]] * 3


def test_the_strangest_come_first_with_their_scores():
    cells = np.zeros((6, 8, 8))
    cells[4, 2, 3], cells[1, 0, 0] = 9.0, 4.0
    figure = figures.strange(some(6, 8, 8), cells, rows=2)
    assert words(figure)[:2] == ["row 4\nscore 9", "row 1\nscore 4"]
    marked = tiles(figure)[2].astype(int)
    warm = marked[..., 0] - marked[..., 2]
    assert warm.max() > 150 and np.unravel_index(warm.argmax(), warm.shape)[0] // 8 == 2


def test_hidden_pixels_are_hatched_and_nothing_else():
    given = some(2, 8, 8)
    hidden = np.zeros((2, 8, 8), bool)
    hidden[:, :, :4] = True
    figure = figures.inpainting(given, hidden, given)
    whole, masked, best = tiles(figure)[:3]
    assert np.array_equal(whole, best)
    assert np.array_equal(whole[:, 32:], masked[:, 32:]) and not (whole[:, :32] == masked[:, :32]).all(-1).any()


def test_thumbnails_do_not_overlap_and_lie_where_their_rows_lie():
    points = some(400, 2)
    figure = figures.picture_map(points, some(400, 8, 8), list(range(400)), "number")
    boxes = np.array([image.get_extent() for image in figure.axes[0].images])
    middle, size = boxes.reshape(-1, 2, 2).mean(2), np.diff(boxes.reshape(-1, 2, 2), axis=2)[0, :, 0]
    apart = np.abs(middle[:, None] - middle)[~np.eye(len(middle), dtype=bool)]
    assert 50 < len(middle) <= pictures.THUMBNAILS and (apart >= size).any(-1).all()
    assert np.abs(points[:, None] - middle).sum(2).min(0).max() < 1e-9
    assert "number" in draws(figure)


def test_many_classes_are_the_frequent_ones_and_others():
    text = draws(figures.picture_map(some(60, 2), some(60, 8, 8), [f"level {i % 12}" for i in range(60)], "level"))
    assert text.count("level ") == len(pictures.CLASSES) - 1 and "others or missing" in text


def test_strokes_are_dark_on_a_light_page_in_every_row():
    strokes = np.zeros((4, 8, 8), np.uint8)
    strokes[:, 3] = 255
    for tile in tiles(figures.rows_of_images({"noisy": strokes / 255 + some(4, 8, 8) * 0.9, "original": strokes}))[4:]:
        assert tuple(tile[0, 0]) == PAGE and tile[30, 0].max() < 40


def test_what_is_no_picture_is_refused():
    with pytest.raises(DataError, match=r"\(4, 4\)"):
        figures.grid(np.zeros((4, 4)))
