"""Spikes and slab."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.likelihoods.spike import SpikeLikelihood

ONE = Field("a", "mixed", spikes=(-2.0,), shares=np.array([0.3]), rows=1_000)
TWO = Field("b", "mixed", spikes=(-1.0, 3.0), shares=np.array([0.5, 0.2]), rows=1_000)
ALL = Field("c", "mixed", spikes=(0.0,), shares=np.array([1.0]), rows=1_000)


def test_it_starts_at_the_training_shares():
    law = SpikeLikelihood(3, [ONE, TWO])(torch.zeros(1, 3))
    assert law.levels.probs[0, 0].tolist() == pytest.approx([0.7, 0.3, 0.0], abs=2e-3)
    assert law.levels.probs[0, 1].tolist() == pytest.approx([0.3, 0.5, 0.2], abs=2e-3)
    assert law.log_prob(torch.tensor([[-2.0, 3.0]])).exp()[0].tolist() == pytest.approx([0.3, 0.2], abs=2e-3)


def test_a_column_of_spikes_alone_keeps_a_little_for_the_rest():
    law = SpikeLikelihood(3, [ALL])(torch.zeros(1, 3))
    assert law.levels.probs[0, 0].tolist() == pytest.approx([0.001, 0.999], abs=1e-4)
    assert law.log_prob(torch.tensor([[1.0]])).isfinite().all()


def test_the_floor_is_kept():
    made = SpikeLikelihood(3, [ONE], floor=0.4)
    torch.nn.init.constant_(made.head.linear.bias, -60.0)
    assert made(torch.zeros(1, 3)).normal.scale.item() == pytest.approx(0.4)
