"""The discrepancy is nothing between equal laws and something between others, and weighs what it says."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from vaekit import rng
from vaekit.distributions import Delta
from vaekit.distributions.discrete import Categories
from vaekit.objectives import Elbo, Info
from vaekit.objectives.info import discrepancy, drawn
from vaekit.vae import Draw

KERNELS = pytest.mark.parametrize("kernel", ["imq", "rbf"])


@KERNELS
def test_equal_laws_are_not_apart_and_others_are(kernel):
    with rng.seeded(0):
        one, two = torch.randn(2, 20, 200, 3)
    near = torch.stack([discrepancy(a, b, kernel) for a, b in zip(one, two, strict=True)])
    assert abs(near.mean()) < 3 * near.std() / 20**0.5 < 0.002 and (near < 0).any(), "without bias"
    moved, narrow = (torch.stack([discrepancy(part(a), b, kernel) for a, b in zip(one, two, strict=True)])
                     for part in (lambda a: a + 1, lambda a: a / 3))  # fmt: skip
    assert moved.min() > 5 * near.abs().max() and narrow.min() > near.abs().max()


@KERNELS
def test_its_gradient_brings_latents_to_the_prior(kernel):
    z = (rng.table(0, (300, 2)) * 0.2 + 1.0).requires_grad_()
    for _ in range(200):
        (gradient,) = torch.autograd.grad(discrepancy(z, rng.table(1, (300, 2)), kernel), z)
        z = (z - 30 * gradient).detach().requires_grad_()
    assert z.mean(0).abs().max() < 0.25 and (z.std(0) > 0.7).all()


def test_it_is_the_bound_where_the_discrepancy_weighs_nothing(linear):
    draw = linear().draw
    assert torch.equal(Info(alpha=0.0, lam=1.0)(draw).loss, Elbo()(draw).loss)


@pytest.mark.parametrize(("alpha", "lam"), [(0.5, 10.0), (1.0, 3.0), (0.0, 2.0)])
def test_rate_and_discrepancy_have_their_weights(linear, alpha, lam):
    draw = linear(rows=40).draw
    with rng.seeded(0):
        terms = Info(alpha=alpha, lam=lam)(draw)
    with rng.seeded(0):
        far = discrepancy(draw.z[0], drawn(draw.prior, 40))
    expected = terms.reconstruction.mean() + (1 - alpha) * terms.kl.sum(-1).mean() + (alpha + lam - 1) * far
    torch.testing.assert_close(terms.loss, expected)
    assert torch.equal(terms.extra["discrepancy"], far)


def test_a_point_posterior_is_held_to_the_prior_too(linear):
    draw = linear(rows=40).draw
    point = replace(draw, posterior=Delta(draw.z[0]))
    with rng.seeded(0):
        assert Info(alpha=1.0, lam=9.0)(point).loss != Elbo()(point).loss


def test_latents_are_drawn_of_priors_of_every_form():
    alone, each = Normal(torch.zeros(3), 1.0), Normal(torch.zeros(7, 3), 1.0)
    together = MultivariateNormal(torch.zeros(3), torch.eye(3))
    assert all(drawn(prior, 7).shape == (7, 3) for prior in (alone, each, together))


def test_a_row_alone_is_compared_with_nothing():
    assert discrepancy(torch.ones(1, 2), torch.zeros(1, 2)) == 0


def test_values_that_are_listed_are_drawn_before_they_are_compared():
    logits = rng.table(0, (400, 1, 3))
    law, prior = Categories(logits, exact=True), Categories(torch.zeros(1, 3))
    z, weights = law.enumerated()
    nothing = Normal(torch.zeros(3, 400, 1), 1.0)
    each = Draw(z, law, prior, nothing, torch.zeros(400, 1), torch.ones(400, 1, dtype=torch.bool), z, weights)
    with rng.seeded(0):
        far = float(Info()(each).extra["discrepancy"])
    assert abs(far) < 0.02 < float(discrepancy(z[0], drawn(prior, 400))), "the first value of all rows is no draw"
