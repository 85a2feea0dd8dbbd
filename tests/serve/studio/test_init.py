"""The page and its files come without a token, and nothing of it is from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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
