"""The cumulative logit model."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from vaekit.codec.field import Field
from vaekit.likelihoods.ordinal import OrdinalLikelihood, log_sigmoid_interval

SHORT = Field("s", "ordinal", levels=3, shares=np.array([0.2, 0.5, 0.3]), rows=1_000)
LONG = Field("l", "ordinal", levels=6, shares=np.full(6, 1 / 6), rows=1_000)


@given(st.floats(-80, 80), st.floats(1e-3, 50))
def test_the_interval_of_a_sigmoid(low, width):
    low, high = torch.tensor([low], dtype=torch.float64), torch.tensor([low + width], dtype=torch.float64)
    found = log_sigmoid_interval(low, high).exp()
    torch.testing.assert_close(
        found, (high.sigmoid() - low.sigmoid()).where(low < 0, (-low).sigmoid() - (-high).sigmoid())
    )


def test_the_cumulated_shares_are_sigmoids_of_the_thresholds_also_in_a_short_column():
    """Padding to a longer column does not put a ceiling on the last level of a short one."""
    made = OrdinalLikelihood(4, [SHORT, LONG]).double()
    with torch.no_grad():
        made.head.linear.bias.copy_(torch.tensor([6.0, 0.4, -1.0, 0.0]))
    law = made(torch.zeros(1, 4).double())
    gaps = torch.nn.functional.softplus(made.raw_gaps)
    thresholds = torch.cat([made.first, made.first + gaps.cumsum(-1)], -1)
    scale = 0.05 + torch.nn.functional.softplus(torch.tensor([0.4, 0.0]).double() + np.log(np.e - 1))
    for k, (field, location) in enumerate(((SHORT, 6.0), (LONG, -1.0))):
        for m in range(field.levels - 1):
            expected = torch.sigmoid((thresholds[k, m] - location) / scale[k])
            below = law.cdf(torch.full((1, 2), float(m)))[0, k]
            torch.testing.assert_close(below, expected, rtol=1e-6, atol=1e-9)


def test_far_locations_stay_finite_with_gradients():
    made = OrdinalLikelihood(1, [SHORT, LONG])
    for location in (-1e5, -50.0, 50.0, 1e5):
        made.zero_grad()
        with torch.no_grad():
            made.head.linear.bias.copy_(torch.tensor([location, -5.0, location, -5.0]))
        value = made(torch.zeros(1, 1)).log_prob(torch.tensor([[0.0, 0.0], [2.0, 5.0], [1.0, 3.0]]))
        value.sum().backward()
        assert value.isfinite().all()
        assert all(parameter.grad.isfinite().all() for parameter in made.parameters())


def test_two_levels_are_a_logistic_regression():
    field = Field("b", "binary", levels=2, shares=np.array([0.5, 0.5]), rows=1_000)
    law = OrdinalLikelihood(2, [field])(torch.zeros(1, 2))
    assert law.probs[0, 0].tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
