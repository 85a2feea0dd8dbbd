from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import vaekit
from vaekit.errors import ModeUnavailable, SchemaError

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 64}


def test_probabilities_of_every_label(fitted: Any) -> None:
    case = fitted("label")
    labels = case.model.classify(case.rows)
    assert labels.probability.shape == (200, 5) and sorted(labels.values) == ["Bern", "Jena", "Lima", "Oslo", "Rome"]
    np.testing.assert_allclose(labels.probability.sum(1), 1, atol=1e-5)
    assert (labels.probability >= 0).all()
    assert labels.label == [labels.values[m] for m in labels.probability.argmax(1)]


def test_labels_are_found_from_the_other_columns(fitted: Any) -> None:
    case = fitted("label")
    seen = case.rows["city"].notna().to_numpy()
    found = np.array(case.model.classify(case.rows).label)[seen]
    truth = case.rows["city"].to_numpy()[seen]
    most = pd.Series(truth).value_counts(normalize=True).max()
    assert (found == truth).mean() > most + 0.1


def test_what_the_label_says_is_not_looked_at(fitted: Any) -> None:
    case = fitted("label")
    rows = case.rows[:30]
    for other in (rows.assign(city="Bern"), rows.assign(city=None), rows.drop(columns="city")):
        assert (case.model.classify(other).probability == case.model.classify(rows).probability).all()


def test_the_table_has_a_column_for_each_value(fitted: Any) -> None:
    case = fitted("label")
    frame = case.model.classify(case.rows[:4]).to_frame()
    wanted = ["label", "probability", *(f"probability_{city}" for city in case.model.classify(case.rows[:4]).values)]
    assert list(frame.columns) == wanted and (frame["probability"] == frame[wanted[2:]].max(axis=1)).all()


@pytest.mark.parametrize("label", ["member", "grade"])
def test_labels_of_two_values_and_of_ordered_ones(mixed: Any, label: str) -> None:
    model = vaekit.fit(mixed.fitted_on[["height", "visits", label]], label=label, train=BRIEF)
    labels = model.classify(mixed.rows[["height", "visits"]][:20])
    assert sorted(labels.values) == ([False, True] if label == "member" else list("ABCD"))
    np.testing.assert_allclose(labels.probability.sum(1), 1, atol=1e-5)


def test_a_number_is_no_class(mixed: Any) -> None:
    with pytest.raises(SchemaError, match=r"'height' is the label, but its kind is real"):
        vaekit.fit(mixed.fitted_on[["height", "visits"]], label="height", train=BRIEF)


def test_without_a_label_it_says_why(mixed: Any) -> None:
    with pytest.raises(ModeUnavailable, match="without a label") as refusal:
        mixed.model.classify(mixed.rows)
    assert "modes()" in refusal.value.hint


def test_every_step_of_a_stream_has_a_label() -> None:
    """What the heat tells: the label of a step, whether or not it was there, null where no window lies."""
    steps = np.arange(400)
    heat = np.sin(steps / 6) + 0.05 * np.random.default_rng(0).normal(size=400)
    frame = pd.DataFrame(
        {"time": steps, "heat": heat, "state": np.where(heat > 0.4, "hot", np.where(heat < -0.4, "cold", "mild"))}
    )
    known = frame.assign(state=frame.state.where(steps % 5 > 0))
    model = vaekit.fit(
        vaekit.windows(known, size=8, stride=2, time="time"), label="state", net={"kind": "mlp", "hidden": [32]},
        train={"epochs": 60, "prior_epochs": 1, "batch": 16, "rate": 5e-3, "patience": None},
    )  # fmt: skip
    rows = pd.concat([frame[:100], frame[200:204]], ignore_index=True)
    with pytest.warns(UserWarning, match="4 steps lie"):
        found = model.classify(rows)
    assert sorted(found.values) == ["cold", "hot", "mild"]
    assert found.probability.shape == (104, 3) and found.label[100:] == [None] * 4
    np.testing.assert_allclose(found.probability[:100].sum(1), 1, rtol=1e-6)
    assert np.isnan(found.probability[100:]).all()
    assert np.mean(np.array(found.label[:100]) == frame.state[:100]) > 0.55
    hidden = model.classify(frame[:100].assign(state=None))
    np.testing.assert_allclose(hidden.probability, model.classify(frame[:100]).probability, rtol=1e-6)
    assert found.to_arrow()["label"].null_count == 4
