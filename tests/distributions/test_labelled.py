"""A class and numbers that depend on it."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaekit import rng
from vaekit.distributions.discrete import Categories
from vaekit.distributions.labelled import Labelled
from vaekit.distributions.latents import expectation
from vaekit.distributions.side_by_side import SideBySide

LOGITS = rng.table(0, (4, 3), dtype=torch.float64)
LOC, SCALE = rng.table(1, (4, 3, 2), dtype=torch.float64), rng.table(2, (4, 3, 2), dtype=torch.float64).exp()
LAW = Labelled(LOGITS, LOC, SCALE, torch.tensor([-1, 2, -1, 0]))
PRIOR = SideBySide([Categories(torch.zeros(1, 3).double()), Normal(torch.zeros(2).double(), 1.0)])


def test_draws_have_the_moments_and_the_known_class():
    with rng.seeded(0):
        z = LAW.rsample((60_000,))
    torch.testing.assert_close(z.mean(0), LAW.mean, atol=0.05, rtol=0.03)
    torch.testing.assert_close(z.std(0), LAW.stddev, atol=0.05, rtol=0.03)
    assert (z[:, 1, 2] == 1).all() and (z[:, 3, 0] == 1).all() and len(z[:, 0, :3].unique(dim=0)) == 3


def test_the_density_is_that_of_the_class_and_of_the_numbers_given_it():
    z = torch.tensor([0.0, 1.0, 0.0, 0.3, -0.7]).double().expand(4, 5)
    found = LAW.log_prob(z)
    assert found.shape == (4, 5) and LAW.log_prob(z.expand(6, 2, 4, 5)).shape == (6, 2, 4, 5)
    torch.testing.assert_close(found[0, :3].sum(), LOGITS[0].log_softmax(-1)[1])
    torch.testing.assert_close(found[:, 3:], Normal(LOC[:, 1], SCALE[:, 1]).log_prob(z[:, 3:]))
    assert found[1].sum() < -9_000, "a class that the label denies"


def test_the_rate_is_the_average_of_the_log_ratio():
    with rng.seeded(0):
        z = LAW.rsample((100_000,))
    rate = kl_divergence(LAW, PRIOR)
    assert rate.shape == (4, 5)
    torch.testing.assert_close((LAW.log_prob(z) - PRIOR.log_prob(z)).mean(0), rate, atol=0.06, rtol=0.03)
    torch.testing.assert_close(rate[1, :3].sum().item(), torch.tensor(3.0).log().item(), atol=1e-4, rtol=0)
    with pytest.raises(NotImplementedError):
        kl_divergence(LAW, SideBySide([Categories(torch.zeros(1, 2).double()), Normal(torch.zeros(3).double(), 1.0)]))


def test_going_through_all_classes_is_the_exact_expectation():
    z, weights = LAW.enumerated()
    assert z.shape == (3, 4, 5) and weights.shape == (3, 4)
    torch.testing.assert_close((weights[..., None] * z[..., :3]).sum(0), LAW.mean[:, :3])
    assert weights[:, 1].tolist() == [0, 0, 1]


def test_going_through_few_classes_is_the_exact_expectation_on_average():
    """Values and gradients, though the last class is drawn and stands for those that are left out."""
    values = rng.table(3, (4, 5), dtype=torch.float64) + 100  # of each row and class; what all share must not matter
    logits = rng.table(4, (4, 5), dtype=torch.float64).requires_grad_()
    zero = torch.zeros(4, 5, 1).double()

    def average(states, rows=1):
        place = zero.repeat(rows, 1, 1)
        law = Labelled(logits.repeat(rows, 1), place, place + 1, torch.full((4 * rows,), -1), states)
        z, weights = law.enumerated()
        assert z.shape == (states, 4 * rows, 6)
        torch.testing.assert_close(weights.sum(0), torch.ones(4 * rows).double())
        of = z[..., :5].argmax(-1)
        return expectation(values.repeat(rows, 1).gather(1, of.T).T, weights).sum() / rows

    with rng.seeded(0):
        few = average(2, 40_000)
    every = average(5)
    torch.testing.assert_close(few, every, atol=0.05, rtol=0)
    one, two = (torch.autograd.grad(each, logits, retain_graph=True)[0] for each in (few, every))
    torch.testing.assert_close(one, two, atol=0.05, rtol=0)


def test_nothing_gets_a_gradient_that_is_no_number():
    logits = LOGITS.clone().requires_grad_()
    law = Labelled(logits, LOC, SCALE, torch.tensor([-1, 2, -1, 0]))
    (kl_divergence(law, PRIOR).sum() + law.rsample((2,)).sum() + law.log_prob(law.rsample()).sum()).backward()
    assert logits.grad.isfinite().all() and (logits.grad[0] != 0).any() and (logits.grad[1] == 0).all()
