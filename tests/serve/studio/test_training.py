"""How the training went, and the card, in a browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def studio(serve: Any, model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return serve(Path(shutil.copy(model_file, tmp_path_factory.mktemp("studio") / "shop.vae"))).open(m="shop")


def test_training_and_card(studio: Any) -> None:
    studio.open(tab="training")
    found = studio.data("training-loss")
    assert found["x"] == [1, 2] and len(found["series"]["held-out rows"]) == 2
    studio.open(tab="about")
    assert "available" in studio.at("about-modes").text_content()
    assert studio.at("about-columns").locator("tbody tr").count() == 3


def test_each_stage_of_the_training_has_a_curve_of_its_own(studio: Any) -> None:
    rows = [{"stage": stage, "epoch": 0, "loss": loss, "validation": loss} for stage, loss in
            (("model", 3.0), ("model", 2.0), ("prior", 1.5), ("ratio", 1.0))]  # fmt: skip
    studio.page.route("**/history", lambda route: route.fulfill(json={"rows": rows}))
    studio.open(tab="training")
    assert studio.data("training-loss")["series"]["held-out rows"] == [3, 2]
    assert studio.data("training-ratio")["series"]["held-out rows"] == [1]
    assert studio.at("training-summary").text_content().startswith("2 epochs of the model and 1 of the prior")
    studio.page.unroute("**/history")
