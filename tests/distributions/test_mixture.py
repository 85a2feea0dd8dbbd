from __future__ import annotations

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal

from vaekit import rng
from vaekit.distributions.mixture import NormalMixture

C, L = 5, 3


def pair(narrow=1.0):
    """Ours and torch's."""
    with rng.seeded(0):
        logits, loc, scale = torch.randn(C), 2 * torch.randn(C, L), torch.rand(C, L) * narrow + 0.1 * narrow
    parts = Independent(Normal(loc, scale), 1)
    return NormalMixture(logits, loc, scale), MixtureSameFamily(Categorical(logits=logits), parts)


def sloped(narrow=1.0):
    """The same with whole covariances."""
    with rng.seeded(0):
        logits, loc, scale = torch.randn(C), 2 * torch.randn(C, L), torch.rand(C, L) * narrow + 0.1 * narrow
        slopes = torch.randn(C, L, L).tril(-1)
    roots = torch.linalg.inv((slopes + torch.eye(L)) / scale[..., None]).tril()
    return NormalMixture(logits, loc, scale, slopes), MixtureSameFamily(
        Categorical(logits=logits), MultivariateNormal(loc, scale_tril=roots)
    )


@pytest.mark.parametrize("narrow", [1.0, 1e-3])
@pytest.mark.parametrize("pair", [pair, sloped])
def test_it_is_the_mixture_of_torch(pair, narrow):
    ours, theirs = pair(narrow)
    z = theirs.sample((7, 4)) if narrow < 1 else rng.table(0, (7, 4, L))
    torch.testing.assert_close(ours.log_prob(z), theirs.log_prob(z), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.variance, theirs.variance)
    assert ours.event_shape == (L,) and ours.batch_shape == ()


@pytest.mark.parametrize("pair", [pair, sloped])
def test_responsibilities_are_those_of_bayes(pair):
    ours, theirs = pair()
    z = rng.table(0, (6, L))
    each = theirs.component_distribution.log_prob(z[:, None]) + theirs.mixture_distribution.logits
    torch.testing.assert_close(ours.responsibilities(z), each.softmax(-1))


@pytest.mark.parametrize("pair", [pair, sloped])
def test_draws_have_its_moments(pair):
    ours, theirs = pair()
    with rng.seeded(0):
        z = ours.sample((40_000,))
        cold = ours.around(torch.zeros(50, L))
    torch.testing.assert_close(z.mean(0), ours.mean, atol=0.03, rtol=0.02)
    torch.testing.assert_close(z.var(0), ours.variance, atol=0.03, rtol=0.03)
    assert ours.log_prob(z).mean() == pytest.approx(float(theirs.log_prob(theirs.sample((40_000,))).mean()), abs=0.03)
    assert (cold[:, None] == ours.loc).all(-1).any(1).all(), "without noise every draw is the centre of a component"


def test_parameters_and_values_have_gradients():
    loc, scale = torch.randn(C, L, requires_grad=True), torch.ones(C, L, requires_grad=True)
    logits, z = torch.zeros(C, requires_grad=True), torch.randn(4, L, requires_grad=True)
    NormalMixture(logits, loc, scale).log_prob(z).sum().backward()
    assert all((part.grad != 0).all() and part.grad.dtype == part.dtype for part in (loc, scale, logits, z))
