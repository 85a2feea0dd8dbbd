"""Poisson, negative binomial, and zeros of their own, against SciPy and against samples."""

import numpy as np
import pytest
import torch
from scipy import stats

from vaekit import rng
from vaekit.distributions.counts import Hurdle, NegativeBinomial, Poisson, ZeroInflated

N = torch.arange(60.0).double()[:, None]


def log(*numbers):
    return torch.tensor(numbers).log()


@pytest.mark.parametrize(("mean", "size"), [(0.01, 0.1), (3.0, 0.5), (3.0, 1e6), (400.0, 20.0)])
def test_the_negative_binomial_is_scipys(mean, size):
    law, known = NegativeBinomial(log(mean), log(size)), stats.nbinom(size, size / (size + mean))
    np.testing.assert_allclose(law.log_mass(N)[:, 0], known.logpmf(N[:, 0]), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(law.below(N)[:, 0], known.cdf(N[:, 0]), rtol=1e-5, atol=1e-6)
    assert law.log_zero().item() == pytest.approx(known.logpmf(0), rel=1e-5)
    assert law.mode().item() == pytest.approx(max(0, int((size - 1) / size * mean)), abs=1)


@pytest.mark.parametrize("mean", [1e-3, 3.0, 400.0])
def test_poisson_is_scipys_and_the_limit_of_the_negative_binomial(mean):
    law, near = Poisson(log(mean)), NegativeBinomial(log(mean), log(8e6))
    np.testing.assert_allclose(law.log_mass(N)[:, 0], stats.poisson(mean).logpmf(N[:, 0]), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(law.below(N)[:, 0], stats.poisson(mean).cdf(N[:, 0]), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(law.log_mass(N), near.log_mass(N), rtol=1e-3, atol=0.02)


def test_the_ratio_of_gammas_goes_on_beyond_its_last_digit():
    law, at = NegativeBinomial(log(1e9), log(3.0)), torch.tensor([[0.999999e9], [1.000001e9]]).double()
    one, two = law.log_mass(at).flatten().tolist()
    assert one == pytest.approx(two, abs=1e-4)
    assert law.log_mass(torch.tensor([5e34]).double()).isfinite().all()


@pytest.mark.parametrize(("mean", "size"), [(1e-4, 2.0), (0.3, 0.2), (5.0, 0.7), (5.0, 1e5)])
def test_what_is_drawn_above_zero_is_the_law_given_that(mean, size):
    for law in (NegativeBinomial(log(mean), log(size)), Poisson(log(mean))):
        with rng.seeded(0):
            drawn = law.draw_positive(torch.Size((40_000, 1)))
        assert drawn.min() >= 1
        for number in (1.0, 2.0, 5.0):
            zero = law.log_zero().exp()
            below = (law.below(torch.tensor([number]).double()) - zero) / (1 - zero)
            assert (drawn <= number).double().mean().item() == pytest.approx(below.item(), abs=0.012)


def test_a_hurdle_and_an_inflation_differ_in_what_zeros_mean():
    base, logit = Poisson(log(2.0)), torch.tensor([0.3]).logit()
    inflated, hurdle = ZeroInflated(base, logit), Hurdle(base, logit)
    zero = torch.zeros(1).double()
    assert hurdle.log_mass(zero).exp().item() == pytest.approx(0.3, rel=1e-5)
    assert inflated.log_mass(zero).exp().item() == pytest.approx(0.3 + 0.7 * np.exp(-2), rel=1e-5)
    assert hurdle.mean().item() == pytest.approx(0.7 * 2 / (1 - np.exp(-2)), rel=1e-5)
    assert inflated.mean().item() == pytest.approx(1.4, rel=1e-5)


@pytest.mark.parametrize(("share", "mode"), [(0.01, 6.0), (0.9, 0.0)])
def test_the_mode_weighs_the_zeros(share, mode):
    for law in (ZeroInflated, Hurdle):
        assert law(Poisson(log(6.5)), torch.tensor([share]).logit()).mode().item() == mode


def test_means_near_nothing_keep_a_finite_gradient():
    raw = torch.tensor([-50.0, -8.0, 60.0], requires_grad=True)
    (Hurdle(NegativeBinomial(raw, raw), raw).log_mass(torch.tensor([[0.0], [1.0], [1e6]]).double())).sum().backward()
    assert raw.grad.isfinite().all()
