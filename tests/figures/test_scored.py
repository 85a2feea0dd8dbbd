from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from vaekit.sources.cut import Cut

pytest.importorskip("matplotlib")

from vaekit.figures.scored import moments, scores_of_images, scores_of_stream


def test_images_are_ranked_by_their_whole_score():
    total, cells = np.array([1.0, 9.0, 2.0]), np.zeros((3, 6 * 5 * 3 + 1))
    figure = scores_of_images(
        SimpleNamespace(total=total, cells=cells), np.random.default_rng(0).random((3, 6, 5, 3)), 2
    )
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "row 1\nscore 9" in words and not any("row 0" in word for word in words)


def test_of_a_stream_the_strangest_machine_is_drawn_in_its_order():
    stream = pa.table({"t": [2, 1, 3, 1, 2, 3], "unit": list("aaabbb"), "x": np.arange(6.0)})
    scored = SimpleNamespace(total=np.array([0.0, 1.0, 2.0, 9.0, 0.0, np.nan]), flagged=np.arange(6) == 3)
    figure = scores_of_stream(scored, stream, Cut.fit(stream, 2, 1, "t", "unit"))
    assert figure.axes[0].get_title(loc="right") == "b"
    line = next(line for line in figure.axes[0].lines if line.get_label() == "score")
    assert line.get_xdata()[:3].tolist() == [1, 2, 3] and line.get_ydata()[:2].tolist() == [9.0, 0.0]


def test_texts_and_no_clock_are_counted():
    table = pa.table({"t": ["2020-01-01", "2020-01-02"]})
    assert moments(table, "t", np.array([1, 0])).tolist() == moments(table, None, np.array([1, 0])).tolist() == [0, 1]
