"""The graphs compute what the modes compute, whatever was fitted: before any of it is traced."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.export import example
from vaekit.export.graphs import GRAPHS, Decoder, Encoder, Scorer
from vaekit.export.write import quiet, write_graph
from vaekit.modes.ask import ask
from vaekit.modes.calibrate import centred, raw_scores
from vaekit.modes.ways import way
from vaekit.presets import PRESETS


@pytest.mark.parametrize("name", ["mixed", "numbers", "given", "ae", "image-given", "stream-mlp"])
def test_the_scorer_scores_as_the_model_does(fitted: Any, name: str) -> None:
    model = fitted(name).model.fitted
    rows, by = example(model), way(model, "default")
    cells, observed = rows["cells"], rows["observed"]
    with torch.no_grad():
        wanted = centred(model, by, raw_scores(model, by, cells, observed), observed)
        score, own, bound = Scorer(model)(cells, observed, rows["shared noise"])
    torch.testing.assert_close(score.double(), wanted.total, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(own.double(), wanted.cells, rtol=1e-4, atol=1e-4)
    assert bound.shape == score.shape and bound.isfinite().all()


@pytest.mark.parametrize(("which", "column"), [("routes", "miles"), ("bills", "bill")])
def test_rows_that_contradict_themselves_have_their_score(
    request: pytest.FixtureRequest, which: str, column: str, tmp_path: Path
) -> None:
    own, table = request.getfixturevalue(which)
    model, rows = own.fitted, table.head(64).copy()
    rows[column] = rows[column].to_numpy()[::-1]
    asked = ask(model, rows)
    cells, observed, noise = asked.cells, asked.observed, example(model)["shared noise"]
    scorer, wanted = Scorer(model), torch.from_numpy(own.score(rows, reasons=0).total)
    with torch.no_grad():
        score = scorer(cells, observed, noise)[0]
    torch.testing.assert_close(score.double(), wanted, rtol=1e-4, atol=1e-4)
    if find_spec("onnxruntime") is not None:
        write_graph(scorer, {"cells": cells, "observed": observed, "noise": noise}, tmp_path / "scorer.onnx", "scorer")


NEEDS = {"given": {"given": ["city"]}, "label": {"label": "city"}, "": {}}


@pytest.fixture(scope="module")
def rows() -> Any:
    noise = np.random.default_rng(0)
    x = noise.normal(size=120)
    table = pd.DataFrame({"size": x, "price": np.exp(x), "city": np.where(x > 0.3, "Bern", "Oslo")})
    table.loc[::9, "price"] = None
    return table


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_scorer_in_tensors_alone(rows: Any, preset: str) -> None:
    if (
        preset == "flow-prior" and find_spec("zuko") is None
    ):  # imported here it would turn checks of laws off for everybody
        pytest.skip("zuko is not installed")
    train, needs = {"epochs": 1, "prior_epochs": 1}, NEEDS[PRESETS[preset].needs]
    model = vaekit.fit(rows, preset, train=train, latent=2, net={"kind": "mlp", "hidden": [8]}, **needs).fitted
    shown, by = example(model), way(model, "default")
    cells, observed = shown["cells"], shown["observed"]
    with torch.no_grad():
        wanted = centred(model, by, raw_scores(model, by, cells, observed), observed)
        score, _, bound = Scorer(model)(cells, observed, shown["shared noise"])
        mean, std, z = Encoder(model)(cells, observed, torch.zeros_like(shown["noise"]))
    torch.testing.assert_close(score.double(), wanted.total, rtol=1e-4, atol=1e-4)
    assert mean.shape == std.shape == z.shape == (len(cells), model.vae.latents) and bound.isfinite().all()


@pytest.mark.parametrize(("preset", "of"), [("vae", "images"), ("ladder", "rows"), ("iaf", "rows")])
def test_what_a_graph_must_not_ask_or_draw_is_settled_before(rows: Any, preset: str, of: str, tmp_path: Path) -> None:
    """Whether all pixels are there, which a conv net asks; and the noise of moments without a closed form."""
    pytest.importorskip("onnxruntime")
    pixels = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype("uint8")
    data, net = (vaekit.images(pixels), "conv") if of == "images" else (rows, {"kind": "mlp", "hidden": [8]})
    model = vaekit.fit(data, preset, train={"epochs": 1}, latent=2, net=net).fitted
    write_graph(Encoder(model), example(model), tmp_path / "encoder.onnx", "encoder")  # compares by itself


def test_a_graph_of_a_labelled_model_is_for_any_number_of_rows(rows: Any) -> None:
    model = vaekit.fit(
        rows, "m2", label="city", train={"epochs": 1}, latent=2, net={"kind": "mlp", "hidden": [8]}
    ).fitted
    shown = example(model)
    words = tuple(shown[name] for name in Encoder.inputs)
    with torch.no_grad(), quiet():
        traced = torch.export.export(Encoder(model), words, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},) * 3)
        assert len(traced.module()(*(each[:2] for each in words))[0]) == 2


def test_encoder_and_decoder_are_those_of_the_model(mixed: Any) -> None:
    model = mixed.model.fitted
    rows = example(model)
    cells, observed = rows["cells"], rows["observed"]
    with torch.no_grad():
        mean, std, z = Encoder(model)(cells, observed, rows["noise"])
        torch.testing.assert_close(mean, model.vae.posterior_of(cells, observed).mean)
        torch.testing.assert_close(z, mean + std * rows["noise"])
        torch.testing.assert_close(Decoder(model)(z, cells, observed), model.vae.likelihood_of(z[None]).best())
    assert set(GRAPHS) == {"encoder", "decoder", "scorer"}
