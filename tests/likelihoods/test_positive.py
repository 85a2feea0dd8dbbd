"""Positive numbers are log-normal."""

import numpy as np
import pytest
import torch
from scipy import stats

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.positive import PositiveLikelihood

PRICE = Field("price", "positive", mean=3.0, std=0.5, transform="log")


def test_it_is_the_log_normal_law_of_the_number():
    law = PositiveLikelihood(2, [PRICE], scale=0.8)(torch.zeros(1, 2))
    numbers = np.array([1.0, 20.0, 300.0])
    jacobian = -np.log(0.5) - np.log(numbers)
    found = law.log_prob(torch.tensor(PRICE.cell(numbers))[:, None])[:, 0].detach().numpy() + jacobian
    np.testing.assert_allclose(found, stats.lognorm.logpdf(numbers, 0.4, scale=np.exp(3.0)), rtol=1e-5)
    assert law.units.number(law.mean).item() == pytest.approx(stats.lognorm.mean(0.4, scale=np.exp(3.0)), rel=1e-5)


def test_every_draw_is_positive():
    law = PositiveLikelihood(2, [PRICE])(torch.zeros(1, 2))
    with rng.seeded(0):
        assert (law.units.number(law.sample((5_000,))) > 0).all()


def test_it_serves_positive_columns_alone():
    assert PositiveLikelihood.kinds == ("positive",)
