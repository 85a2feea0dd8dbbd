from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from vaekit.modes.verdicts import CHECKS
from vaekit.report import evaluation, findings


def test_every_verdict_has_a_title() -> None:
    assert set(findings.TITLES) == set(CHECKS)


@pytest.mark.parametrize("name", ["ae", "image-given"])
def test_the_page_says_what_to_look_into(name: str, fitted: Any) -> None:
    case = fitted(name)
    report = case.model.evaluate(case.rows)
    html = unescape(evaluation.write(report))
    assert html.count('class="verdict ') == len(report.metrics["verdicts"]) > 1
    assert all(each["says"] in html for each in report.metrics["verdicts"])
    assert "Are these still the same" in html


def test_moved_columns_come_first(mixed: Any) -> None:
    report = mixed.model.evaluate(mixed.rows.assign(height=mixed.rows["height"] + 12))
    title, html = findings.drifted(report) or ("", "")
    table = html[html.index("<tbody>") :]
    assert title == "Are these still the same rows?" and table.index("height") < table.index("income")
    assert html.count("<svg") == 2
    _, first = findings.findings(report)
    assert first.index("Drift") < first.index("Idle latents") and "height (" in first


def test_a_model_that_keeps_nothing_has_no_map(numbers: Any) -> None:
    report = numbers.model.evaluate(numbers.rows)
    report.pictures["trained"] = None
    assert (findings.drifted(report) or ("", ""))[1].count("<svg") == 1
    report.metrics["drift"]["columns"] = {}
    assert findings.drifted(report) is None and findings.factors(report) is None


def test_many_latents_are_cut_to_those_that_tell(numbers: Any) -> None:
    import numpy as np

    report = numbers.model.evaluate(numbers.rows, factors={"up": numbers.rows[:, 0] > 50})
    report.pictures["told"] = np.random.default_rng(0).random((1, 60))
    assert "latent" in (findings.factors(report) or ("", ""))[1]
