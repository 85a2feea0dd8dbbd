import re

import pytest

from vaekit.report.evaluation import STREAM_SECTIONS


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_page_of_every_model_of_a_stream(stream, tmp_path):
    report = stream.model.evaluate(stream.fitted_on)
    html = report.save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<h2>(.*?)</h2>", html)) == len(STREAM_SECTIONS) - 1  # no factors
    assert html.count("<svg") >= 8
    assert html.count("When to worry.") >= 6
    assert "windows overlap" in html
    assert "nats per step" in html
    assert f"{report.metrics['samples']['two_sample_auc']:.2f}" in html
