"""Two layers: what encoder and prior say of the lower one is combined as Bayes' rule has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.distributions import Normal

import vaekit
from vaekit import rng
from vaekit.distributions.two_layers import TwoLayers
from vaekit.errors import SpecError
from vaekit.posteriors import Ladder

BRIEF = {"epochs": 1, "batch": 64}


def ladder(features: int = 6, latents: int = 3, **options: Any) -> Ladder:
    """Weights well off their start."""
    with rng.seeded(3), torch.no_grad():
        posterior = Ladder(features, latents, **options).double()
        for parameter in posterior.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return posterior


def features(rows: int) -> torch.Tensor:
    return rng.table(0, (rows, 6)).double()


@torch.no_grad()
def test_both_laws_integrate_to_one() -> None:
    posterior = ladder(latents=2)
    side = torch.linspace(-25, 25, 1001).double()
    grid = torch.cartesian_prod(side, side)
    for law in (posterior(features(1)), posterior.alone()):
        density = law.log_prob(grid if law.batch_shape == () else grid[:, None]).exp()
        assert density.sum().item() * (side[1] - side[0]).item() ** 2 == pytest.approx(1.0, abs=2e-3)


@torch.no_grad()
def test_the_lower_layer_is_the_product_of_encoder_and_prior() -> None:
    """log q(z_low|x, z_top) = log N(z_low; encoder) + log p(z_low|z_top) + a constant."""
    posterior, x = ladder(top=1), features(4)
    top = rng.table(1, (5, 4, 1)).double()
    mu, log_variance = posterior.parameters_of(x).chunk(2, -1)
    encoder, prior, met = Normal(mu, (log_variance / 2).exp()), posterior.below(top), posterior(x).low(top)
    points = [rng.table(seed, (5, 4, 2)).double() for seed in (2, 3)]
    apart = [met.log_prob(z) - encoder.log_prob(z) - prior.log_prob(z) for z in points]
    torch.testing.assert_close(apart[0], apart[1])
    assert (met.stddev < prior.stddev).all() and (met.stddev < encoder.stddev).all()


def test_where_the_encoder_knows_nothing_the_lower_layer_is_the_priors() -> None:
    posterior = ladder(top=1)
    with torch.no_grad():
        posterior.parameters_of.weight.zero_()
        posterior.parameters_of.bias.copy_(torch.tensor([0.0, 0.0, 40.0, 40.0]))
        posterior.down[-1].bias[2:] = -8.0
        top = rng.table(1, (5, 4, 1)).double()
        law, prior = posterior(features(4)).low(top), posterior.below(top)
    torch.testing.assert_close(law.mean, prior.mean, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(law.stddev, prior.stddev, atol=0, rtol=1e-3)


def test_about_a_quarter_of_the_latents_is_above() -> None:
    assert [Ladder(4, latents).top for latents in (2, 3, 4, 8, 32)] == [1, 1, 1, 2, 8]


@pytest.mark.parametrize(("latents", "options"), [(1, {}), (4, {"top": 4})])
def test_a_lower_layer_of_nothing_is_refused(latents: int, options: dict[str, int]) -> None:
    with pytest.raises(SpecError, match="none is left for the lower one") as refusal:
        Ladder(6, latents, **options)
    assert refusal.value.hint == f"latent={latents + 1} or more"


def test_a_model_with_it_answers(numbers: Any) -> None:
    model = vaekit.fit(numbers.fitted_on[:120], "ladder", latent=4, posterior={"top": 2}, train=BRIEF)
    rows = numbers.rows[:3]
    assert model.card["spec"]["prior"] == {"kind": "ladder"}
    assert isinstance(model.module.prior_law(), TwoLayers) and model.module.posterior.top == 2
    assert np.isfinite(model.log_prob(rows, samples=4)).all() and np.isfinite(model.encode(rows).std).all()
    assert len(model.sample(5)) == 5
