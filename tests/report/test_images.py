import re

import pytest

from vaekit.report.evaluation import IMAGE_SECTIONS


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_page_of_every_model_of_images(pictures, tmp_path):
    report = pictures.model.evaluate(pictures.fitted_on)
    html = report.save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<h2>(.*?)</h2>", html)) == len(IMAGE_SECTIONS) - 1  # no factors
    assert html.count("<svg") >= 9
    assert html.count("When to worry.") >= 6
    image = report.metrics["reconstruction"]["columns"]["image"]
    assert f"{image['squared_error']:.4f}" in html
    assert ("nearest others in the latents" in html) == ("neighbours" in report.metrics)
    assert ("such images as the value that was given" in html) == ("agreement" in report.metrics["samples"])
    assert " rows" not in re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", html, flags=re.S)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_page_about_three_images(fitted, tmp_path):
    case = fitted("image-given")
    html = case.model.evaluate(case.rows[:3]).save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "At a glance" in html
