from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaekit.errors import VaekitWarning


def test_rows_come_back_whole(mixed: Any) -> None:
    back = mixed.model.reconstruct(mixed.rows)
    assert list(back.columns) == list(mixed.rows.columns) and (back.dtypes == mixed.rows.dtypes).all()
    assert (back["id"] == mixed.rows["id"]).all() and not back.isna().any(axis=None)
    assert (back.index == mixed.rows.index).all()


def test_a_reconstruction_resembles_its_row(mixed: Any) -> None:
    back, rows = mixed.model.reconstruct(mixed.rows), mixed.rows
    seen = rows["height"].notna()
    assert np.corrcoef(back.loc[seen, "height"], rows.loc[seen, "height"])[0, 1] > 0.8
    seen = rows["member"].notna()
    assert (back.loc[seen, "member"] == rows.loc[seen, "member"]).mean() > 0.8


def test_given_columns_stay(fitted: Any) -> None:
    case = fitted("given")
    back = case.model.reconstruct(case.rows)
    assert back["city"].equals(case.rows["city"])


@pytest.mark.parametrize("name", ["mixed", "ae", "vae"])
def test_denoise_repairs_a_planted_cell_and_leaves_the_others(fitted: Any, name: str) -> None:
    case = fitted(name)
    rows = case.rows.dropna()[:40]
    wrong = rows.assign(height=rows["height"] + 90)
    clean = case.model.denoise(wrong)
    far = (wrong["height"] - rows["height"]).abs().mean()
    assert (clean["height"] - rows["height"]).abs().mean() < 0.4 * far
    assert (clean["height"] != wrong["height"]).mean() > 0.8
    kept = [name for name in ("visits", "grade", "city", "income") if (clean[name] == rows[name]).mean() > 0.7]
    assert len(kept) >= 3, "cells that nothing contradicts stay as they are"


def test_denoise_leaves_ordinary_rows_alone(mixed: Any) -> None:
    rows = mixed.fitted_on.dropna()
    clean = mixed.model.denoise(rows)
    same = pd.concat([(clean[name] == rows[name]) for name in rows], axis=1).to_numpy()
    assert same.mean() > 0.95


def test_denoise_fills_gaps(mixed: Any) -> None:
    clean = mixed.model.denoise(mixed.rows[:50])
    assert not clean.drop(columns="id").isna().any(axis=None)


def test_a_new_level_is_reconstructed_as_a_known_one(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:2].assign(city="Paris")
    with pytest.warns(VaekitWarning, match="Paris"):
        back = mixed.model.reconstruct(rows)
    assert back["city"].isin(mixed.fitted_on["city"].dropna()).all()


def test_cells_that_break_a_rule_are_put_right(routes: Any) -> None:
    model, known = routes
    rows = known.head(60).copy()
    rows["miles"] = rows["miles"].to_numpy()[::-1]
    changed = (rows["miles"] != known["miles"].head(60)).sum()
    clean = model.denoise(rows)
    columns = ["start", "to", "miles", "name"]
    there = known[columns].drop_duplicates()
    assert len(rows[columns].merge(there)) == 60 - changed < 20
    assert len(clean[columns].merge(there)) >= 48
