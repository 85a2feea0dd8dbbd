"""Grey levels and shares of a whole."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.errors import SpecError
from vaekit.likelihoods import choose
from vaekit.likelihoods.continuous_bernoulli import ContinuousBernoulliLikelihood

GRID = np.linspace(0, 1, 257)
GREY = Field("p", "pixel", std=255.0, resolution=1.0, quantiles=GRID**3)
SHARE = Field("s", "real", mean=0.3, std=0.2, rows=100, quantiles=(GRID**2 - 0.3) / 0.2)


def test_it_starts_at_the_average_of_the_training_numbers():
    law = ContinuousBernoulliLikelihood(3, [GREY, SHARE])(torch.zeros(1, 3))
    numbers = law.units.number(law.mean)[0].tolist()
    assert numbers == pytest.approx([(GRID**3).mean(), (GRID**2).mean()], abs=1e-3)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_pixel_that_never_varies_has_a_finite_density(level):
    made = ContinuousBernoulliLikelihood(3, [Field("p", "pixel", quantiles=np.full(257, level))])
    made(torch.ones(2, 3)).log_prob(torch.full((2, 1), level)).sum().backward()
    assert made.head.linear.weight.grad.isfinite().all()


def test_it_is_for_numbers_between_zero_and_one():
    other = Field("r", "real", rows=100, quantiles=np.linspace(-2, 2, 257))
    assert [part["kind"] for part in choose([GREY, SHARE, other], "continuous_bernoulli")] == [
        "continuous_bernoulli", "continuous_bernoulli", "gaussian",
    ]  # fmt: skip
    with pytest.raises(SpecError, match=r"column 'r': it is for numbers in \[0, 1\]"):
        choose([other], "continuous_bernoulli")
