"""The diagonal Gaussian posterior."""

import torch

from vaekit import rng
from vaekit.posteriors import Gaussian


def test_mean_and_log_variance_are_the_two_halves_of_one_layer():
    posterior, features = Gaussian(5, 3).double(), rng.table(0, (7, 5), dtype=torch.float64)
    law = posterior(features)
    mu, log_variance = posterior.parameters_of(features).chunk(2, -1)
    torch.testing.assert_close(law.mean, mu)
    torch.testing.assert_close(law.variance.log(), log_variance)


def test_draws_carry_gradients_and_have_the_law():
    with rng.seeded(0):  # its weights, too
        posterior = Gaussian(5, 3)
        law = posterior(rng.table(0, (1, 5)))
        z = law.rsample((20_000,))
    z.sum().backward()
    assert (posterior.parameters_of.weight.grad != 0).any()
    torch.testing.assert_close(z.mean(0), law.mean, atol=0.03, rtol=0)
    torch.testing.assert_close(z.std(0), law.stddev, atol=0.03, rtol=0)


def test_the_deviation_stays_within_its_range():
    law = Gaussian(2, 1)(torch.tensor([[1e6, -1e6], [-1e6, 1e6]]))
    assert law.stddev.min() >= 0.0009 and law.stddev.max() <= 20.1 and law.log_prob(law.mean).isfinite().all()
