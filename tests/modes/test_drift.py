from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vaekit
from vaekit.codec import Field
from vaekit.modes.drift import _names, _numbers
from vaekit.modes.evaluate import KINDS

NOISE = np.random.default_rng(0)


def test_the_distance_of_numbers_is_kolmogorovs() -> None:
    from scipy.stats import ks_2samp

    trained = NOISE.normal(size=4_000)
    field = Field("x", "real", quantiles=np.quantile(trained, np.linspace(0, 1, 257)), rows=4_000)
    for here in (NOISE.normal(size=500), NOISE.normal(1.0, 1.0, 500), trained[:500] * 0.3):
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
    columns = case.model.evaluate(case.rows).metrics["drift"]["columns"]
    assert set(columns) == ({"digit"} if name == "image-label" else set() if name == "image-given" else {
        field.name for field in case.model.fitted.layout.columns})  # fmt: skip
    assert all(each["distance"] < max(0.1, each["by_chance"]) for each in columns.values())


def test_a_column_that_moved_is_found_and_its_gaps_are_counted(mixed: Any) -> None:
    moved = mixed.rows.assign(height=mixed.rows["height"] + 12)
    moved.loc[:, "city"] = None
    found = mixed.model.evaluate(moved).metrics["drift"]
    assert found["furthest"] == "height" and found["columns"]["height"]["distance"] > 0.3
    assert "city" not in found["columns"]
    gaps = found["columns"]["debt"]
    assert gaps["missing"] == pytest.approx(0.1, abs=0.06) == pytest.approx(gaps["missing_training"], abs=0.06)


def test_a_model_that_learned_by_heart_has_a_gap(numbers: Any) -> None:
    ordinary = numbers.model.evaluate(numbers.rows).metrics["generalisation"]
    assert abs(ordinary["gap"]) < 0.5 * ordinary["spread"] and abs(ordinary["shift"]) < 0.5 * ordinary["spread"]
    rows = NOISE.normal(size=(40, 8))
    heart = vaekit.fit(
        rows, validation=0.3, latent=8, objective={"beta": 0.01, "warm_up": 0.0},
        train={"epochs": 300, "prior_epochs": 1, "batch": 64, "hide": 0.0, "patience": None, "rate": 1e-2},
        net={"kind": "mlp", "hidden": [64]}, likelihood={"kind": "gaussian"},
    )  # fmt: skip
    found = heart.evaluate(NOISE.normal(size=(60, 8))).metrics
    assert found["generalisation"]["gap"] > 0.5 * found["generalisation"]["spread"]
    assert {each["about"]: each["state"] for each in found["verdicts"]}["overfitting"] in ("look", "worry")


def test_losses_stand_in_where_no_rows_are_kept(fitted: Any) -> None:
    case = fitted("stream")
    found = case.model.evaluate(case.rows).metrics["generalisation"]
    assert found["gap"] is None and np.isfinite([found["loss"], found["held_out_loss"], found["shift"]]).all()
    rows = NOISE.normal(size=(60, 2))
    none = vaekit.fit(rows, "vae", validation=0, train={"epochs": 1}).evaluate(rows).metrics["generalisation"]
    assert none["held_out_loss"] is None and none["gap"] is None and none["shift"] is None


def test_training_rows_are_recognised_and_samples_are_not_among_them(numbers: Any) -> None:
    trained = numbers.model.evaluate(numbers.fitted_on).metrics["memory"]
    fresh = numbers.model.evaluate(numbers.rows).metrics["memory"]
    assert trained["trained"] > 0.85 and fresh["trained"] == fresh["copies"] == 0
    assert trained["distance_real"] > 0, "a row is not its own neighbour"
    assert 0.2 < fresh["nearer_than_real"] < 0.8


def test_copies_are_found() -> None:
    from dataclasses import replace

    from vaekit.modes.ask import ask
    from vaekit.modes.drift import memory
    from vaekit.modes.judge import Subject

    rows = NOISE.normal(size=(200, 3))
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1})
    subject = Subject(model.fitted, ask(model.fitted, NOISE.normal(size=(50, 3))), 0, np.arange(50))
    subject.__dict__["drawn"] = replace(ask(model.fitted, rows[:100]))
    found = memory(subject)
    assert found["copies"] > 0.8 and found["nearer_than_real"] > 0.85


def test_without_kept_rows_nothing_is_said() -> None:
    rows = NOISE.normal(size=(60, 2))
    model = vaekit.fit(rows, store_rows=False, train={"epochs": 1, "prior_epochs": 1})
    metrics = model.evaluate(rows).metrics
    assert metrics["memory"] == {"kept_rows": 0}
    assert {each["about"]: each["state"] for each in metrics["verdicts"]}["memorisation"] == "unknown"


def test_every_kind_of_report_is_about_drift() -> None:
    assert all({"drift", "generalisation"} <= set(parts) for parts in KINDS.values())
