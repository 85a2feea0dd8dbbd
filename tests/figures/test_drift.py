import numpy as np

from vaekit.figures import drift
from vaekit.figures.style import STRANGE, svg


def test_columns_that_moved_stand_out():
    still, gone = {"distance": 0.02, "by_chance": 0.1}, {"distance": 0.5, "by_chance": 0.1}
    assert STRANGE in svg(drift.moved({"a": still, "b": gone})) and STRANGE not in svg(drift.moved({"a": still}))
    many = drift.moved({f"column {i}": still for i in range(60)})
    assert len(many.axes[0].get_yticks()) == drift.MOST


def test_a_map_of_both_is_bounded():
    noise = np.random.default_rng(0)
    figure = drift.among(noise.normal(size=(9_000, 4)), noise.normal(size=(9_000, 4)))
    assert [len(dots.get_offsets()) for dots in figure.axes[0].collections] == [drift.POINTS] * 2
    assert svg(drift.among(np.zeros((2, 1)), np.zeros((1, 1))))


def test_what_latents_tell_is_a_square_each():
    figure = drift.told(np.eye(3), ["a", "b", "c"], [4, 0, 2])
    assert len(figure.axes[0].patches) == 9 and "b" in svg(figure)
