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
