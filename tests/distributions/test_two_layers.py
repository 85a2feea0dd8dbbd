from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vaekit import rng
from vaekit.distributions.two_layers import TwoLayers
from vaekit.objectives import kl

WEIGHT = torch.tensor([[0.7], [-1.2]]).double()


def linear(loc: torch.Tensor, scale: float, slope: float = 1.0, spread: float = 0.5) -> TwoLayers:
    """One latent above two, of which the lower layer is linear in the upper one: a normal law of all three."""
    loc = loc.double()
    return TwoLayers(
        Normal(loc, torch.full_like(loc, scale)), lambda top: Normal(slope * top @ WEIGHT.T + 0.3, spread), 3
    )


def written_out(law: TwoLayers, slope: float = 1.0, spread: float = 0.5) -> MultivariateNormal:
    """The same law as one normal law."""
    down = torch.cat([torch.ones(1, 1).double(), slope * WEIGHT])
    shift = torch.tensor([0.0, 0.3, 0.3]).double()
    own = torch.diag(torch.tensor([0.0, spread**2, spread**2]).double())
    covariance = law.top.variance[..., None] * (down @ down.T) + own
    return MultivariateNormal(law.top.mean @ down.T + shift, covariance)


def test_of_linear_layers_it_is_the_normal_law_of_both() -> None:
    law = linear(torch.tensor([[0.0], [2.0]]), 1.4)
    whole = written_out(law)
    assert law.batch_shape == (2,) and law.event_shape == (3,)
    with rng.seeded(0):
        z = law.rsample((40_000,))
    torch.testing.assert_close(law.log_prob(z), whole.log_prob(z))
    torch.testing.assert_close(law.mean, whole.mean)
    torch.testing.assert_close(law.stddev, whole.variance.sqrt())
    torch.testing.assert_close(z.mean(0), whole.mean, atol=0.05, rtol=0)
    torch.testing.assert_close(z[:, 1].T.cov(), whole.covariance_matrix[1], atol=0.1, rtol=0)


def test_its_rate_is_that_of_the_normal_laws() -> None:
    """Closed form given the top; over many draws of it the divergence of the two joint laws."""
    posterior, prior = linear(torch.tensor([[0.5], [-1.0]]), 0.6, slope=1.5, spread=0.4), linear(torch.zeros(1), 1.0)
    exact = kl_divergence(written_out(posterior, 1.5, 0.4), written_out(prior))
    with rng.seeded(0):
        z = posterior.rsample((20_000,))
    rate = kl(posterior, prior, z)
    assert rate.shape == (2, 1)
    torch.testing.assert_close(rate[:, 0], exact, rtol=0.02, atol=0.0)
    few = torch.stack([posterior.rate(prior, each[None]) for each in z[:500]])
    drawn = (posterior.log_prob(z[:500]) - prior.log_prob(z[:500])).var(0)
    assert (few.var(0) < 0.8 * drawn).all(), "less noise than the draws' own densities"


def test_moments_of_a_bent_layer_are_near() -> None:
    law = TwoLayers(Normal(torch.zeros(4, 1), 1.0), lambda top: Normal(top.square(), 0.1 + top.abs()), 2)
    with rng.seeded(0):
        z = law.rsample((50_000,))
    torch.testing.assert_close(law.mean, z.mean(0), atol=0.1, rtol=0)
    assert law.stddev[:, 1] == pytest.approx(z.std(0)[:, 1], rel=0.3)
