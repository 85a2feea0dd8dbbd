"""An inverse autoregressive flow is a law: it integrates to one, and its draws have its density."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.posteriors.iaf import Autoregressive, Flow

BRIEF = {"epochs": 2, "prior_epochs": 1, "batch": 50}


def table(rows):
    """Numbers with gaps and a column of words, dependent."""
    noise = np.random.default_rng(rows)
    x = noise.normal(size=(rows, 3)) + noise.normal(size=(rows, 1))
    frame = pd.DataFrame(x, columns=list("abc")).assign(d=np.where(x[:, 0] > 0, "up", "down"))
    return frame.mask(noise.random(frame.shape) < 0.1)


def law(latents=2, rows=1, **options):
    """Of features that are noise, by weights well off their start."""
    with rng.seeded(3), torch.no_grad():
        flow = Flow(6, latents, **options).double()
        for parameter in flow.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
        flow.parameters_of.weight.mul_(0.1)
        return flow(torch.randn(rows, 6).double())


@torch.no_grad()
def test_it_integrates_to_one_and_has_its_moments():
    q = law(steps=2, width=16)
    side = torch.linspace(-10, 10, 401).double()
    grid = torch.cartesian_prod(side, side)
    density = q.log_prob(grid[:, None]).exp()[:, 0] * (side[1] - side[0]) ** 2
    assert density.sum().item() == pytest.approx(1.0, abs=2e-3)
    with rng.seeded(0):
        z = q.sample((50_000,))[:, 0]
    torch.testing.assert_close((density[:, None] * grid).sum(0), z.mean(0), atol=0.05, rtol=0)
    torch.testing.assert_close(q.mean[0], z.mean(0), atol=0.3, rtol=0)
    correlation = torch.corrcoef(z.T)[0, 1].abs()
    curved = torch.corrcoef(torch.stack([z[:, 0].square(), z[:, 1]]))[0, 1].abs()
    assert max(correlation, curved) > 0.1, "the latents depend on one another"


@pytest.mark.parametrize("latents", [1, 2, 5])
def test_the_density_of_its_own_draws_is_that_of_any_others(latents):
    q = law(latents, rows=4, steps=3)
    with rng.seeded(0):
        z = q.rsample((7,))
    known = q.log_prob(z)
    assert known.shape == (7, 4)
    torch.testing.assert_close(q.log_prob(z.clone()), known, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(q.log_prob(z[:, 1:2].expand(7, 4, latents))[:, 1], known[:, 1], rtol=1e-5, atol=1e-5)


def test_a_latent_is_moved_by_those_before_it_alone():
    for turned in (False, True):
        with rng.seeded(0):
            step = Autoregressive(4, 16, 3, turned=turned)
        for part in (0, 1):
            jacobian = torch.autograd.functional.jacobian(
                lambda z, s=step, p=part: s(z, torch.ones(3))[p], torch.ones(4)
            )
            seen = jacobian != 0
            below = torch.ones(4, 4).tril(-1).bool()
            assert torch.equal(seen, below.T if turned else below)


def test_without_its_steps_it_is_the_diagonal_gaussian():
    q = law(3, rows=2)
    q._steps = []
    z = q.rsample((5,))
    plain = torch.distributions.Normal(q._mu, q._log_sigma.exp())
    torch.testing.assert_close(q.log_prob(z), plain.log_prob(z).sum(-1))
    torch.testing.assert_close(q.mean, plain.mean)
    torch.testing.assert_close(q.stddev, plain.stddev)


def test_a_model_with_it_answers():
    model = vaekit.fit(table(100), "vae", posterior="flow", train=BRIEF)
    rows = table(4)
    assert np.isfinite(model.log_prob(rows, samples=4)).all() and np.isfinite(model.score(rows, alpha=0.2).total).all()
    assert np.isfinite(model.encode(rows).std).all() and len(model.sample(3)) == 3
    assert not model.impute(rows).isna().any().any()
