from __future__ import annotations

import sys
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import vaekit

VOID = {"img", "circle", "rect", "polyline"}


class Balanced(HTMLParser):
    """Fails where a tag closes that did not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open += [] if tag in VOID else [tag]

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(result: Any) -> str:
    html = result._repr_html_()
    parser = Balanced()
    parser.feed(html)
    assert parser.open == [] and html.startswith('<div class="vaekit">') and len(html) < 150_000
    assert "<script" not in html and "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    return html


@pytest.mark.parametrize("name", ["mixed", "label", "ae", "image-colour", "stream"])
def test_models_and_answers_show_themselves(name: str, fitted: Any) -> None:
    case = fitted(name)
    model, rows = case.model, case.rows[:40] if "image" not in name else case.rows
    scored = model.score(rows, alpha=0.2)
    for result in (model, scored, model.encode(rows), model.traverse(dims=[0, 1], steps=4)):
        checked(result)
    if name == "label":
        assert "Oslo" in checked(model.classify(rows))
    if name == "mixed":
        assert "clusters" in checked(model.cluster(rows))
        assert "latents are in use" in checked(model.evaluate(rows))


def test_a_model_tells_its_card(mixed: Any) -> None:
    html, card = checked(mixed.model), mixed.model.card
    assert "700" in html and "debt" in html and "set aside" in html
    assert all(words.split(".")[0][:30] in html for words in card["limits"].values())


def test_the_strangest_rows_come_first_with_their_reasons(mixed: Any) -> None:
    found = mixed.model.score(mixed.rows, alpha=0.05)
    top = int(found.total.argmax())
    reason, html = found.reasons[top][0], checked(found)
    first = html.split("<tbody>")[1].split("</tr>")[0]
    assert f">{top}<" in first and reason.column in first and "expected" in first


def test_scores_without_reasons_and_without_flags(mixed: Any) -> None:
    checked(mixed.model.score(mixed.rows, by="latent", alpha=0.05))
    checked(mixed.model.score(mixed.rows[:1], reasons=0, alpha=0.05))


def test_names_from_data_are_escaped() -> None:
    import pandas as pd

    evil = "<img src=x onerror=alert(1)>"
    frame = pd.DataFrame({evil: np.arange(80.0), "b": np.where(np.arange(80) % 2, evil, "</div><script>")})
    model = vaekit.fit(frame, train={"epochs": 1, "prior_epochs": 1})
    for result in (model, model.score(frame, alpha=0.2), model.traverse(dims=[0]), model.encode(frame)):
        assert "<img" not in checked(result)


def test_pictures_in_notebooks_need_no_matplotlib(fitted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    case = fitted("image-given")
    assert "data:image/png" in checked(case.model.traverse(dims=[0], steps=3))


def test_wide_models_stay_small() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 70))
    model = vaekit.fit(rows, "vae", train={"epochs": 1})
    html = checked(model)
    assert "50 more columns" in html and "x69" not in html
    assert "more latents" in checked(model.traverse(steps=30))
