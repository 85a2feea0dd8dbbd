import json

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.distributions.latents import place
from vaekit.errors import UserError
from vaekit.modes.ask import ask, law_of
from vaekit.modes.evaluate import PARTS
from vaekit.modes.log_prob import slopes


@pytest.fixture(scope="module")
def report(mixed):
    return mixed.model.evaluate(mixed.rows)


def test_metrics_are_plain_and_finite(report):
    assert set(PARTS) <= set(report.metrics)
    assert json.loads(json.dumps(report.metrics, allow_nan=False)) == report.metrics


def test_equal_seed_equal_metrics(report, mixed):
    again = mixed.model.evaluate(mixed.rows).metrics
    assert {**again, "seconds": 0} == {**report.metrics, "seconds": 0}
    other = mixed.model.evaluate(mixed.rows, seed=1).metrics
    assert other["imputation"] != report.metrics["imputation"]


def test_ranges(report):
    metrics = report.metrics
    assert metrics["rows"] == {"given": 200, "used": 200}
    assert 0 <= metrics["imputation"]["coverage"] <= 1
    assert 0 <= metrics["samples"]["shape_error_percent"] <= 100
    assert 0.4 < metrics["samples"]["two_sample_auc"] <= 1
    assert metrics["latents"]["active_units"] <= metrics["latents"]["count"]
    assert metrics["bound"]["elbo"] <= metrics["bound"]["importance_weighted"] + 3 * metrics["bound"]["standard_error"]
    assert metrics["bound"]["elbo"] == pytest.approx(metrics["bound"]["reconstruction"] - metrics["bound"]["kl"])


def test_the_bound_is_averaged_over_more_than_the_noise_of_one_draw(numbers):
    """It differs little from that of other noise, which all rows share as well."""
    fitted, asked = numbers.model.fitted, ask(numbers.model.fitted, numbers.rows)
    with torch.no_grad():
        vae, many = fitted.vae, rng.table(7, (4_000, 1, fitted.vae.latents), "other")
        posterior = vae.posterior_of(asked.cells, asked.observed)
        nats = law_of(fitted, place(posterior, many), asked.cells, asked.observed).log_prob(asked.cells[:, : vae.K])
        expected = nats.where(asked.observed[:, : vae.K], 0.0).mean(0) + torch.from_numpy(
            slopes(fitted, asked.cells, asked.observed)
        )
    found = numbers.model.evaluate(numbers.rows).metrics["bound"]["reconstruction"]
    assert found == pytest.approx(float(expected.sum(1).mean()), abs=0.05)


def test_the_importance_weighted_bound_is_that_of_log_prob(report, mixed):
    assert report.metrics["bound"]["importance_weighted"] == pytest.approx(
        mixed.model.log_prob(mixed.rows).mean(), rel=1e-4
    )


def test_calibration_counts_the_p_values_of_score(report, mixed):
    p = mixed.model.score(mixed.rows, reasons=0).p_value
    share = report.metrics["calibration"]["flagged_share"]
    assert share == {alpha: pytest.approx((p <= float(alpha)).mean()) for alpha in share}


def test_reconstruction_by_hand(numbers):
    rows = numbers.rows
    back = np.asarray(numbers.model.reconstruct(rows))
    columns = numbers.model.evaluate(rows).metrics["reconstruction"]["columns"]
    for k, name in enumerate(columns):
        error = np.sqrt(np.mean((back[:, k] - rows[:, k]) ** 2)) / rows[:, k].std()
        assert columns[name]["error"] == pytest.approx(error, rel=0.01)  # reconstruct rounds to the column's digits


def test_accuracy_by_hand(words):
    back = words.model.reconstruct(words.rows)
    columns = words.model.evaluate(words.rows).metrics["reconstruction"]["columns"]
    for name, found in columns.items():
        assert found["accuracy"] == pytest.approx((back[name] == words.rows[name]).mean())
        assert found["most_frequent"] == pytest.approx(words.rows[name].value_counts(normalize=True).iloc[0])


def test_latents_move_the_columns_that_traverse_shows_moving(report, mixed):
    moves = report.metrics["latents"]["moves"]
    assert len(moves) == report.metrics["latents"]["count"]
    assert all(value >= 0 for each in moves for value in each.values())
    named = ("city", "member", "grade")
    assert all(each[name] <= 1 for each in moves for name in named)  # a total variation
    assert max(max(each.values()) for each in moves) > 0.3


def test_what_a_plain_autoencoder_lacks_is_said(fitted):
    case = fitted("ae")
    metrics = case.model.evaluate(case.rows).metrics
    assert set(metrics["left_out"]) == {"bound", "samples", "privacy", "memory"}
    assert all("no density" in why for why in metrics["left_out"].values())
    assert metrics["imputation"]["numbers"] and "coverage" not in metrics["imputation"]
    assert "kl" not in metrics["latents"]


def test_every_model_is_evaluated(case):
    metrics = case.model.evaluate(case.rows).metrics
    assert {"reconstruction", "imputation", "calibration", "latents"} <= set(metrics)


def test_few_rows_are_enough(mixed):
    metrics = mixed.model.evaluate(mixed.rows[:3]).metrics
    assert metrics["rows"]["used"] == 3
    assert metrics["samples"]["two_sample_auc"] is None
    assert metrics["privacy"] == {"reference_rows": 0}
    json.dumps(metrics, allow_nan=False)


def test_frame_json_and_wrong_ending(report, tmp_path):
    frame = report.to_frame()
    assert list(frame.columns) == ["part", "measure", "value"]
    at = (frame["part"] == "bound") & (frame["measure"] == "elbo")
    assert frame.loc[at, "value"].item() == report.metrics["bound"]["elbo"]
    path = report.save(tmp_path / "report.json")
    assert json.loads(path.read_text()) == report.metrics
    with pytest.raises(UserError, match=r"\.json or \.html"):
        report.save(tmp_path / "report.pdf")
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


def test_at_most_so_many_rows_are_used(mixed, monkeypatch):
    from vaekit.modes import evaluate

    monkeypatch.setattr(evaluate, "ROWS", 60)
    assert mixed.model.evaluate(mixed.rows).metrics["rows"] == {"given": 200, "used": 60}
