"""The studio of images, in a real browser."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RED = """each => {
    const { data } = each.getContext("2d").getImageData(0, 0, each.width, each.height);
    return Array.from(data).filter((_, i) => i % 4 === 0);
}"""


@pytest.fixture(scope="module")
def studio(serve: Any, digits_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With twelve pictures of a file, a column a pixel."""
    path = tmp_path_factory.mktemp("pictures") / "twelve.csv"
    noise = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([*(f"p{i}" for i in range(64)), "digit"])
        for digit in range(12):
            lines.writerow([*noise.integers(0, 255, 64), digit % 10])
    found = serve(digits_file).open()
    found.take(path, "12 rows")
    return found


def _pixels(studio: Any, testid: str) -> list[int]:
    """The red of each pixel of a picture that is shown."""
    return list(studio.at(testid).first.evaluate(RED))


def test_the_map_shows_pictures_and_decodes_one(studio: Any) -> None:
    studio.open(tab="map")
    assert studio.data("map")["points"] == 12
    studio.until(lambda: max(_pixels(studio, "map-decoded-picture"), default=0) > 0)
    assert len(_pixels(studio, "map-decoded-picture")) == 64


def test_a_row_is_decoded_under_its_own_condition(studio: Any) -> None:
    sent: list[Any] = []
    studio.page.on(
        "request", lambda asked: sent.append(asked.post_data_json) if asked.url.endswith("/decode") else None
    )
    studio.open(tab="map", pick="[7]")
    studio.at("map-table-row").first.click()
    studio.page.get_by_text("Row 7, as").wait_for()
    assert sent[-1]["given"] == {"digit": 7} and len(sent[-1]["rows"]) == 1


def test_each_latent_is_a_line_of_pictures(studio: Any) -> None:
    studio.open(tab="latents")
    studio.at("traversal-picture").first.wait_for()
    assert studio.at("traversal-line").count() == 3 and studio.at("traversal-picture").count() == 33
    before = _pixels(studio, "latents-decoded-picture")
    studio.at("cond-digit").select_option(label="7")
    studio.until(lambda: _pixels(studio, "latents-decoded-picture") != before)
    assert "cond=" in studio.page.url


def test_between_two_pictures_lie_others(studio: Any) -> None:
    studio.open(tab="between", a=1, b=4, steps=5)
    strip = studio.at("between-picture")
    strip.nth(4).wait_for()
    found = studio.data("between")
    assert (found["a"], found["b"], found["where"]) == (1, 4, [0, 0.25, 0.5, 0.75, 1])
    assert [found["rows"][0]["digit"], found["rows"][-1]["digit"]] == [1, 4]


def test_a_dragged_rectangle_is_filled_in(studio: Any) -> None:
    studio.open(tab="inpaint", picture=2)
    studio.at("inpaint-draw").first.wait_for()
    box = studio.at("inpaint-picture").bounding_box()
    place = lambda x, y: (box["x"] + (x + 0.5) / 8 * box["width"], box["y"] + (y + 0.5) / 8 * box["height"])  # noqa: E731
    studio.page.mouse.move(*place(1, 2))
    studio.page.mouse.down()
    studio.page.mouse.move(*place(4, 5), steps=3)
    studio.page.mouse.up()
    studio.until(lambda: studio.data("inpaint")["box"] == [1, 2, 5, 6])
    found = studio.data("inpaint")
    observed, best = (np.reshape(found[name], (8, 8)) for name in ("observed", "best"))
    inside = np.zeros((8, 8), dtype=bool)
    inside[2:6, 1:5] = True
    assert found["filled"] == 16 and (observed == best)[~inside].all() and (observed != best)[inside].any()
    studio.at("inpaint-easel").focus()
    studio.page.keyboard.press("ArrowRight")
    studio.until(lambda: studio.data("inpaint")["box"] == [2, 2, 6, 6])


def test_triage_shows_what_was_strange_of_a_picture(studio: Any) -> None:
    studio.open(tab="triage", row=3)
    studio.at("triage-reconstructed").wait_for()
    assert _pixels(studio, "triage-observed") != _pixels(studio, "triage-reconstructed")
    assert studio.at("triage-table-row").count() > 0


def test_new_pictures_follow_a_condition(studio: Any) -> None:
    studio.open(tab="sample", n=5, given='{"digit":7}')
    studio.until(lambda: studio.at("sample-count").count() and studio.at("sample-count").text_content() == "5 rows")
    assert studio.at("sample-picture").count() == 5
    text = studio.saved("sample-csv").splitlines()
    assert len(text) == 6 and all(line.endswith(",7") for line in text[1:])


def test_every_control_and_chart_is_listed_in_the_guide(studio: Any) -> None:
    found = studio.nameless()
    assert len(found) > 6 and not any(found.values()), found
