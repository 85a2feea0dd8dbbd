"""Latents whose answer is known: one to one, turned by an angle, noise."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.modes.disentangle import dci, mig, sizes_of
from vaekit.posteriors import Product
from vaekit.posteriors.labelled import LabelledPosterior

ROWS = 1_500
NOISE = np.random.default_rng(0)
FACTORS = NOISE.integers(0, 5, (ROWS, 2))
TURN = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
ALONE = FACTORS[:, ::-1] * [2.0, -3.0] + 0.01 * NOISE.normal(size=(ROWS, 2))
EMPTY = 0.01 * NOISE.normal(size=(ROWS, 1))


def test_one_latent_a_factor_is_perfect():
    z = np.concatenate([ALONE, EMPTY], 1)
    assert mig(z, FACTORS) == pytest.approx([1, 1], abs=0.03)
    told = dci(z, FACTORS)
    assert min(told.values()) > 0.97


def test_turned_latents_tell_as_much_and_stand_for_nothing():
    turned = (FACTORS - 2) @ TURN + 0.01 * NOISE.normal(size=(ROWS, 2))
    assert mig(turned, FACTORS).max() < 0.1
    told = dci(turned, FACTORS)
    assert told["informativeness"] > 0.97 and told["disentanglement"] < 0.3 and told["completeness"] < 0.3


def test_two_latents_for_one_factor_are_disentangled_and_incomplete():
    split = np.column_stack([FACTORS[:, 0] // 3, FACTORS[:, 0] % 3, FACTORS[:, 1]]) + 0.01 * NOISE.normal(
        size=(ROWS, 3)
    )
    told = dci(split, FACTORS)
    assert told["disentanglement"] > 0.95 and told["completeness"] < 0.9
    gaps = mig(split, FACTORS)
    assert gaps[0] < 0.5 < 0.9 < gaps[1]


def test_a_class_is_one_variable():
    v = FACTORS[:, 0]
    latents, sizes = np.column_stack([np.eye(5)[(v + 2) % 5], EMPTY]), [5, 1]
    assert mig(latents, v[:, None], sizes)[0] > 0.95 > 0.1 > mig(latents, v[:, None])[0]
    scores = dci(latents, v[:, None], 0, sizes)
    assert scores["completeness"] > 0.95 and scores["informativeness"] > 0.99
    posterior = Product(8, 4, parts=[{"kind": "gaussian"}, {"kind": "categorical", "latent": 2, "classes": 3}])
    assert sizes_of(posterior) == [1, 1, 1, 1, 3, 3] and sizes_of(LabelledPosterior(8, 2, levels=4)) == [4, 1, 1]


def test_noise_tells_nothing():
    noise = NOISE.normal(size=(ROWS, 3))
    assert mig(noise, FACTORS).max() < 0.05
    told = dci(noise, FACTORS)
    assert told["informativeness"] < 0.3 and told["disentanglement"] < 0.2


def test_numbers_and_names_are_factors_too():
    size, colour = NOISE.normal(size=ROWS), np.array(["red", "green"])[FACTORS[:, 0] % 2]
    z = (
        np.column_stack([np.argsort(np.argsort(size)), colour == "red"]) * 1.0
    )  # ranks: bins of equal width hold equal shares
    assert mig(z, [size, colour]) == pytest.approx([1, 1], abs=0.01)
    assert min(dci(z, [size, colour]).values()) > 0.97


def test_one_latent_and_a_factor_that_never_changes():
    assert mig(ALONE[:, :1], np.zeros((ROWS, 1))).tolist() == [0]
    assert mig(ALONE[:, :1], FACTORS[:, 1:]) == pytest.approx([1], abs=0.01)


def test_a_report_has_them_where_factors_are_given(mixed):
    rows = mixed.rows.assign(half=np.arange(len(mixed.rows)) % 2)
    by_name = mixed.model.evaluate(
        rows.drop(columns="half"), factors={"half": rows["half"], "city": rows["city"]}
    ).metrics
    assert set(by_name["mig"]["factors"]) == {"half", "city"} and set(by_name["dci"]) == {
        "disentanglement", "completeness", "informativeness"
    }  # fmt: skip
    assert json.loads(json.dumps(by_name, allow_nan=False)) == by_name
    assert 0 <= by_name["mig"]["factors"]["half"] < 0.1
    with pytest.warns(UserWarning, match="'half' ignored"):
        again = mixed.model.evaluate(rows, factors=["half", "city"]).metrics
    assert again["mig"] == by_name["mig"] and again["dci"] == by_name["dci"]
    assert "mig" not in mixed.model.evaluate(mixed.rows[:40]).metrics


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (["town"], "factors: no column 'town' in the data"),
        ({"side": [1, 2]}, r"factor 'side' has shape \(2,\), expected one value for each of 40 rows"),
        ([], "factors is empty"),
        ({"side": pa.array([None] * 30 + [1] * 10)}, "10 rows with all factors, expected at least 20"),
    ],
)
def test_factors_that_are_none_are_refused(factors, message, mixed):
    with pytest.raises(DataError, match=message):
        mixed.model.evaluate(mixed.rows[:40], factors=factors)
