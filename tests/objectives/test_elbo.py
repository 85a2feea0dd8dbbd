"""Beta, warm-up and free bits do what they say."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from torch.distributions import Normal

import vaekit
from vaekit import rng
from vaekit.distributions import Columns, Delta, NormalCell, Scale
from vaekit.objectives import Elbo
from vaekit.objectives.elbo import plain
from vaekit.vae import Draw

B, K, L = 6, 3, 4


def draw(samples=2, spread=1.0, observed=None):
    mean = (spread * rng.table(0, (B, L), "mean")).requires_grad_()
    posterior = Normal(mean, rng.table(0, (B, L), "std").mul(0.3).exp())
    z = posterior.mean + posterior.stddev * rng.table(0, (samples, B, L), "z")
    units = Scale(["linear"] * K, torch.zeros(K), torch.ones(K))
    law = Columns([NormalCell(z[..., :K], torch.ones(K), units)], [torch.arange(K)], torch.arange(K))
    seen = torch.ones(B, K, dtype=torch.bool) if observed is None else observed
    return Draw(z, posterior, Normal(torch.zeros(L), 1.0), law, rng.table(0, (B, K), "cells"), seen, z), mean


def rate(each):
    q = each.posterior
    return (q.mean**2 + q.variance - 1 - q.variance.log()) / 2


def test_the_terms_are_the_textbooks():
    each, _ = draw()
    terms = Elbo()(each)
    torch.testing.assert_close(terms.kl, rate(each))
    torch.testing.assert_close(terms.reconstruction, -each.likelihood.log_prob(each.cells).sum(-1).mean(0))
    torch.testing.assert_close(terms.bound, terms.reconstruction + rate(each).sum(-1))
    torch.testing.assert_close(terms.loss, terms.bound.mean())


@given(st.floats(0, 10))
def test_beta_weighs_the_rate(beta):
    each, _ = draw()
    terms = Elbo(beta=beta)(each)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + beta * rate(each).sum(-1).mean())
    torch.testing.assert_close(terms.bound, Elbo()(each).bound)  # reported with weight one


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (0.7, 1.0), (1.0, 1.0)])
def test_warm_up_grows_over_its_share_of_the_training(progress, weight):
    each, _ = draw()
    terms = Elbo(beta=3.0, warm_up=0.2)(each, progress)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + 3 * weight * rate(each).sum(-1).mean())


def test_free_bits_cost_nothing_and_have_no_gradient():
    each, mean = draw(spread=0.01)
    terms = Elbo(free_bits=5.0)(each)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + L * 5.0)
    (gradient,) = torch.autograd.grad(terms.loss - terms.reconstruction.mean(), mean, allow_unused=True)
    assert gradient is None or (gradient == 0).all()


def test_free_bits_are_per_latent_and_averaged_over_the_batch():
    each, _ = draw(spread=2.0)
    average = rate(each).mean(0)
    bits = average.median().item()
    assert (average > bits).any() and (average < bits).any()
    terms = Elbo(free_bits=bits)(each)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + average.clamp(min=bits).sum())


def test_free_bits_of_latents_that_have_one_rate_together_are_those_of_all():
    objective = Elbo(free_bits=0.5)
    assert objective.price(torch.zeros(4, L), 1.0, L) == objective.price(torch.zeros(4, 1), 1.0, L) == 0.5 * L
    assert objective.price(torch.full((4, 1), 9.0), 1.0, L) == 9.0


def test_missing_cells_count_nothing_even_when_their_density_is_zero():
    observed = torch.ones(B, K, dtype=torch.bool)
    observed[0] = False
    each, mean = draw(observed=observed)
    each.cells[0] = 1e30
    terms = Elbo()(each)
    assert terms.reconstruction[0] == 0
    terms.loss.backward()
    assert mean.grad.isfinite().all()


@pytest.mark.parametrize(
    ("progress", "weight"), [(0.0, 0.0), (0.05, 0.4), (0.125, 1.0), (0.2, 1.0), (0.25, 0.0), (0.8, 0.4), (1.0, 1.0)]
)
def test_cycles_begin_anew_and_the_end_has_the_whole_weight(progress, weight):
    each, _ = draw()
    terms = Elbo(beta=3.0, warm_up=0.5, cycles=4)(each, progress)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + 3 * weight * rate(each).sum(-1).mean())


@pytest.mark.parametrize(("progress", "grown"), [(0.0, 0.0), (0.25, 2.5), (0.5, 5.0), (1.0, 5.0)])
def test_capacity_draws_the_rate_from_both_sides(progress, grown):
    for spread in (0.01, 9.0):
        each, mean = draw(spread=spread)
        nats = rate(each).sum(-1).mean()
        terms = Elbo(capacity=5.0, gamma=7.0, warm_up=0.5, beta=99.0)(each, progress)
        torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + 7 * (nats - grown).abs())
        price = terms.loss - terms.reconstruction.mean()
        (gradient,) = torch.autograd.grad(price, mean)
        assert ((gradient * mean).sum() > 0) == bool(nats > grown), "what is too much shrinks, what is too little grows"


def test_the_plain_bound_asks_for_n01_whatever_the_prior_and_takes_other_latents_as_they_are():
    each, _ = draw()
    far = replace(each, prior=Normal(torch.full_like(each.posterior.mean[0], 9.0), 0.1))
    expected = Elbo(warm_up=0.5)(replace(each, prior=Normal(torch.zeros_like(each.posterior.mean[0]), 1.0)), 0.1)
    torch.testing.assert_close(plain(far, 0.1).loss, expected.loss)
    point = replace(far, posterior=Delta(each.posterior.mean))
    torch.testing.assert_close(plain(point, 1.0).loss, expected.reconstruction.mean())


def test_a_fit_with_a_capacity_ends_near_it():
    noise = np.random.default_rng(0)
    hidden = noise.normal(size=(400, 3))
    data = hidden @ noise.normal(size=(3, 6)) + 0.3 * noise.normal(size=(400, 6))
    found = {}
    for capacity in (1.5, 6.0):
        objective = {"capacity": capacity, "warm_up": 0.5}
        train = {"epochs": 60, "batch": 64, "rate": 5e-3, "hide": 0.0}
        net = {"kind": "mlp", "hidden": [32]}
        model = vaekit.fit(data, "vae", net=net, latent=3, objective=objective, train=train)
        found[capacity] = sum(model.card["latents"]["kl_nats"])
    assert found == pytest.approx({1.5: 1.5, 6.0: 6.0}, rel=0.15)
