from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.errors import DataError
from vaekit.modes.encode import Latents


def test_latents_have_a_mean_and_a_deviation(dense: Any) -> None:
    found, L = dense.model.encode(dense.rows[:6]), dense.model.module.latents
    assert isinstance(found, Latents) and len(found) == 6
    assert found.mean.shape == found.std.shape == (6, L) and (found.std > 0).all()


def test_a_plain_autoencoder_has_points(fitted: Any) -> None:
    assert not fitted("ae").model.encode(fitted("ae").rows[:4]).std.any()


def test_the_table_names_every_latent(mixed: Any) -> None:
    frame = mixed.model.encode(mixed.rows[3:6]).to_frame()
    assert list(frame.columns) == [f"{part}_{i}" for part in ("mean", "std") for i in range(8)]
    assert isinstance(frame, pd.DataFrame) and list(frame.index) == [3, 4, 5]
    assert isinstance(mixed.model.encode(pl.from_pandas(mixed.rows[:2])).to_frame(), pl.DataFrame)


def test_it_agrees_with_the_module(mixed: Any) -> None:
    cells, observed = mixed.model.fitted.codec.encode(
        mixed.model.fitted.schema.conform(pa.Table.from_pandas(mixed.rows[:5]))
    )
    x = torch.from_numpy(np.where(observed, cells, np.nan)).float()
    with torch.no_grad():
        mu, log_variance = mixed.model.module.encode(x)
    found = mixed.model.encode(mixed.rows[:5])
    np.testing.assert_allclose(mu, found.mean, atol=1e-5)
    np.testing.assert_allclose((log_variance / 2).exp(), found.std, atol=1e-5)


def test_decode_undoes_encode_as_reconstruct_does(mixed: Any) -> None:
    latents = mixed.model.encode(mixed.rows[:20])
    rows = mixed.model.decode(latents)
    wanted = mixed.model.reconstruct(mixed.rows[:20]).drop(columns="id").reset_index(drop=True)
    assert rows.drop(columns="id").equals(wanted)


def test_latents_may_be_given_in_every_form(mixed: Any) -> None:
    latents = mixed.model.encode(mixed.rows[:3])
    wanted = mixed.model.decode(latents)
    frame = latents.to_frame()
    for other in (
        latents.mean,
        torch.from_numpy(latents.mean),
        latents.mean.tolist(),
        frame,
        pa.Table.from_pandas(frame),
    ):
        assert mixed.model.decode(other).equals(wanted), type(other)
    assert mixed.model.decode(latents.mean[0])["city"].equals(wanted["city"][:1]), "a single point"


def test_decode_answers_in_the_fitted_type(numbers: Any) -> None:
    assert numbers.model.decode(np.zeros((4, 2))).shape == (4, 2)


def test_given_columns_move_what_is_decoded(fitted: Any) -> None:
    model = fitted("given").model
    z = np.zeros((2, model.module.latents))
    rows = model.decode(z, given={"city": ["Bern", "Rome"]})
    assert list(rows["city"]) == ["Bern", "Rome"] and rows["joined"].iloc[0] < rows["joined"].iloc[1]
    assert (model.decode(z, given={"city": "Rome"})["city"] == "Rome").all(), "one condition for all points"
    with pytest.raises(DataError, match="3 conditions"):
        model.decode(z, given={"city": ["Bern", "Rome", "Oslo"]})
    with pytest.raises(DataError, match="Paris"):
        model.decode(z, given={"city": "Paris"})


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((2, 5)), r"shape \(2, 5\), expected \(B, 8\)"),
        (np.zeros(5), r"shape \(5,\)"),
        (np.full((1, 8), np.nan), "latent 0 of row 0 is nan"),
        (pd.DataFrame({"mean_0": [0.0]}), "'mean_1' is absent"),
        (np.array([["a"] * 8]), "not numbers"),
        ("no-such-file.csv", "no-such-file"),
        ([[1.0], [1.0, 2.0]], "not numbers"),
    ],
)
def test_what_is_no_latents_is_refused(mixed: Any, z: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mixed.model.decode(z)


def test_one_condition_holds_at_every_step_of_a_decoded_window() -> None:
    noise = np.random.default_rng(0)
    state = np.where(np.arange(240) % 60 < 30, "on", "off")
    stream = pd.DataFrame({"flow": np.where(state == "on", 5.0, 0.0) + noise.normal(size=240), "state": state})
    windows = vaekit.windows(stream, size=6, stride=3)
    net = {"kind": "mlp", "hidden": [16]}
    model = vaekit.fit(windows, given=["state"], latent=2, net=net, train={"epochs": 3, "prior_epochs": 1})
    decoded = model.decode(np.zeros((2, 2)), given={"state": "on"})
    assert len(decoded) == 12 and set(decoded["state"]) == {"on"}
    each = pd.DataFrame({"state": ["on"] * 6 + ["off"] * 6})
    assert list(model.decode(np.zeros((2, 2)), given=each)["state"]) == list(each["state"])
