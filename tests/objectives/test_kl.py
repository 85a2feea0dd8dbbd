"""One function, both paths."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal, StudentT

from vaekit import rng
from vaekit.distributions import Delta
from vaekit.objectives import kl
from vaekit.objectives.kl import monte_carlo

STANDARD = Normal(torch.zeros(2).double(), torch.ones(2).double())


@given(st.floats(-20, 20), st.floats(-6, 3))
def test_the_closed_form_is_the_textbooks_and_not_negative(mean, log_std):
    law = Normal(torch.full((1, 2), mean).double(), torch.full((1, 2), log_std).double().exp())
    expected = (law.mean**2 + law.variance - 1 - law.variance.log()) / 2
    found = kl(law, STANDARD, torch.zeros(1, 1, 2))
    torch.testing.assert_close(found, expected)
    assert (found >= 0).all()


def test_monte_carlo_agrees_with_the_closed_form():
    law = Normal(rng.table(0, (3, 2), dtype=torch.float64), rng.table(1, (3, 2), dtype=torch.float64).exp())
    with rng.seeded(0):
        z = law.rsample((100_000,))
    torch.testing.assert_close(monte_carlo(law, STANDARD, z), kl(law, STANDARD, z), atol=0.03, rtol=0.02)


def test_a_pair_without_a_closed_form_takes_the_draws():
    prior = MixtureSameFamily(Categorical(torch.ones(2, 3)), Normal(torch.zeros(2, 3), torch.ones(2, 3)))
    law = Normal(torch.full((4, 2), 0.5), torch.full((4, 2), 1.0))
    z = law.sample((5,))
    assert torch.equal(kl(law, prior, z), monte_carlo(law, prior, z))
    assert kl(law, StudentT(torch.full((2,), 4.0)), z).shape == (4, 2)


def test_a_point_has_no_rate():
    assert torch.equal(kl(Delta(torch.ones(3, 2)), STANDARD, torch.ones(1, 3, 2)), torch.zeros(3, 2))


@pytest.mark.parametrize("mean", [1e3, -1e3])
def test_far_means_stay_finite_in_single_precision(mean):
    law = Normal(torch.full((1, 2), mean), torch.full((1, 2), 9e-4))
    assert kl(law, Normal(torch.zeros(2), torch.ones(2)), torch.zeros(1, 1, 2)).isfinite().all()


def test_laws_that_hold_latents_together_have_one_rate_a_row():
    posterior = Normal(torch.tensor([[0.5, -1.0], [0.0, 2.0]]), torch.tensor([[0.3, 1.0], [2.0, 0.5]]))
    together = MultivariateNormal(torch.zeros(2), torch.eye(2))
    with rng.seeded(0):
        z = posterior.rsample((20_000,))
    rate = kl(posterior, together, z)
    assert rate.shape == (2, 1)
    closed = kl(posterior, Normal(torch.zeros(2), 1.0), z).sum(-1, keepdim=True)
    torch.testing.assert_close(rate, closed, atol=0.03, rtol=0.03)
