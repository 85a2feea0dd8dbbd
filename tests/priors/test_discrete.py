"""Priors of classes, bits, and several kinds side by side."""

import pytest
import torch

from vaekit import rng
from vaekit.errors import SpecError
from vaekit.posteriors import Binary, Categorical, Gaussian, Product
from vaekit.priors import BernoulliPrior, CategoricalPrior, ProductPrior
from vaekit.priors.normal import from_law

PARTS = [{"kind": "gaussian", "latent": 2}, {"kind": "categorical", "latent": 2, "classes": 3}]
CASES = {
    "categorical": (Categorical(5, 2, classes=3), CategoricalPrior),
    "bernoulli": (Binary(5, 6), BernoulliPrior),
    "product": (Product(5, 2, parts=PARTS), ProductPrior),
}


@pytest.mark.parametrize("name", CASES)
def test_a_context_draws_from_its_posterior_and_an_empty_one_from_the_prior(name):
    posterior, kind = CASES[name]
    prior = kind(posterior.latents, posterior=posterior)
    context = posterior(rng.table(0, (1, 5)).expand(20_000, -1))
    empty = torch.arange(20_000) < 10_000
    with rng.seeded(0), torch.no_grad():
        z = from_law(prior(), context, empty, 1.0)
    torch.testing.assert_close(z[empty].mean(0), prior().mean, atol=0.04, rtol=0)
    torch.testing.assert_close(z[~empty].mean(0), context.mean[0].detach(), atol=0.04, rtol=0)


@pytest.mark.parametrize("name", CASES)
def test_shares_are_equal_or_learned(name):
    posterior, kind = CASES[name]
    assert not list(kind(posterior.latents, posterior=posterior).parameters())
    learned = kind(posterior.latents, posterior=posterior, shares="learned")
    with torch.no_grad():
        for parameter in learned.parameters():
            parameter[..., 0] += 1
    moved = learned().mean - kind(posterior.latents, posterior=posterior)().mean
    assert (moved != 0).any()


@pytest.mark.parametrize("name", CASES)
def test_other_latents_are_refused(name):
    with pytest.raises(SpecError, match="posterior Gaussian has other latents"):
        CASES[name][1](6, posterior=Gaussian(5, 6))
