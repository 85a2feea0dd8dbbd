from __future__ import annotations

import torch
from torch.distributions import Independent, MultivariateNormal, Normal

from vaekit.distributions import Delta
from vaekit.distributions.latents import independent, is_normal, log_density, place

MEAN, NOISE = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[[0.5, -1.0]], [[0.0, 2.0]]])


def test_a_density_of_rows_is_the_same_whether_latents_are_held_together_or_not():
    apart = Normal(MEAN, 0.5)
    z = place(apart, NOISE)
    torch.testing.assert_close(log_density(apart, z), log_density(Independent(apart, 1), z))
    assert log_density(apart, z).shape == (2, 2)


def test_noise_is_placed_by_the_law_itself_where_it_knows_how():
    class Own(Normal):
        def place(self, noise):
            return self.mean + noise.exp()

    torch.testing.assert_close(place(Normal(MEAN, 2.0), NOISE), MEAN + 2 * NOISE)
    torch.testing.assert_close(place(Own(MEAN, 2.0), NOISE), MEAN + NOISE.exp())
    torch.testing.assert_close(place(Delta(MEAN), NOISE), MEAN.expand(2, 2, 2))


def test_laws_say_whether_latents_are_independent():
    together = MultivariateNormal(torch.zeros(2), torch.eye(2))
    assert independent(Normal(MEAN, 1.0), Normal(torch.zeros(2), 1.0))
    assert not independent(Normal(MEAN, 1.0), together)
    assert is_normal(Normal(MEAN, 1.0)) and not is_normal(together)
