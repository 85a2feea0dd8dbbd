from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.errors import DataError
from vaekit.modes.ask import answer, ask, chunks, column_values, fitted_form, is_one, latents, law_given


@pytest.mark.parametrize(("count", "size"), [(1, 5), (5, 5), (11, 5)])
def test_chunks_cover_the_rows_in_order(count: int, size: int) -> None:
    assert [row for at in chunks(count, size) for row in range(count)[at]] == list(range(count))


def test_rows_of_any_type_become_the_same_cells(mixed: Any, tmp_path: Any) -> None:
    rows = mixed.rows[:6]
    wanted = ask(mixed.model.fitted, rows)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    for other in (pl.from_pandas(rows), pa.Table.from_pandas(rows), tmp_path / "rows.csv"):
        asked = ask(mixed.model.fitted, other)
        torch.testing.assert_close(asked.cells, wanted.cells)
        assert torch.equal(asked.observed, wanted.observed) and len(asked) == 6


def test_answers_take_the_type_of_the_rows(mixed: Any) -> None:
    table = pa.table({"x": [1.0]})
    assert isinstance(answer(table, ask(mixed.model.fitted, pl.from_pandas(mixed.rows[:1]))), pl.DataFrame)
    assert isinstance(answer(table, fitted_form(mixed.model.fitted)), pd.DataFrame)
    assert answer(table, "rows") == [{"x": 1.0}]


def test_absent_columns_are_missing_where_a_part_is_enough(mixed: Any) -> None:
    asked = ask(mixed.model.fitted, [{"city": "Rome"}], partial=True)
    assert asked.observed.sum() == 1
    with pytest.raises(DataError, match="absent"):
        ask(mixed.model.fitted, [{"city": "Rome"}])
    with pytest.raises(DataError, match="cannot be a condition") as refusal:
        ask(mixed.model.fitted, [{"city": "Rome"}, {"city": "Rom"}], partial=True, strict=True)
    assert "row 1" in str(refusal.value) and "'Rome'" in refusal.value.hint


def test_the_noise_of_latents_averages_to_nothing(mixed: Any) -> None:
    """Pairs of opposite noise, shared by the rows: the average latent is the posterior's mean, for every row."""
    asked = ask(mixed.model.fitted, mixed.rows[:5])
    with torch.no_grad():
        posterior = mixed.model.module.posterior_of(asked.cells, asked.observed)
        several = latents(mixed.model.fitted, asked.cells, asked.observed, samples=8)
        single = latents(mixed.model.fitted, asked.cells, asked.observed)
        law = law_given(mixed.model.fitted, asked.cells, asked.observed, asked.observed, samples=5)
    torch.testing.assert_close(several.mean(0), posterior.mean, rtol=1e-4, atol=1e-5)
    assert torch.equal(single[0], posterior.mean) and several.shape == (8, 5, 8) and law.batch_shape == (5, 5, 8)


def test_cells_of_a_column_are_its_values(mixed: Any) -> None:
    assert column_values(mixed.model.fitted, "city", torch.arange(3.0)).to_pylist() == ["Bern", "Jena", "Lima"]


def test_one_condition_or_a_table_of_them() -> None:
    assert is_one({}) and is_one({"a": "text"}) and not is_one({"a": [1]}) and not is_one(pd.DataFrame({"a": [1]}))


def test_a_module_made_double_answers_alike(mixed: Any) -> None:
    double = vaekit.Model(copy.deepcopy(mixed.model.fitted))
    double.fitted.vae.double()
    for question in (
        lambda model: model.score(mixed.rows, reasons=0, alpha=0.5).total,
        lambda model: model.encode(mixed.rows).mean,
        lambda model: model.log_prob(mixed.rows, 4),
        lambda model: model.decode(np.zeros((2, model.fitted.vae.latents)))["income"],
    ):
        np.testing.assert_allclose(question(double), question(mixed.model), rtol=1e-3, atol=1e-4)
    assert double.encode(mixed.rows).mean.dtype == np.float64


def test_few_rows_are_told_what_many_are(mixed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, model = mixed.rows[:6], mixed.model
    few = model.reconstruct(rows), model.impute(rows), model.log_prob(rows, samples=8)
    monkeypatch.setattr("vaekit.modes.ask.FEW", 0)
    many = model.reconstruct(rows), model.impute(rows), model.log_prob(rows, samples=8)
    for own, other in zip(few[:2], many[:2], strict=True):
        pd.testing.assert_frame_equal(own, other, rtol=1e-4)
    assert few[2] == pytest.approx(many[2], rel=1e-5)
