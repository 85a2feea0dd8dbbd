"""The prior of two layers: the posterior's nets, registered once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.errors import SpecError
from vaekit.posteriors import Ladder
from vaekit.priors import LadderPrior

BRIEF = {"epochs": 1, "batch": 64}


def test_it_speaks_with_the_nets_of_the_posterior() -> None:
    posterior = Ladder(6, 4, top=1)
    prior = LadderPrior(4, posterior=posterior)
    assert not list(prior.parameters()) and not prior.state_dict()
    law, top = prior.of(SimpleNamespace(posterior=posterior)), torch.tensor([[0.5], [-2.0]])
    torch.testing.assert_close(law.top.mean, torch.zeros(1))
    torch.testing.assert_close(law.top.stddev, torch.ones(1))
    torch.testing.assert_close(law.low(top).mean, posterior.below(top).mean)


def test_it_learns_where_the_lower_layer_lies() -> None:
    """Latents of a curve, z_low = z_top^2 about: no normal law has such a tail to one side, two layers do."""
    top = rng.table(0, (2_000, 1))
    z = torch.cat([top, top.square() + 0.2 * rng.table(1, (2_000, 1))], -1)
    with rng.seeded(0):
        posterior = Ladder(6, 2, width=32)
    optimiser = torch.optim.Adam(posterior.down.parameters(), 1e-2)
    for _ in range(300):
        optimiser.zero_grad()
        loss = -posterior.alone().log_prob(z).mean()
        loss.backward()
        optimiser.step()
    exact = (0.5 + 0.9189) + (0.5 + 0.9189 + np.log(0.2))
    assert loss.item() == pytest.approx(exact, abs=0.15)
    with rng.seeded(1), torch.no_grad():
        drawn = posterior.alone().sample((5_000,))
    assert torch.corrcoef(torch.stack([drawn[:, 0].square(), drawn[:, 1]]))[0, 1] > 0.9


def test_another_posterior_is_refused(numbers: Any) -> None:
    with pytest.raises(SpecError, match="posterior Gaussian has one") as refusal:
        vaekit.fit(numbers.fitted_on[:50], "vae", prior="ladder", train=BRIEF)
    assert refusal.value.hint == "posterior='ladder'"


def test_its_posterior_can_have_another_prior_and_says_which_it_cannot(numbers: Any) -> None:
    model = vaekit.fit(numbers.fitted_on[:100], "ladder", prior="normal", train=BRIEF)
    assert np.isfinite(model.score(numbers.rows[:3], alpha=0.2).total).all()
    with pytest.raises(SpecError, match="learned on normal latents") as refusal:
        vaekit.fit(numbers.fitted_on[:50], "ladder", prior="flow_matching", train=BRIEF)
    assert "ladder" in str(refusal.value.hint)
