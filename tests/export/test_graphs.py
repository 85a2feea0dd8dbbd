"""The graphs compute what the modes compute, whatever was fitted: before any of it is traced."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from vaekit.export import example
from vaekit.export.graphs import GRAPHS, Decoder, Encoder, Scorer
from vaekit.modes.calibrate import centred, raw_scores
from vaekit.modes.ways import way


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
