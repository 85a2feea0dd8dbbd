"""A mixture of the model's own posteriors, at inputs that are learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.errors import SpecError
from vaekit.priors import VampPrior

BRIEF = {"epochs": 2, "prior_epochs": 1, "batch": 50}


def table(rows):
    """Numbers with gaps and a column of words, dependent."""
    noise = np.random.default_rng(rows)
    x = noise.normal(size=(rows, 3)) + noise.normal(size=(rows, 1))
    frame = pd.DataFrame(x, columns=list("abc")).assign(d=np.where(x[:, 0] > 0, "up", "down"))
    return frame.mask(noise.random(frame.shape) < 0.1)


def test_it_is_the_mixture_of_the_posteriors_of_its_inputs():
    vae = vaekit.fit(table(100), "vae", prior={"kind": "vamp", "components": 4}, latent=3, train=BRIEF).module
    law = vae.prior_law()
    with torch.no_grad():
        parts = vae.posterior(vae.net.encode(vae.prior.inputs))
        z = parts.sample()
        each = torch.stack([parts.log_prob(z[i]).sum(-1) for i in range(4)])
        torch.testing.assert_close(law.log_prob(z), each.logsumexp(1) - np.log(4))
    assert law.event_shape == (3,)


def test_it_begins_at_rows_of_the_training_data():
    model = vaekit.fit(
        table(100), prior={"kind": "vamp", "components": 130}, train={**BRIEF, "epochs": 1, "rate": 1e-9}
    )
    vae, asked = model.module, table(100)
    embedded = vae.prior.inputs.detach()
    assert embedded.shape[0] == 130 and len(embedded.round(decimals=1).unique(dim=0)) > 80
    from vaekit.modes.ask import ask

    rows = ask(model.fitted, asked)
    near = torch.cdist(embedded, vae.embed(rows.cells, rows.observed).detach()).min(1).values
    assert (near < 0.2).float().mean() > 0.6, "a little noise apart from a row, but for cells that were set aside"


def test_samples_completions_and_bounds_come_from_it():
    model = vaekit.fit(table(100), "vae", prior={"kind": "vamp", "components": 5}, train=BRIEF)
    assert len(model.sample(5)) == 5 and np.isfinite(model.log_prob(table(4), samples=4)).all()
    assert not model.impute(table(4), draws=2)[0].isna().any().any()


def test_a_posterior_without_a_density_is_refused():
    with pytest.raises(SpecError, match="normal posteriors"):
        vaekit.fit(table(50), "ae", prior="vamp", train=BRIEF)


def test_so_much_of_the_start_is_noise():
    from vaekit.posteriors import Gaussian

    prior, rows = VampPrior(2, features=3, posterior=Gaussian(4, 2), components=5), torch.arange(6.0).reshape(2, 3)
    prior.begin(rows)
    torch.testing.assert_close(prior.inputs.detach(), rows[[0, 1, 0, 1, 0]], atol=0.06, rtol=0)


def test_its_inputs_are_encoded_once_however_many_latents_are_drawn():
    """A name beside an image chooses among several draws of one law."""
    pictures = (np.random.default_rng(0).random((40, 4, 4)) * 255).astype(np.uint8)
    rows = vaekit.images(pictures, columns={"digit": pd.Series(["one", "two", "three", "four"] * 10)})
    model, asked = vaekit.fit(rows, "vamp", prior={"kind": "vamp", "components": 3}, train=BRIEF), []
    prior = model.module.prior
    prior.of, before = lambda *of: (asked.append(of), before(*of))[1], prior.of
    assert len(model.sample(given=pd.DataFrame({"digit": ["one", "two"]}))) == 2
    assert len(asked) == 1
