"""Counts: thin intervals, far tails, sums over all whole numbers."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from scipy import stats

from vaekit.distributions import DiscreteNormal, Scale
from vaekit.distributions.discrete_normal import log_interval

UNITS = Scale(["log1p"], torch.zeros(1), torch.ones(1))


def double(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def reference(low, high):
    """log(Phi(high) - Phi(low)) by double precision on the better side, by the density where that underflows."""
    if low > 0:
        low, high = -high, -low
    a, b = stats.norm.logcdf(low), stats.norm.logcdf(high)
    return b + np.log(-np.expm1(a - b)) if a - b < -1e-6 else stats.norm.logpdf((low + high) / 2) + np.log(high - low)


@given(st.floats(-30, 30), st.floats(1e-6, 20))
def test_an_interval_of_any_place_and_width(low, width):
    found = log_interval(*double(low, low + width, width))
    assert found.item() == pytest.approx(reference(low, low + width), rel=1e-6, abs=1e-6)


@given(st.floats(-200, 200), st.floats(1e-7, 5))
def test_single_precision_keeps_five_digits(low, width):
    width = np.float32(width).item()
    low = np.float32(low).item()
    single = log_interval(torch.tensor(low), torch.tensor(low + width), torch.tensor(width))
    exact = log_interval(*double(low, low + width, width))
    assert single.item() == pytest.approx(exact.item(), rel=3e-5, abs=3e-4)


@pytest.mark.parametrize("at", [-1e4, -300.0, -5.0, -0.01, 0.0, 3.0, 200.0, 1e4])
@pytest.mark.parametrize("width", [1e-6, 0.01, 0.0499, 0.0501, 1.0, 30.0])
def test_the_slope_is_that_of_the_tail(at, width):
    """d/dc log P(c - w/2 < x < c + w/2) by differences in double precision."""

    def value(centre):
        half = torch.tensor(width / 2, dtype=centre.dtype)
        return log_interval(centre - half, centre + half, torch.tensor(width, dtype=centre.dtype))

    single = torch.tensor(at, requires_grad=True)
    value(single).backward()
    step = 1e-4 * max(1.0, abs(at) / 100)
    rise = value(torch.tensor(at + step, dtype=torch.float64)) - value(torch.tensor(at - step, dtype=torch.float64))
    assert single.grad.item() == pytest.approx((rise / (2 * step)).item(), rel=2e-3, abs=2e-3)


def test_both_branches_meet():
    for place in (-9.0, -0.3, 0.0, 0.3, 9.0):
        thin, wide = (
            log_interval(*(torch.tensor([place, place + w], dtype=torch.float64))).item() - np.log(w)
            for w in (0.05 - 1e-9, 0.05 + 1e-9)
        )
        assert thin == pytest.approx(wide, abs=1e-5)


def test_zero_reaches_to_minus_infinity():
    law = DiscreteNormal(torch.tensor([-50.0]), torch.tensor([1.0]), UNITS)
    assert law.log_prob(torch.zeros(1)).item() == 0.0 and law.mean.item() == 0.0 and law.mode.item() == 0.0


@pytest.mark.parametrize("number", [0, 1, 7, 1_000, 100_000, 10_000_000])
def test_a_wide_law_gives_a_large_number_its_thin_interval(number):
    """In single precision the edges of ten million differ by less than one rounding; the mass is right all the same."""
    law = DiscreteNormal(torch.tensor([3.0]), torch.tensor([2.0]), UNITS)
    high = (np.log(number + 1.5) - 3) / 2
    expected = reference((np.log(number + 0.5) - 3) / 2, high) if number else stats.norm.logcdf(high)
    assert law.log_prob(torch.log1p(torch.tensor([float(number)]))).item() == pytest.approx(expected, abs=2e-3)


def test_small_counts_have_their_expected_number():
    """Most of the mass at zero: exp(m + s^2 / 2) - 1 would be below zero."""
    law = DiscreteNormal(torch.tensor([-1.0]), torch.tensor([1.0]), UNITS)
    numbers = torch.arange(2_000.0)
    expected = (law.log_prob(numbers.log1p()[:, None]).exp()[:, 0] * numbers).sum()
    assert UNITS.number(law.mean).item() == pytest.approx(expected.item(), rel=2e-3)
    assert expected > 0.1


def test_samples_are_whole_numbers():
    numbers = UNITS.number(DiscreteNormal(torch.tensor([2.0]), torch.tensor([1.0]), UNITS).sample((1_000,)))
    assert (numbers >= 0).all() and (numbers - numbers.round()).abs().max() < 1e-2
