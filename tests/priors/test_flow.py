"""A flow is a normalised law of latents; learned afterwards it follows a context."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.distributions import Normal

import vaekit
from vaekit import rng
from vaekit.distributions.joint import Joint
from vaekit.errors import UserError
from vaekit.priors.flow import Flow

L = 2
BRIEF = {"epochs": 2, "prior_epochs": 2, "batch": 50}


def made(**options):
    with rng.seeded(0):
        return Flow(L, **{"condition": 0, "width": 16, "steps": 2, **options})


@torch.no_grad()
@pytest.mark.parametrize("shape", ["spline", "affine"])
def test_it_integrates_to_one_and_noise_lies_where_it_says(shape):
    prior = made(shape=shape, when="after")
    prior.start(torch.tensor([[1.0, -2.0], [2.0, 0.0]]), torch.full((2, 2), 0.5))
    law = prior.law(torch.ones(4))
    side = torch.linspace(-8, 8, 201)
    total = law.log_prob(torch.cartesian_prod(side, side)).exp().sum() * (side[1] - side[0]) ** 2
    assert total.item() == pytest.approx(1.0, abs=5e-3)
    noise = rng.table(0, (5, L))
    z = law.place(noise)
    back = law._flow.transform((z - prior.centre) / prior.spread)
    torch.testing.assert_close(back, noise, atol=1e-4, rtol=1e-4)
    assert law.event_shape == (L,) and law.batch_shape == ()


@pytest.fixture(scope="module")
def fitted():
    """Half of the steps show nothing, the others the first latent; z_1 = z_0^2 - 1 and little noise."""
    first = rng.table(0, (2_000,), "z")
    z = torch.stack([first, first.square() - 1 + 0.2 * rng.table(0, (2_000,), "e")], 1)
    prior = made(when="after")
    assert isinstance(prior(), Normal) and prior.learns
    prior.start(z, torch.full_like(z, 1e-3))
    with rng.seeded(0):
        optimiser = torch.optim.Adam(prior.parameters(), 1e-2)
        for _ in range(150):
            batch = z[torch.randint(len(z), (128,))]
            blank = torch.rand(128, 1) < 0.5
            shown = torch.stack([batch[:, 0], torch.zeros(128)], 1)
            part = Normal(shown.where(~blank, 0.0), torch.tensor([0.01, 1.0]).expand(128, 2).where(~blank, 1.0))
            optimiser.zero_grad()
            prior.loss(batch, part).mean().backward()
            optimiser.step()
    return prior


@torch.no_grad()
def test_learned_afterwards_it_follows_its_context(fitted):
    rows = 2_000
    empty = torch.zeros(rows, dtype=torch.bool)
    known = Normal(torch.tensor([1.5, 0.0]).expand(rows, 2), torch.tensor([0.01, 1.0]).expand(rows, 2))
    with rng.seeded(0):
        z = fitted.given(known, empty)
        free = fitted.given(Normal(torch.zeros(rows, 2), torch.ones(rows, 2)), ~empty)
    assert z[:, 0].mean().item() == pytest.approx(1.5, abs=0.15) and z[:, 1].mean().item() == pytest.approx(
        1.25, abs=0.7
    )
    assert free[:, 0].std().item() == pytest.approx(1.0, abs=0.15)
    assert (free[:, 1] - free[:, 0].square() + 1).abs().mean() < 0.5, "the curve, which no normal law has"


@pytest.mark.parametrize("when", ["during", "after"])
@pytest.mark.parametrize("given", [False, True])
def test_a_model_with_it_answers(when, given):
    noise = np.random.default_rng(0)
    rows = {name: noise.normal(size=90) for name in "abc"}
    model = vaekit.fit(
        rows, "vae", prior={"kind": "flow", "when": when, "width": 8}, train=BRIEF, given=["c"] if given else ()
    )
    law = model.module.prior_law()
    assert isinstance(law, Joint) and law.batch_shape == ()
    few = {name: values[:4] for name, values in rows.items()}
    assert np.isfinite(model.log_prob(few, samples=4)).all() and np.isfinite(model.score(few, alpha=0.2).total).all()
    assert len(model.sample(3)["a"]) == 3


def test_the_checks_of_torch_stay_as_they_were():
    code = (
        "import torch.distributions as d; before = d.Distribution._validate_args, d.Distribution.arg_constraints\n"
        "from vaekit.priors.flow import flows; flows()\n"
        "assert (d.Distribution._validate_args, d.Distribution.arg_constraints) == before and before[0] is True\n"
        "import torch\ntry: d.Normal(torch.zeros(1), -torch.ones(1))\nexcept ValueError: print('refused')"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "refused\n"
    )


def test_without_zuko_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zuko", None)
    monkeypatch.delitem(sys.modules, "zuko.flows", raising=False)
    with pytest.raises(UserError, match="needs zuko"):
        made()
