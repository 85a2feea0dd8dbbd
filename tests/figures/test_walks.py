from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from vaekit.schema.tensors import tensor_array

pytest.importorskip("matplotlib")

from vaekit.figures.walks import coded, walk_of_images, walk_of_windows


class Way(SimpleNamespace):
    """As much of a walk as a picture needs."""

    def __len__(self):
        return len(self.where)

    def to_arrow(self):
        return self.table


def way(latents, steps, columns, each=1):
    where = np.tile(np.linspace(-3, 3, steps), len(latents))
    latent = np.repeat(latents, steps)
    front = {"latent": np.repeat(latent, each), "where": np.repeat(where, each)}
    return Way(where=where, latent=latent, table=pa.table({**front, **columns}))


def windows(latents, steps, size=8):
    count = len(latents) * steps
    front = {"window": np.repeat(np.arange(count), size), "step": np.tile(np.arange(size), count)}
    flow = np.random.default_rng(0).normal(size=count * size)
    return way(latents, steps, {**front, "flow": flow, "mode": np.where(flow > 0, "on", "off")}, size)


def words(figure):
    return [text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text")) if text.get_text()]


def test_every_latent_is_a_row_of_pictures():
    images = tensor_array(np.random.default_rng(0).random((6, 4, 4, 1)))
    told = words(walk_of_images(way([5, 2], 3, {"image": images, "digit": range(6)})))
    assert {"latent 5", "latent 2", "−3", "0", "+3"} <= set(told)
    assert "latent 7" in words(walk_of_images(way([7], 6, {"image": images})))


def test_between_two_pictures_is_a_strip():
    images = tensor_array(np.zeros((3, 4, 4, 3), np.uint8))
    along = way([-1], 3, {"image": images})
    along.where = np.array([0.0, 0.5, 1.0])
    assert words(walk_of_images(along)) == ["0", "0.5", "1"]


def test_one_latent_shows_all_windows_and_several_their_ends():
    one, three = walk_of_windows(windows([4], 5)), walk_of_windows(windows([4, 1, 0, 2], 5))
    assert len(one.axes) == 2 * 5 and len(three.axes) == 2 * 3 * 3
    assert "latent 4, −3 to +3" in words(one) and "latent 2, −3 to +3" not in words(three)


def test_every_kind_of_channel_can_be_drawn():
    days = pa.chunked_array([pa.array([None, 5], pa.date32())])
    assert np.isnan(coded(days)[0]) and coded(days)[1] == 5
    assert coded(pa.chunked_array([[True, False, None]]))[:2].tolist() == [1, 0]
    assert coded(pa.chunked_array([["b", "a"]]).dictionary_encode()).tolist() == [1, 0]
