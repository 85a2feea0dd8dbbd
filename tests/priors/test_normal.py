"""N(0, I), and what it draws given contexts."""

import pytest
import torch
from torch.distributions import Normal

from vaekit import rng
from vaekit.priors import StandardNormal
from vaekit.priors.normal import from_law


def test_it_is_the_standard_normal():
    law = StandardNormal(3).double()()
    assert law.batch_shape == (3,) and law.mean.dtype == torch.float64
    assert law.log_prob(torch.zeros(3).double()).sum().exp().item() == pytest.approx((2 * torch.pi) ** -1.5)


def test_a_context_draws_from_its_posterior_and_an_empty_one_from_the_prior():
    context = Normal(torch.full((8_000, 2), 5.0), torch.full((8_000, 2), 0.1))
    empty = torch.arange(8_000) < 4_000
    with rng.seeded(0):
        z = from_law(StandardNormal(2)(), context, empty, 1.0)
        cold = from_law(StandardNormal(2)(), context, empty, 0.0)
    assert z[empty].mean().abs() < 0.05 and abs(z[empty].std() - 1) < 0.05
    assert abs(z[~empty].mean() - 5) < 0.01 and abs(z[~empty].std() - 0.1) < 0.01
    assert (cold[empty] == 0).all() and (cold[~empty] == 5).all()
