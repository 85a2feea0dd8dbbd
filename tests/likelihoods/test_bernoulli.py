"""Binary columns."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.likelihoods.bernoulli import BernoulliLikelihood


@pytest.mark.parametrize(("share", "rows", "expected"), [(0.3, 1_000, 0.3), (0.0, 9, 0.05), (1.0, 9, 0.95)])
def test_it_starts_at_the_share_with_half_a_row_added(share, rows, expected):
    field = Field("b", "binary", levels=2, shares=np.array([1 - share, share]), rows=rows)
    law = BernoulliLikelihood(4, [field])(torch.zeros(1, 4))
    assert law.probs.item() == pytest.approx(expected, abs=1e-3)


def test_a_grey_level_starts_in_the_middle():
    assert BernoulliLikelihood(4, [Field("pixel", "real")])(torch.zeros(1, 4)).probs.item() == pytest.approx(0.5)


def pixel(*distinct):
    return Field("p", "pixel", quantiles=np.full(257, 0.2), rows=1_000, distinct=np.array(distinct, dtype=float))


@pytest.mark.parametrize(
    ("field", "grey"),
    [(pixel(0, 1), False), (pixel(0), False), (pixel(0, 0.5, 1), True), (pixel(), True), (Field("r", "real"), True),
     (Field("b", "binary", levels=2, distinct=np.array([0.0, 0.5])), False)],
)  # fmt: skip
def test_other_values_than_0_and_1_are_grey(field, grey):
    made = BernoulliLikelihood(4, [field])
    assert made.grey.tolist() == [grey] and made.masses(torch.zeros(3, 1)).all()
    assert (made(torch.zeros(1, 4)).sample().item() not in (0, 1)) == grey


def test_pixels_start_at_their_average():
    assert BernoulliLikelihood(4, [pixel()])(torch.zeros(1, 4)).probs.item() == pytest.approx(0.2, abs=1e-3)
