"""History, latents and levels of a model, as its Python object has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaekit


@pytest.fixture(scope="module")
def model(model_file: Path) -> Any:
    return vaekit.load(model_file)


def test_the_history_is_that_of_the_model(client: Any, model: Any) -> None:
    found = client.get("/v1/models/shop/history").json()["rows"]
    assert [row["loss"] for row in found] == pytest.approx(model.history["loss"].to_numpy())
    assert {row["stage"] for row in found} == {"model", "prior"}


def test_the_most_used_latents_come_first(client: Any, model: Any) -> None:
    found = client.get("/v1/models/shop/latents").json()["rows"]
    rates = [row["kl_nats"] for row in found]
    assert rates == sorted(rates, reverse=True) and {row["latent"] for row in found} == {0, 1}
    for row in found:
        assert row["kl_nats"] == pytest.approx(model.fitted.arrays["latents.rate"][row["latent"]])
        assert np.isfinite(row["centre"]) and row["spread"] > 0


def test_levels_of_names_and_none_of_numbers(client: Any) -> None:
    found = client.get("/v1/models/shop/levels").json()["rows"]
    assert [row["level"] for row in found] == ["Bern", "Oslo", "Rome"] and {row["column"] for row in found} == {"city"}


@pytest.mark.parametrize("path", ["history", "latents", "levels", "verdicts"])
def test_an_unknown_model_is_404(client: Any, path: str) -> None:
    assert client.get(f"/v1/models/nope/{path}").json()["status"] == 404
