from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import vaekit
from vaekit.codec import Field
from vaekit.modes.ask import ask
from vaekit.modes.drift import _names, _numbers, drift, generalisation, memory
from vaekit.modes.evaluate import KINDS
from vaekit.modes.judge import Subject
from vaekit.modes.verdicts import overfitting


def _noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def _subject(model: Any, rows: Any) -> Subject:
    asked = ask(model.fitted, rows)
    return Subject(model.fitted, asked, 0, np.arange(len(asked)), None if asked.at is None else asked)


def _asked(measure: Any, model: Any, rows: Any) -> Any:
    with torch.no_grad():
        return measure(_subject(model, rows))


def test_the_distance_of_numbers_is_kolmogorovs() -> None:
    from scipy.stats import ks_2samp

    noise = np.random.default_rng(0)
    trained = noise.normal(size=4_000)
    field = Field("x", "real", quantiles=np.quantile(trained, np.linspace(0, 1, 257)), rows=4_000)
    for here in (noise.normal(size=500), noise.normal(1.0, 1.0, 500), trained[:500] * 0.3):
        assert _numbers(field, here) == pytest.approx(ks_2samp(trained, here).statistic, abs=0.01)


def test_spikes_and_shares_count_as_they_stand() -> None:
    field = Field("debt", "mixed", spikes=(-1.0,), shares=np.array([0.5]), quantiles=np.linspace(0, 1, 257), rows=100)
    half = np.concatenate([np.full(500, -1.0), np.linspace(0, 1, 500)])
    assert _numbers(field, half) < 0.01 and _numbers(field, np.full(10, -1.0)) == pytest.approx(0.5, abs=0.01)
    names = Field("city", "categorical", levels=3, shares=np.array([0.5, 0.5, 0.0]), rows=100)
    assert _names(names, np.array([0.0, 1.0])) == 0 and _names(names, np.array([2.0])) == 1


@pytest.mark.parametrize("name", ["mixed", "numbers", "words", "ae", "image-given", "image-label", "stream"])
def test_rows_of_the_same_law_have_hardly_moved(name: str, fitted: Any) -> None:
    case = fitted(name)
    columns = _asked(drift, case.model, case.rows)["columns"]
    assert set(columns) == ({"digit"} if name == "image-label" else set() if name == "image-given" else {
        field.name for field in case.model.fitted.layout.columns})  # fmt: skip
    assert all(each["distance"] < max(0.1, each["by_chance"]) for each in columns.values())


def test_a_column_that_moved_is_found_and_its_gaps_are_counted(mixed: Any) -> None:
    moved = mixed.rows.assign(height=mixed.rows["height"] + 12)
    moved.loc[:, "city"] = None
    found = _asked(drift, mixed.model, moved)
    assert found["furthest"] == "height" and found["columns"]["height"]["distance"] > 0.3
    assert "city" not in found["columns"]
    gaps = found["columns"]["debt"]
    assert gaps["missing"] == pytest.approx(0.1, abs=0.06) == pytest.approx(gaps["missing_training"], abs=0.06)


def test_a_model_that_learned_by_heart_has_a_gap(numbers: Any) -> None:
    ordinary = _asked(generalisation, numbers.model, numbers.rows)
    assert abs(ordinary["gap"]) < 0.5 * ordinary["spread"] and abs(ordinary["shift"]) < 0.5 * ordinary["spread"]
    rows = _noise(40, 8)
    heart = vaekit.fit(
        rows, validation=0.3, latent=8, objective={"beta": 0.01, "warm_up": 0.0},
        train={"epochs": 300, "prior_epochs": 1, "batch": 64, "hide": 0.0, "patience": None, "rate": 1e-2},
        net={"kind": "mlp", "hidden": [64]}, likelihood={"kind": "gaussian"},
    )  # fmt: skip
    found = _asked(generalisation, heart, _noise(60, 8, seed=1))
    assert found["gap"] > 0.5 * found["spread"]
    assert (overfitting({"generalisation": found}) or ("", ""))[0] in ("look", "worry")


def test_losses_stand_in_where_no_rows_are_kept(fitted: Any) -> None:
    case = fitted("stream")
    found = _asked(generalisation, case.model, case.rows)
    assert found["gap"] is None and np.isfinite([found["loss"], found["held_out_loss"], found["shift"]]).all()
    rows = _noise(60, 2)
    none = _asked(generalisation, vaekit.fit(rows, "vae", validation=0, train={"epochs": 1}), rows)
    assert none["held_out_loss"] is None and none["gap"] is None and none["shift"] is None


def test_training_rows_are_recognised_and_samples_are_not_among_them(numbers: Any) -> None:
    trained = _asked(memory, numbers.model, numbers.fitted_on)
    fresh = _asked(memory, numbers.model, numbers.rows)
    assert trained["trained"] > 0.85 and fresh["trained"] == fresh["copies"] == 0
    assert trained["distance_real"] > 0, "a row is not its own neighbour"
    assert 0.2 < fresh["nearer_than_real"] < 0.8


def test_copies_are_found() -> None:
    rows = _noise(200, 3)
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1})
    subject = _subject(model, _noise(50, 3, seed=1))
    subject.__dict__["drawn"] = ask(model.fitted, rows[:100])
    with torch.no_grad():
        found = memory(subject)
    assert found["copies"] > 0.8 and found["nearer_than_real"] > 0.85


def test_without_kept_rows_nothing_is_said() -> None:
    rows = _noise(60, 2)
    model = vaekit.fit(rows, store_rows=False, train={"epochs": 1, "prior_epochs": 1})
    assert _asked(memory, model, rows) == {"kept_rows": 0}


def test_every_kind_of_report_is_about_drift() -> None:
    assert all({"drift", "generalisation"} <= set(parts) for parts in KINDS.values())
