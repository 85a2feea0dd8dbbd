from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.modes import trust
from vaekit.modes.ask import ask


@pytest.fixture(scope="module")
def dependent() -> tuple[vaekit.Model, pd.DataFrame]:
    """Four numbers that follow from one, nearly."""
    noise = np.random.default_rng(0)
    base = noise.normal(size=(1_200, 1))
    rows = pd.DataFrame(base * [1.0, -2.0, 0.5, 3.0] + 0.2 * noise.normal(size=(1_200, 4)), columns=list("abcd"))
    plan = {"epochs": 20, "prior_epochs": 1, "ratio_epochs": 0}
    return vaekit.fit(rows[:1_000], train=plan, progress=False), rows[1_000:].reset_index(drop=True)


def at(model: vaekit.Model, power: float) -> vaekit.Model:
    fitted = model.fitted
    return type(model)(replace(fitted, arrays=fitted.arrays | {trust.NAME: np.array([power])}))


def test_each_draw_is_taken_as_often_as_its_share_says() -> None:
    weights = torch.tensor([[0.1, 1.0], [0.6, 0.0], [0.3, 0.0]])
    taken = trust.systematic(weights, 10)
    assert taken.T.tolist() == [[0, 1, 1, 1, 1, 1, 1, 2, 2, 2], [0] * 10]


def test_without_weight_the_draws_stay_what_they_are(dependent: Any) -> None:
    model, rows = dependent
    asked = ask(model.fitted, rows.assign(b=None))
    cells, known = asked.cells, asked.observed
    plain = trust.law(at(model, 0.0).fitted, cells, known, trust.SAMPLES).best()
    assert torch.allclose(trust.weighed(model.fitted, cells, known, 0.0).best(), plain, atol=1e-6)


def test_weight_brings_the_filled_cells_nearer(dependent: Any) -> None:
    model, rows = dependent
    hide = np.random.default_rng(1).random(rows.shape) < 0.5
    error = {}
    for power in trust.ASKED:
        filled = at(model, power).impute(rows.mask(hide)).to_numpy()
        error[power] = float(np.square(filled - rows.to_numpy())[hide].mean())
    assert error[float(model.fitted.arrays[trust.NAME][0])] <= error[0.0]


def test_rows_are_filled_alike_whichever_pass_with_them(dependent: Any) -> None:
    model, rows = dependent
    model, holes = at(model, 1.0), rows.mask(np.random.default_rng(2).random(rows.shape) < 0.4)
    whole = model.impute(holes)
    assert np.allclose(whole[50:60], model.impute(holes[50:60]), atol=1e-4)
