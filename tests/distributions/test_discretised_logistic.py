"""Grey levels: exact sums, far means in single precision, mixtures."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from scipy import stats

from vaekit import rng
from vaekit.distributions import DiscretisedLogistic

LEVELS = torch.tensor([256.0])
EVERY = torch.arange(256)[:, None] / 255


def single(loc, scale, dtype=torch.float32, levels=LEVELS):
    loc, scale = (torch.as_tensor(part, dtype=dtype).reshape(1, 1) for part in (loc, scale))
    return DiscretisedLogistic(torch.zeros_like(loc), loc, scale, levels)


@given(st.floats(-2, 3), st.floats(4e-4, 5), st.integers(0, 255))
def test_a_level_has_the_mass_between_its_edges(loc, scale, level):
    found = single(loc, scale, torch.float64).log_prob(EVERY[level].double()).item()
    low, high = ((level - 0.5) / 255 - loc) / scale, ((level + 0.5) / 255 - loc) / scale
    if level == 0:
        expected = stats.logistic.logcdf(high)
    elif level == 255:
        expected = stats.logistic.logsf(low)
    else:
        low, high = (-high, -low) if low > 0 else (low, high)
        expected = stats.logistic.logcdf(high) + np.log(
            -np.expm1(stats.logistic.logcdf(low) - stats.logistic.logcdf(high))
        )
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.floats(-50, 50), st.floats(4e-4, 20), st.integers(0, 255))
def test_single_precision_keeps_its_digits_and_its_slope_far_from_the_mean(loc, scale, level):
    values, slopes = [], []
    for dtype in (torch.float32, torch.float64):
        leaves = [torch.tensor([[np.float32(number)]], dtype=dtype, requires_grad=True) for number in (loc, scale)]
        value = DiscretisedLogistic(torch.zeros(1, 1, dtype=dtype), *leaves, LEVELS).log_prob(EVERY[level].to(dtype))
        value.sum().backward()
        values.append(value.item())
        slopes.append([leaf.grad.item() for leaf in leaves])
    assert values[0] == pytest.approx(values[1], rel=1e-4, abs=1e-3)
    assert np.isfinite(slopes).all()
    # what the data pull at, in units of the scale; near an extremum only rounding is left of it
    assert np.multiply(slopes[0], scale) == pytest.approx(np.multiply(slopes[1], scale), rel=1e-3, abs=2e-3)


@pytest.mark.parametrize(("loc", "scale"), [(-3.0, 0.01), (0.0, 0.0004), (0.5, 0.0004), (0.7, 0.1), (1.2, 4.0)])
def test_the_levels_sum_to_one_whatever_the_scale(loc, scale):
    assert single(loc, scale).log_prob(EVERY).exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_samples_are_legal_levels_and_the_ends_gather_the_tails():
    with rng.seeded(0):
        drawn = single(0.02, 0.05).sample((20_000,))
    assert torch.isin(drawn, EVERY).all()
    share = (drawn == 0).float().mean()
    assert share.item() == pytest.approx(single(0.02, 0.05).log_prob(EVERY[0]).exp().item(), abs=0.02)
    assert share > 0.3 and single(0.02, 0.05).mode.item() == 0


def test_the_mean_is_a_hundredth_of_a_level_off_at_most():
    for loc in torch.linspace(-0.05, 1.05, 45):
        for scale in (1 / 255, 3 / 255, 0.1, 2.0):
            law = single(loc, scale, torch.float64)
            expected = (law.log_prob(EVERY.double()).exp() * EVERY).sum()
            assert abs(law.mean.item() - expected.item()) < 0.011 / 255
    assert single(0.4, 4e-4).mean.item() == pytest.approx(102 / 255, abs=1e-3)


def test_a_mixture_is_the_average_of_its_components():
    loc, scale = torch.tensor([[0.2, 0.8]]), torch.tensor([[0.02, 0.05]])
    law = DiscretisedLogistic(torch.tensor([[0.25, 0.75]]).log(), loc, scale, LEVELS)
    parts = [single(loc[0, c], scale[0, c]) for c in range(2)]
    mixed = 0.25 * parts[0].log_prob(EVERY).exp() + 0.75 * parts[1].log_prob(EVERY).exp()
    torch.testing.assert_close(law.log_prob(EVERY).exp(), mixed)
    assert law.mean.item() == pytest.approx(0.25 * 0.2 + 0.75 * 0.8, abs=1e-3)
    assert law.mode.item() == pytest.approx(0.8, abs=0.01)
    with rng.seeded(1):
        drawn = law.sample((20_000,))
    assert (drawn < 0.5).float().mean().item() == pytest.approx(0.25, abs=0.02)
