"""Latents that are classes."""

import pytest
import torch

from vaekit import rng
from vaekit.posteriors import Categorical


def test_variables_lie_side_by_side():
    q = Categorical(5, 3, classes=4)
    law = q(rng.table(0, (7, 5)))
    assert q.latents == Categorical.width(3, classes=4) == 12 and law.mean.shape == (7, 12)
    torch.testing.assert_close(law.mean.unflatten(-1, (3, 4)).sum(-1), torch.ones(7, 3))


def test_the_temperature_falls_from_hot_to_cold():
    q = Categorical(5, 3, hot=2.0, cold=0.5)
    seen = [(q.anneal(progress), q(torch.zeros(1, 5)).temperature)[1] for progress in (0.0, 0.5, 1.0)]
    assert seen == pytest.approx([2.0, 1.0, 0.5])


@pytest.mark.parametrize(
    ("latents", "exact", "listed"), [(1, "auto", True), (3, "auto", False), (3, True, True), (1, False, False)]
)
def test_few_states_are_gone_through(latents, exact, listed):
    law = Categorical(5, latents, classes=10, exact=exact)(torch.zeros(2, 5))
    assert (law.enumerated is not None) == listed
