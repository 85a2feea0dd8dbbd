from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vaekit
from vaekit.about.quality import quality


def test_the_figures_are_those_of_the_history(mixed: Any) -> None:
    found, history = quality(mixed.model.fitted), mixed.model.history
    course = history[history["stage"] == "model"]["validation"].to_numpy()
    assert found["epochs"] == len(course) and found["best_epoch"] == int(course.argmin())
    assert found["held_out_loss"] == pytest.approx(course.min(), abs=1e-4)
    assert found["judged_on"] == found["calibration_rows"] == 140 and found["least_p_value"] == round(1 / 141, 6)
    assert found["active_latents"] <= found["latents"] == 8 and found["kl_nats"] > 1 and found["intervals_corrected"]
    assert found["worries"] == []


def test_without_patience_the_last_epoch_is_kept() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    found = vaekit.fit(rows, "vae", train={"epochs": 3, "patience": None}).card["quality"]
    assert found["best_epoch"] == 2


def test_without_held_out_rows_there_is_little_to_tell() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    found = vaekit.fit(rows, "vae", validation=0, train={"epochs": 2}).card["quality"]
    assert (found["judged_on"], found["held_out_loss"], found["least_p_value"], found["best_epoch"]) == (
        0,
        None,
        None,
        1,
    )


def test_an_autoencoder_has_no_rates(fitted: Any) -> None:
    found = fitted("ae").model.card["quality"]
    assert found["active_latents"] is None and found["kl_nats"] is None and found["calibration_rows"] == 70


def test_a_collapsed_model_a_short_training_and_few_rows_are_worries() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    model = vaekit.fit(rows, "vae", objective={"beta": 1000.0}, train={"epochs": 30, "rate": 1e-2}, on_step=None)
    model.fitted.about["ended"]["model"] = "time limit"
    worries = " ".join(model.card["quality"]["worries"])
    assert "No latent is in use" in worries and "model: time limit" in worries and "6 held-out rows" in worries


def test_a_course_that_turned_is_a_worry(mixed: Any) -> None:
    from copy import copy

    fitted = copy(mixed.model.fitted)
    fitted.spec = {**fitted.spec, "train": {**fitted.spec["train"], "patience": None}}
    fitted.history = [{"stage": "model", "epoch": e, "validation": v} for e, v in enumerate([9.0, 5.0, 4.0, 6.0])]
    assert any("by heart" in worry for worry in quality(fitted)["worries"])
    fitted.history.pop()
    assert not quality(fitted)["worries"]
