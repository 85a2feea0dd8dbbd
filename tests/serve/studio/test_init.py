"""The page and its files come without a token, and nothing of it is from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from vaekit.serve.app import Server
from vaekit.serve.shelf import Shelf
from vaekit.serve.studio import MEDIA, STATIC, files


def test_the_page_needs_no_token_and_its_questions_do(model_file: Path) -> None:
    client = TestClient(Server(Shelf([model_file]), token="open sesame"))
    page = client.get("/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in re.findall(r"/studio/([\w.]+)", page.text):
        assert client.get(f"/studio/{name}").status_code == 200, name
    for path in ("history", "latents", "levels", "verdicts", "verdicts.csv"):
        assert client.get(f"/v1/models/shop/{path}").status_code == 401


def test_every_file_has_its_type_and_a_tag(client: Any) -> None:
    assert {path.suffix for path in STATIC.iterdir()} <= set(MEDIA)
    for name in files():
        answer = client.get(f"/studio/{name}")
        assert answer.headers["content-type"].startswith(MEDIA[Path(name).suffix])
        tag = answer.headers["etag"]
        assert client.get(f"/studio/{name}", headers={"if-none-match": tag}).status_code == 304
    assert client.get("/studio/secret.js").status_code == 404


def test_nothing_is_from_elsewhere_and_nothing_is_inline() -> None:
    for path in STATIC.iterdir():
        text = path.read_text()
        if path.name.startswith("uPlot"):
            continue
        assert not re.findall(r"https?://(?!www\.w3\.org)", text), path.name
        assert not re.search(r"\beval\(|innerHTML|new Function", text), path.name
        assert len(text.splitlines()) < 350, path.name
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<script>|<style|style=|onclick=", page)


def test_every_module_that_is_imported_is_there() -> None:
    for path in STATIC.glob("*.js"):
        for name in re.findall(r'from "\./([\w.]+)"', path.read_text()):
            assert name in files(), f"{path.name} imports {name}"


TEXTS = [
    ("muted", "page"),
    ("text", "page"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("accent-text", "accent"),
]
TEXTS += [(name, f"{name}-soft") for name in ("good", "doubt", "alarm")]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), [*((*pair, 4.5) for pair in TEXTS), ("edge", "surface", 2.9)])
def test_what_is_read_stands_out(front: str, back: str, least: float, dark: bool) -> None:
    """Contrasts of WCAG 2.2: 4.5 for text, about 3 for the borders of controls."""
    found = re.findall(
        r"--([\w-]+): light-dark\((#\w{6}|rgb\([^)]*\)), (#\w{6}|rgb\([^)]*\))\)", (STATIC / "studio.css").read_text()
    )
    colours = {name: pair[dark] for name, *pair in found}
    ground = _rgb(colours["surface"])
    bright = sorted(_luminance(_rgb(colours[name], ground)) for name in (front, back))
    assert (bright[1] + 0.05) / (bright[0] + 0.05) >= least


def _rgb(colour: str, under: tuple[float, ...] = (0, 0, 0)) -> tuple[float, ...]:
    if colour.startswith("#"):
        return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    *parts, share = map(float, re.findall(r"\d+", colour))
    return tuple(share / 100 * part / 255 + (1 - share / 100) * below for part, below in zip(parts, under, strict=True))


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
