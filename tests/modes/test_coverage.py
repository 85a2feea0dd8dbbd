from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.modes import coverage


@pytest.mark.parametrize("power", [1.0, 0.5, 2.0], ids=["as certain as it says", "too certain", "too careful"])
def test_the_correction_covers_as_often_as_asked(power: float) -> None:
    noise = np.random.default_rng(0)
    known, new = (noise.random(5_000) ** power for _ in range(2))
    kept = coverage._quantiles(known.astype(np.float32))
    for asked in (0.5, 0.9, 0.99):
        assert (new <= np.interp(asked, coverage.ASKED, kept)).mean() == pytest.approx(asked, abs=0.02)


def test_the_correction_rises_with_what_is_asked(mixed: Any) -> None:
    kept = mixed.model.fitted.arrays[coverage.NAME]
    assert kept.shape == (mixed.model.fitted.vae.K, len(coverage.ASKED))
    assert (np.diff(kept) >= 0).all() and kept.min() >= 0 and kept.max() <= coverage.WIDEST


def test_a_model_without_correction_takes_the_level_as_it_is(mixed: Any) -> None:
    fitted = mixed.model.fitted
    bare = replace(fitted, arrays={name: array for name, array in fitted.arrays.items() if name != coverage.NAME})
    assert coverage.nominal(bare, 0.9) == 0.9


def test_cells_are_set_aside_only_where_many_are_missing() -> None:
    observed = torch.from_numpy(np.random.default_rng(0).random((500, 6)) < 0.6)
    aside = coverage.set_aside(observed, 0)
    assert aside is not None and (aside & observed).equal(aside)
    assert 0.05 < aside.float().sum() / observed.float().sum() < 0.15
    assert aside.equal(coverage.set_aside(observed, 0)) and not aside.equal(coverage.set_aside(observed, 1))
    assert coverage.set_aside(torch.ones(500, 6, dtype=torch.bool), 0) is None


def test_intervals_of_the_rows_that_trained_hold_the_truth() -> None:
    """A table of which half is missing is known by heart; its intervals are right all the same."""
    noise = np.random.default_rng(0)
    whole = noise.normal(size=(300, 2)) @ noise.normal(size=(2, 8)) + 0.5 * noise.normal(size=(300, 8))
    hide = noise.random(whole.shape) < 0.5
    rows = pd.DataFrame(np.where(hide, np.nan, whole)).set_axis([f"x{k}" for k in range(8)], axis=1)
    train = {"epochs": 60, "prior_epochs": 1, "batch": 32, "patience": None}
    model = vaekit.fit(rows, objective={"beta": 0.02}, net={"width": 64}, train=train, progress=False)

    def covered() -> float:
        low, high = (part.to_numpy() for part in model.impute_interval(rows, 0.9))
        return float(((low <= whole) & (whole <= high))[hide].mean())

    right = covered()
    del model.fitted.arrays[coverage.NAME]
    bare = covered()
    assert abs(right - 0.9) < 0.08 and bare < right - 0.02, (right, bare)


@pytest.mark.parametrize("values", [(-1.1187435, 0.8938601), (False, True), (0, 1)], ids=["numbers", "flags", "whole"])
def test_two_numbers_have_an_interval_and_two_names_have_none(values: tuple[Any, Any]) -> None:
    noise = np.random.default_rng(0)
    z = noise.normal(size=400)
    two = [values[int(up)] for up in z + noise.normal(size=400) > 0]
    rows = pd.DataFrame({"x": z + 0.3 * noise.normal(size=400), "two": two})
    model = vaekit.fit(rows, train={"epochs": 10, "prior_epochs": 1}, progress=False)
    assert model.schema["two"]["kind"] == ("mixed" if isinstance(values[0], float) else "binary")
    mask = np.zeros((400, 2), dtype=bool)
    mask[:, 1] = True
    low, high = (part["two"] for part in model.impute_interval(rows, 0.9, missing=mask))
    if isinstance(values[0], bool):
        assert low.isna().all() and high.isna().all()
    else:
        assert set(low) | set(high) == set(values), "the ends are values themselves, to the last bit"
        assert ((low <= rows["two"]) & (rows["two"] <= high)).mean() > 0.85
