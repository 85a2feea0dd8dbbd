import io
from base64 import b64decode
from xml.dom.minidom import parseString

import numpy as np

from vaekit.report import small

NOISE = np.random.default_rng(0)


def test_pictures_are_whole_and_bounded():
    for picture in (
        small.points(NOISE.normal(size=(9_000, 5)), NOISE.integers(0, 12, 9_000)),
        small.points(np.zeros((1, 1))),
        small.histogram(NOISE.normal(size=100_000), 2.0),
        small.line([1.0, np.nan, 2.0, 3.0], 1.0, 3.0),
        small.line(np.full(500, np.nan), 0.0, 1.0),
    ):
        assert parseString(picture).documentElement.tagName == "svg" and len(picture) < 40_000


def test_a_histogram_marks_what_lies_above_the_line():
    values = np.r_[np.zeros(99), 10.0, np.nan]
    assert small.histogram(values, 5.0).count(small.ORANGE) > 0 == small.histogram(values).count(small.ORANGE)
    assert small.histogram([1.0, np.nan]) == ""
    assert "from 0 to 8" in small.histogram(np.append(np.zeros(50), 8.0))


def test_a_line_has_a_gap_where_a_number_is_missing():
    assert small.line([1.0, 2.0, np.nan, 2.0, 1.0], 1.0, 2.0).count("<polyline") == 2


def test_a_strip_holds_small_pictures_and_escapes_words():
    from PIL import Image

    html = small.strip(NOISE.random((2, 300, 200, 3)), ["<b>", "0.5"])
    assert "<b>" not in html and html.count("<img") == 2 and "&lt;b&gt;" in html
    data = html.split("base64,")[1].split('"')[0]
    assert max(Image.open(io.BytesIO(b64decode(data))).size) == small.EDGE
