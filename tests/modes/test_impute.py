from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from vaekit.errors import ModeUnavailable, SpecError, VaekitWarning

CELLS = ["height", "income", "visits", "member", "grade", "city", "joined", "debt"]


def _unchanged(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Every observed cell of `before` is bit for bit in `after`."""
    assert list(before.columns) == list(after.columns) and (before.index == after.index).all()
    for name in before:
        seen = before[name].notna()
        assert before.loc[seen, name].equals(after.loc[seen, name]), name


def test_observed_cells_never_change_and_gaps_are_filled(mixed: Any) -> None:
    filled = mixed.model.impute(mixed.rows)
    _unchanged(mixed.rows, filled)
    assert mixed.rows[CELLS].isna().any(axis=None) and not filled[CELLS].isna().any(axis=None)
    assert (filled.dtypes == mixed.rows.dtypes).all()


def test_filled_cells_are_legal(mixed: Any) -> None:
    empty = mixed.rows.copy()
    empty[CELLS] = pd.DataFrame({name: pd.Series([None] * len(empty), dtype=empty[name].dtype) for name in CELLS})
    for filled in (mixed.model.impute(mixed.rows), *mixed.model.impute(empty, draws=2)):
        assert (filled["income"] > 0).all() and (filled["visits"] >= 0).all()
        assert filled["grade"].isin(list("DCBA")).all() and filled["city"].isin(mixed.fitted_on["city"].dropna()).all()
        assert (filled["height"].mul(10).round() / 10 == filled["height"]).all()


def test_identifiers_and_columns_left_out_stay_as_they_were(mixed: Any) -> None:
    rows = mixed.rows[:5].assign(id=["C1", None, "x", None, "C2"])
    assert list(mixed.model.impute(rows)["id"].fillna("")) == ["C1", "", "x", "", "C2"]


def test_a_cell_that_the_model_cannot_read_stays_all_the_same(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:2].assign(grade=pd.Categorical(["Z", "A"]), city=["Paris", None])
    with pytest.warns(VaekitWarning, match="new level"):
        filled = mixed.model.impute(rows)
    assert filled["city"].iloc[0] == "Paris" and filled["city"].notna().all()
    assert filled["grade"].iloc[1] == "A"


def test_imputation_knows_the_other_columns(mixed: Any) -> None:
    """Hidden cells are recovered better than by the mean or the most frequent level."""
    rows = mixed.rows.dropna()
    for name in ("height", "income", "joined"):
        guess = mixed.model.impute(rows.assign(**{name: pd.Series([None] * len(rows), dtype=rows[name].dtype)}))[name]
        x, y = (pd.to_numeric(values).astype(float).to_numpy() for values in (guess, rows[name]))
        if name == "income":
            x, y = np.log(x), np.log(y)
        assert np.mean((x - y) ** 2) < 0.6 * y.var(), name
    for name in ("grade", "member"):
        guess = mixed.model.impute(rows.assign(**{name: pd.Series([None] * len(rows), dtype=rows[name].dtype)}))[name]
        hits = (guess.astype(object) == rows[name].astype(object)).mean()
        assert hits > rows[name].value_counts(normalize=True).max() + 0.1, (name, hits)


def test_draws_are_different_completions(mixed: Any) -> None:
    rows = mixed.rows[:30]
    draws = mixed.model.impute(rows, draws=3)
    assert len(draws) == 3
    for each in draws:
        _unchanged(rows, each)
    assert not draws[0].equals(draws[1]) and not draws[1].equals(draws[2])
    again = mixed.model.impute(rows, draws=3)
    assert all(a.equals(b) for a, b in zip(draws, again, strict=True))
    assert not mixed.model.impute(rows, draws=1, seed=5)[0].equals(draws[0])
    assert mixed.model.impute(rows, draws=np.int64(1))[0].equals(draws[0])


def test_draws_spread_as_widely_as_the_column(mixed: Any) -> None:
    """Of rows that show nothing the completions are new rows: their spread is the column's, not the mean's."""
    nothing = [dict.fromkeys(mixed.rows.columns)] * 300
    heights = np.array([row["height"] for row in mixed.model.impute(nothing, draws=1)[0]])
    assert 0.6 < heights.std() / mixed.fitted_on["height"].std() < 1.5


def test_an_extra_mask_takes_cells_as_missing(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:20]
    mask = pd.DataFrame(False, index=rows.index, columns=rows.columns)
    mask.loc[rows.index[::2], "height"] = True
    filled = mixed.model.impute(rows, missing=mask)
    assert (filled["height"].to_numpy()[1::2] == rows["height"].to_numpy()[1::2]).all()
    assert (filled["height"].to_numpy()[::2] != rows["height"].to_numpy()[::2]).mean() > 0.7
    _unchanged(rows.drop(columns="height"), filled.drop(columns="height"))
    hidden = rows.assign(height=rows["height"].where(~mask["height"]))
    assert mixed.model.impute(hidden).equals(filled), "a masked cell is a missing cell"


def test_a_mask_goes_by_the_columns_of_the_data(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:8]
    mask = pd.DataFrame(False, index=rows.index, columns=rows.columns).assign(height=True)
    wanted = mixed.model.impute(rows, missing=mask)
    turned = rows[list(rows.columns)[::-1]]
    for other in (mask, mask[turned.columns], mask[turned.columns].to_numpy(), pl.from_pandas(mask)):
        assert mixed.model.impute(turned, missing=other)[wanted.columns].equals(wanted)


@pytest.mark.parametrize("mask", [np.zeros((2, 3), bool), np.zeros((4, 10)), np.zeros(4, bool), [[True]]])
def test_a_mask_of_another_shape_or_type_is_refused(mixed: Any, mask: Any) -> None:
    with pytest.raises(SpecError, match=r"missing has shape .*\(4, 10\) of bool"):
        mixed.model.impute(mixed.rows[:4], missing=mask)


def test_intervals_hold_the_truth_as_often_as_they_say(mixed: Any) -> None:
    rows = mixed.rows.dropna()
    for name in ("height", "income", "visits", "joined"):
        hidden = rows.assign(**{name: pd.Series([None] * len(rows), dtype=rows[name].dtype)})
        low, high = mixed.model.impute_interval(hidden, 0.9)
        inside = (rows[name].to_numpy() >= low[name].to_numpy()) & (rows[name].to_numpy() <= high[name].to_numpy())
        assert 0.75 <= inside.mean() <= 1, (name, inside.mean())
        best = mixed.model.impute(hidden)[name]
        assert (low[name] <= high[name]).all() and ((low[name] <= best) & (best <= high[name])).mean() > 0.95, name


def test_a_higher_level_is_a_wider_interval(numbers: Any) -> None:
    rows = numbers.rows[:50].copy()
    rows[:, 0] = np.nan
    widths = [np.subtract(*numbers.model.impute_interval(rows, level)[::-1])[:, 0] for level in (0.5, 0.9)]
    assert (widths[0] < widths[1]).all() and (widths[0] > 0).all()
    low, high = numbers.model.impute_interval(rows)
    assert (low[:, 1] == rows[:, 1]).all() and (high[:, 1] == rows[:, 1]).all(), "observed cells are their own interval"


def test_answers_come_in_the_type_of_the_rows(mixed: Any, numbers: Any) -> None:
    assert isinstance(mixed.model.impute(pl.from_pandas(mixed.rows[:3])), pl.DataFrame)
    one = mixed.model.impute(dict.fromkeys(mixed.rows.columns))
    assert isinstance(one, dict) and one["city"] in set(mixed.fitted_on["city"].dropna()) and one["id"] is None
    filled = numbers.model.impute(np.array([[np.nan, 0.01]]))
    assert filled.shape == (1, 2) and filled[0, 1] == 0.01


def test_a_plain_autoencoder_fills_gaps_but_draws_nothing(fitted: Any) -> None:
    case = fitted("ae")
    _unchanged(case.rows[:20], case.model.impute(case.rows[:20]))
    with pytest.raises(ModeUnavailable, match="density"):
        case.model.impute(case.rows[:2], draws=2)
    with pytest.raises(ModeUnavailable, match="impute_interval"):
        case.model.impute_interval(case.rows[:2])


@pytest.mark.parametrize("options", [{"draws": 0}, {"draws": 1.5}, {"draws": True}])
def test_wrong_draws_are_refused(mixed: Any, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="draws"):
        mixed.model.impute(mixed.rows[:2], **options)
    with pytest.raises(SpecError, match="level"):
        mixed.model.impute_interval(mixed.rows[:2], 90)
