from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

import vaekit
from vaekit.errors import DataError, SchemaError, SpecError


def test_a_traverse_walks_each_latent(mixed: Any) -> None:
    walk = mixed.model.traverse(mixed.rows[:1], dims=[2, 0], span=2.0, steps=5)
    assert len(walk) == 10 and list(walk.latent) == [2] * 5 + [0] * 5
    np.testing.assert_allclose(walk.where, [-2, -1, 0, 1, 2] * 2)
    start = mixed.model.encode(mixed.rows[:1]).mean[0]
    others = [i for i in range(8) if i != 2]
    assert (walk.z[:5, others] == start[others]).all() and (np.diff(walk.z[:5, 2]) > 0).all()


def test_steps_are_deviations_of_the_training_rows(mixed: Any) -> None:
    walk = mixed.model.traverse(dims=[1], span=1.0, steps=3)
    assert np.array_equal(mixed.model.traverse(dims=1, span=1.0, steps=3).z, walk.z)
    spread = mixed.model.encode(mixed.fitted_on).mean.std(0)[1]
    assert np.diff(walk.z[:, 1]) == pytest.approx([spread, spread], rel=0.1)


def test_latents_come_in_the_order_of_their_rate(mixed: Any) -> None:
    rates = mixed.model.card["latents"]["kl_nats"]
    walk = mixed.model.traverse(steps=2)
    assert list(walk.latent[::2]) == sorted(range(8), key=lambda i: -rates[i])


@pytest.mark.parametrize("name", ["latent", "where"])
def test_a_column_that_is_called_as_one_of_the_walk_is_refused(name: str) -> None:
    rows = pd.DataFrame({name: np.linspace(0, 1, 90), "x": np.sin(np.arange(90.0))})
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1}, latent=2)
    for walk in (model.traverse(steps=2), model.interpolate(rows[:1], rows[1:2], steps=3)):
        assert len(walk) == len(walk.where) == len(walk.latent)
        for table in (walk.to_arrow, walk.to_frame):
            with pytest.raises(SchemaError, match=f"a walk needs a column '{name}'"):
                table()


def test_an_end_may_hold_more_than_the_fitted_type() -> None:
    rows = pd.DataFrame({"n": np.arange(-100, 100, dtype="int8"), "x": np.linspace(0, 1, 200)})
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1}, latent=2)
    walk = model.interpolate({"n": 3, "x": 0.1}, {"n": 30_000, "x": 0.2}, steps=3).to_arrow()
    assert walk["n"].to_pylist()[::2] == [3, 30_000]


def test_the_table_says_where_each_row_lies(mixed: Any) -> None:
    frame = mixed.model.traverse(mixed.rows[:1], dims=[0], steps=3).to_frame()
    assert isinstance(frame, pd.DataFrame) and list(frame.columns) == ["latent", "where", *mixed.rows.columns]
    assert isinstance(mixed.model.traverse(pl.from_pandas(mixed.rows[:1]), dims=[0], steps=2).to_frame(), pl.DataFrame)


def test_something_changes_along_the_most_used_latent(mixed: Any) -> None:
    frame = mixed.model.traverse(steps=5).to_frame()
    most = frame[frame["latent"] == frame["latent"].iloc[0]]
    assert most[["height", "joined", "income"]].nunique().max() > 2


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_an_interpolation_begins_and_ends_at_its_rows(case: Any, path: str) -> None:
    a, b = case.rows[4:5], case.rows[9:10]
    walk = case.model.interpolate(a, b, steps=5, path=path)
    frame = walk.to_frame()
    ends, names = case.model.encode(case.rows[4:10]).mean[[0, 5]], list(case.model.fitted.schema.names)
    np.testing.assert_allclose(walk.z[[0, -1]], ends, atol=1e-4)
    if isinstance(frame, np.ndarray):
        np.testing.assert_array_equal(frame[[0, -1], 2:], case.rows[[4, 9]])
    else:
        assert frame[names].iloc[[0]].reset_index(drop=True).equals(a.reset_index(drop=True))
        assert frame[names].iloc[[-1]].reset_index(drop=True).equals(b.reset_index(drop=True))
    np.testing.assert_allclose(walk.where, np.linspace(0, 1, 5))
    assert (walk.latent == -1).all()


def test_between_the_rows_lies_what_lies_between_them(mixed: Any) -> None:
    whole = mixed.rows.dropna().sort_values("height")
    frame = mixed.model.interpolate(whole[:1], whole[-1:], steps=7).to_frame()
    assert np.corrcoef(frame["height"], np.arange(7))[0, 1] > 0.9


def test_a_row_may_be_a_dict_or_a_series(words: Any) -> None:
    a, b = words.rows.iloc[0], dict(words.rows.iloc[1])
    walk = words.model.interpolate(a, b, steps=2)
    assert [row["coin"] for row in walk._rows.to_pylist()] == [a["coin"], b["coin"]]


def test_a_shift_moves_the_row(mixed: Any) -> None:
    row = mixed.rows.dropna()[:1]
    still, moved = mixed.model.shift(row, {}), mixed.model.shift(row, {0: 3.0, np.int64(1): -3})
    assert still.equals(mixed.model.reconstruct(row)), "no move is the reconstruction"
    assert not moved.equals(still) and list(moved.columns) == list(row.columns) and moved.index[0] == row.index[0]
    back = mixed.model.shift(row, {0: 3.0})
    assert len(back) == 1


def test_given_columns_stay_on_the_way(fitted: Any) -> None:
    case = fitted("given")
    row = case.rows.dropna()[:1]
    for frame in (case.model.traverse(row, dims=[0], steps=3).to_frame(), case.model.shift(row, {0: 2.0})):
        assert (frame["city"] == row["city"].iloc[0]).all()
    assert case.model.traverse(dims=[0], steps=3).to_frame()["city"].nunique() <= 1


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 1},
        {"steps": 2.5},
        {"span": 0},
        {"span": "wide"},
        {"dims": [8]},
        {"dims": [-1]},
        {"dims": ["a"]},
        {"dims": []},
    ],
)
def test_wrong_options_of_traverse_are_refused(mixed: Any, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=f"{next(iter(options))}|latent"):
        mixed.model.traverse(**options)


def test_wrong_questions_are_refused(mixed: Any) -> None:
    a, b = mixed.rows[:1], mixed.rows[:2]
    with pytest.raises(DataError, match="b: 2 rows, expected one"):
        mixed.model.interpolate(a, b)
    with pytest.raises(SpecError, match="path='straight'"):
        mixed.model.interpolate(a, a, path="straight")
    with pytest.raises(SpecError, match="steps=1"):
        mixed.model.interpolate(a, a, steps=1)
    with pytest.raises(SpecError, match="latent 99"):
        mixed.model.shift(a, {99: 1.0})
    with pytest.raises(SpecError, match="'far'"):
        mixed.model.shift(a, {0: "far"})
    with pytest.raises(DataError, match="height"):
        mixed.model.shift({"id": "x"}, {0: 1.0})


def test_a_direction_is_added_to_the_latents(numbers):
    model, row = numbers.model, numbers.rows[:1]
    z, direction = model.encode(row).mean, np.array([0.5, -1.0])
    np.testing.assert_array_equal(model.shift(row, direction), model.decode(z + direction.astype(np.float32)))
    spread = model.fitted.arrays["latents.spread"]
    np.testing.assert_allclose(
        model.shift(row, {1: 2.0}), model.shift(row, np.array([0.0, 2.0 * spread[1]])), rtol=1e-6
    )
    np.testing.assert_array_equal(model.shift(row, torch.from_numpy(direction)), model.shift(row, direction.tolist()))


def test_the_way_between_two_groups_moves_a_row_from_one_to_the_other(numbers):
    """King - man + woman: the difference of two groups' means carries what tells them apart."""
    rows = numbers.rows
    z, high = numbers.model.encode(rows).mean, rows[:, 0] > np.median(rows[:, 0])
    way = z[high].mean(0) - z[~high].mean(0)
    low = rows[~high][:1]
    moved = numbers.model.shift(low, way) - numbers.model.shift(low, 0 * way)
    apart = rows[high].mean(0) - rows[~high].mean(0)
    np.testing.assert_allclose(moved[0], apart, rtol=0.5)


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((1, 2)), [0.0, np.nan], "up", 1.0])
def test_what_is_no_direction_is_refused(wrong, numbers):
    with pytest.raises(SpecError, match="direction") as refusal:
        numbers.model.shift(numbers.rows[:1], wrong)
    assert "array (2,)" in refusal.value.hint
