"""Verdicts are kept beside the model's file, one a row, and come back as CSV."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from vaekit.serve.app import Server
from vaekit.serve.shelf import Shelf

ROW = {"size in cm": 51.5, "price": None, "city": "Bern, north"}
PATH = "/v1/models/shop/verdicts"


@pytest.fixture
def own(model_file: Path, tmp_path: Path) -> Any:
    return TestClient(Server(Shelf([Path(shutil.copy(model_file, tmp_path / "shop.vae"))])))


def test_a_verdict_is_kept_changed_and_taken_back(own: Any, tmp_path: Path) -> None:
    assert own.get(PATH).json() == {"rows": []} and not list(tmp_path.glob("*.sqlite"))
    said = {"row": ROW, "verdict": "anomaly", "note": "twice", "score": 4.5, "p_value": 0.01}
    assert own.post(PATH, json=said).json() == {"kept": "anomaly"}
    own.post(PATH, json={**said, "row": {**ROW, "price": 1}, "verdict": "unsure"})
    assert own.post(PATH, json={**said, "verdict": "ordinary"}).status_code == 200
    found = own.get(PATH).json()["rows"]
    assert sorted(each["verdict"] for each in found) == ["ordinary", "unsure"]
    assert next(each for each in found if each["verdict"] == "ordinary")["row"] == ROW
    assert (tmp_path / "shop.verdicts.sqlite").exists()
    own.post(PATH, json={"row": ROW, "verdict": None})
    assert [each["verdict"] for each in own.get(PATH).json()["rows"]] == ["unsure"]


def test_csv_has_the_verdict_and_the_row(own: Any) -> None:
    own.post(PATH, json={"row": ROW, "verdict": "anomaly", "note": 'said "no"', "score": 4.5})
    answer = own.get(f"{PATH}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (line,) = csv.DictReader(io.StringIO(answer.text))
    assert line["verdict"] == "anomaly" and line["note"] == 'said "no"' and line["city"] == "Bern, north"
    assert line["price"] == "" and line["p_value"] == "" and float(line["score"]) == 4.5


@pytest.mark.parametrize("said", [
    {}, {"row": {}, "verdict": "anomaly"}, {"row": ROW, "verdict": "strange"}, {"row": ROW, "verdict": "unsure", "note": 3},
    {"row": ROW, "verdict": "unsure", "beside": 1}, {"row": ROW, "verdict": "unsure", "note": "x" * 2001},
])  # fmt: skip
def test_what_is_no_verdict_is_refused(own: Any, said: Any) -> None:
    answer = own.post(PATH, json=said)
    assert answer.status_code == 422 and answer.json()["title"] == "the body does not fit"


def test_a_page_from_elsewhere_cannot_write_one(own: Any) -> None:
    """A browser sends other types of content to another origin only after asking, which nobody answers."""
    said = b'{"row": {"a": 1}, "verdict": "anomaly"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert own.post(PATH, content=said, headers={"content-type": kind}).status_code in (415, 422)
    assert own.get(PATH).json() == {"rows": []}


def test_a_place_that_cannot_be_written_is_told(own: Any, tmp_path: Path) -> None:
    (tmp_path / "shop.verdicts.sqlite").mkdir()
    answer = own.post(PATH, json={"row": ROW, "verdict": "anomaly"})
    assert answer.status_code == 409 and "writable" in answer.json()["hint"]
