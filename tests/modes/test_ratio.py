"""A model that draws rows poorly learns by which of them to go, and one that has no need of it leaves them as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes.draw import plain
from vaekit.modes.ratio import beside, not_given, own_rows
from vaekit.priors.ratio import Ratio

BRIEF = {"epochs": 6, "prior_epochs": 1, "ratio_epochs": 30, "batch": 64}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    noise = np.random.default_rng(0)
    group = noise.choice(3, 1_200, p=[0.6, 0.3, 0.1])
    return pd.DataFrame({"group": np.array(list("abc"))[group], "size": group * 4 + noise.normal(size=1_200)})


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> Any:
    return vaekit.fit(table, train=BRIEF, progress=False)


def error(table: pd.DataFrame, drawn: pd.DataFrame) -> float:
    """Half the sum of the differences of shares, over groups and over sixteenths of the sizes."""
    edges = np.quantile(table["size"], np.linspace(0, 1, 17)[1:-1])
    shares = [
        np.r_[
            [(rows["group"] == g).mean() for g in "abc"],
            np.bincount(np.digitize(rows["size"], edges), minlength=16) / len(rows),
        ]
        for rows in (table, drawn)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def test_new_rows_come_closer_to_real_ones(table: pd.DataFrame, model: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("vaekit.modes.draw.balance_of", lambda fitted, cells, context: None)
    corrected = error(table, model.sample(4_000))
    ratio, model.fitted.vae.ratio = model.fitted.vae.ratio, None
    try:
        bare = error(table, model.sample(4_000))
    finally:
        model.fitted.vae.ratio = ratio
    assert corrected < 0.6 * bare


def test_the_history_tells_of_it_and_the_file_keeps_it(model: Any, tmp_path: Any) -> None:
    stages = model.history["stage"]
    assert list(dict.fromkeys(stages)) == ["model", "prior", "ratio"] and (stages == "ratio").sum() <= 30
    model.save(tmp_path / "m.vae")
    again = vaekit.load(tmp_path / "m.vae")
    assert bool(again.fitted.vae.ratio.learned) and again.sample(50, seed=1).equals(model.sample(50, seed=1))


def test_own_rows_have_the_given_columns_of_real_ones(table: pd.DataFrame) -> None:
    fitted = vaekit.fit(table, given=["group"], train={**BRIEF, "ratio_epochs": 1}, progress=False).fitted
    cells = torch.tensor([[0.0, 1.0], [0.0, 2.0]])
    with rng.seeded(0):
        own = own_rows(fitted, Rows(cells, torch.ones(2, 2, dtype=torch.bool)), 6)
    assert own.cells[:, 1].tolist() == [1.0, 2.0] * 3 and own.observed.all() and own.cells[:, 0].unique().numel() == 6


@pytest.mark.parametrize(
    "options",
    [
        {"train": {**BRIEF, "ratio_epochs": 0}},
        {"preset": "vae", "train": {"epochs": 1}},
        {"preset": "two-stage", "train": {"epochs": 1, "prior_epochs": 1}},
    ],
    ids=["none asked for", "no prior that learns", "as the paper has it"],
)
def test_models_that_draw_as_they_are(table: pd.DataFrame, options: dict[str, Any]) -> None:
    fitted = vaekit.fit(table, progress=False, **options).fitted
    assert fitted.vae.ratio is None and "ratio" not in fitted.about["ended"]


def test_few_rows_are_not_told_from_new_ones(table: pd.DataFrame) -> None:
    fitted = vaekit.fit(table[:200], train={"epochs": 1, "prior_epochs": 1}, progress=False).fitted
    assert fitted.vae.ratio is None


def test_a_ratio_that_serves_no_row_held_out_is_not_used(table: pd.DataFrame, monkeypatch: Any) -> None:
    monkeypatch.setattr("vaekit.modes.ratio.NO_BETTER", -np.inf)
    fitted = vaekit.fit(table, train={**BRIEF, "ratio_epochs": 1}, progress=False).fitted
    assert fitted.vae.ratio is not None and not fitted.vae.ratio.learned
    with rng.seeded(0):
        expected = plain(fitted, torch.zeros(5, 2), torch.zeros(5, 2, dtype=torch.bool))
    assert expected[0].shape == (5, 2)


def test_values_that_the_model_never_gives_exactly_do_not_tell_real_rows_apart() -> None:
    few = np.linspace(-1, 1, 5)
    fields = [Field(name, "real", quantiles=np.linspace(-1, 1, 257), distinct=few, rows=500) for name in "ab"]
    ratio, noise = Ratio([*fields, Field("c", "binary", levels=2)]), rng.numpy(0)
    cells = torch.from_numpy(np.column_stack([noise.choice(few, (500, 2)), noise.integers(2, size=500)])).float()
    real = Rows(cells, torch.from_numpy(noise.random(cells.shape) < 0.8))
    own = Rows(cells.clone(), torch.ones_like(cells, dtype=torch.bool))
    own.cells[:, 0] += 0.1
    never = not_given(ratio, real, own)
    assert never.tolist() == [True, False, False]
    moved = beside(ratio, real, never)
    atoms = ratio.embed.partition.atom(moved.cells[:, :2]) >= 0  # type: ignore[union-attr]
    assert atoms[:, 1].all() and not (atoms[:, 0] & real.observed[:, 0]).any()
    assert torch.allclose(moved.cells, real.cells, atol=1e-3) and torch.equal(moved.cells[:, 1:], real.cells[:, 1:])
    assert beside(ratio, real, never & False) is real


def test_a_time_limit_leaves_time_for_it(table: pd.DataFrame) -> None:
    fitted = vaekit.fit(table, time_limit=4, progress=False, train={"epochs": 10_000, "patience": None}).fitted
    assert {"model", "prior"} <= set(fitted.about["ended"]) and len(vaekit.Model(fitted).sample(20)) == 20
