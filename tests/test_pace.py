"""Small data take few steps, large data more, and patience outlasts what is bound to pass."""

from __future__ import annotations

from typing import Any

import pytest

from vaekit.codec import Field, Layout
from vaekit.errors import SpecError
from vaekit.pace import adamw, deadline, of_ratio, pace, settings
from vaekit.presets import complete

COLUMNS = Layout(tuple(Field(str(k), "real") for k in range(15)))


@pytest.mark.parametrize("rows", [1, 2, 50, 1_000, 30_000, 1_000_000])
def test_the_pace_suits_the_rows(rows: int) -> None:
    train = pace(adamw(), rows, COLUMNS)
    assert 1 <= train["batch"] <= rows and train["epochs"] >= 10 and train["patience"] >= 10
    steps = train["epochs"] * max(1, rows // train["batch"])
    assert steps <= max(12_000, 10 * rows // train["batch"])


def test_patience_outlasts_the_cycles_of_a_bound() -> None:
    objective = {"warm_up": 0.5, "cycles": 4}
    plain, cyclical = (
        complete({"objective": each}, None, COLUMNS, 500, gaps=False)["train"] for each in ({}, objective)
    )
    assert plain["patience"] == plain["epochs"] // 2 and cyclical["patience"] == cyclical["epochs"]


def test_what_is_chosen_stays() -> None:
    chosen = pace(adamw(epochs=3, batch=7, patience=None, prior_epochs=5), 100, COLUMNS, cycles=2)
    assert [chosen[name] for name in ("epochs", "batch", "patience", "prior_epochs")] == [3, 7, None, 5]
    assert pace(adamw(), 100, COLUMNS)["patience"] is not None


def test_a_handful_of_rows_is_trained_on_shortly() -> None:
    trains = {rows: pace(adamw(), rows, COLUMNS) for rows in (20, 50, 100, 200)}
    steps = [train["epochs"] * max(1, rows // train["batch"]) for rows, train in trains.items()]
    assert steps == sorted(steps) and steps[0] < 100 and steps[2] == pytest.approx(1_400, rel=0.1)


def test_the_prior_of_a_table_sees_larger_batches() -> None:
    options = pace(adamw(batch=100, rate=1e-3), 1_000, COLUMNS)
    plain, larger = settings(options, 5), settings(options, 5, larger=True)
    assert (plain.batch, plain.rate, larger.batch, larger.epochs) == (100, 1e-3, 200, 5) and larger.rate > plain.rate


@pytest.mark.parametrize(
    ("limit", "seconds"), [(None, None), (5, 105), ("20s", 120), ("10m", 700), ("1h", 3700), ("2.5", 102.5)]
)
def test_a_time_limit_is_seconds_or_a_duration(limit: Any, seconds: float | None) -> None:
    assert deadline(100.0, limit) == seconds


@pytest.mark.parametrize("limit", [0, -1, "soon", "5 days", "", "m", float("nan"), [5]])
def test_what_is_no_duration_is_refused(limit: Any) -> None:
    with pytest.raises(SpecError, match="time_limit=") as refusal:
        deadline(0.0, limit)
    assert "20s" in str(refusal.value)


def test_the_correction_is_trained_no_longer_than_the_prior() -> None:
    few, many = (pace(adamw(), rows, COLUMNS) for rows in (1_000, 30_000))
    assert of_ratio(few, 1_000).epochs > of_ratio(many, 30_000).epochs
    assert of_ratio(pace(adamw(prior_epochs=1), 1_000, COLUMNS), 1_000).epochs == 1
    assert of_ratio(pace(adamw(prior_epochs=1, ratio_epochs=7), 1_000, COLUMNS), 1_000).epochs == 7
