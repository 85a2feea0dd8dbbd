import re
from dataclasses import replace

import pytest

from vaekit.report import evaluation


@pytest.fixture(scope="module")
def report(mixed):
    return mixed.model.evaluate(mixed.rows, factors=["height", "city"])


@pytest.fixture(scope="module")
def html(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return report.save(path).read_text(encoding="utf-8")


def test_every_section_is_there_with_its_pictures(html):
    titles = re.findall(r"<h2>(.*?)</h2>", html)
    assert len(titles) == len(evaluation.SECTIONS)
    assert html.count("<svg") >= 11
    assert html.count("When to worry.") >= 9


def test_the_page_needs_nothing_from_elsewhere(html):
    assert not re.search(r"<(script|link|img)\b|src=|@import|url\((?!#)", html.replace("url(&quot;#", ""))


def test_the_numbers_are_those_of_the_metrics(html, report):
    metrics = report.metrics
    assert f"{metrics['samples']['two_sample_auc']:.2f}" in html
    assert f"{metrics['samples']['halves_of_real_rows']['trend_error_percent']:.1f}%: so much is chance" in html
    assert f"{metrics['imputation']['coverage']:.1%}" in html
    assert f"{metrics['latents']['active_units']} of {metrics['latents']['count']}" in html


@pytest.mark.parametrize("name", ["ae", "given", "numbers", "words"])
def test_models_that_lack_parts_have_pages(name, fitted, tmp_path):
    case = fitted(name)
    html = case.model.evaluate(case.rows).save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert ("Sampled rows" in html) == (name != "ae")
    if name == "ae":
        assert "Left out" in html
        assert "no density" in html


def test_what_lies_behind_the_rows_is_shown_where_it_is_known(html, report):
    told = report.metrics
    assert "What lies behind the rows" in html and f"{told['mig']['mean']:.3g}" in html
    assert f"{told['dci']['informativeness']:.3g}" in html
    unknown = {name: part for name, part in told.items() if name not in ("mig", "dci")}
    plain = evaluation.write(replace(report, metrics=unknown))
    assert "What lies behind the rows" not in plain and plain.count("<h2>") == len(evaluation.SECTIONS) - 1


def test_a_page_about_three_rows(mixed, tmp_path):
    html = mixed.model.evaluate(mixed.rows[:3]).save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "At a glance" in html
