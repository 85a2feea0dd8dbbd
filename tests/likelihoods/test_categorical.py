"""Names of several columns as one padded tensor."""

import numpy as np
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.categorical import CategoricalLikelihood

FIELDS = [
    Field("a", "categorical", levels=3, shares=np.array([0.7, 0.3, 0.0]), rows=100),
    Field("b", "categorical", levels=40, shares=np.full(40, 1 / 40), rows=100),
]


def test_a_level_that_training_never_saw_has_half_a_row():
    law = CategoricalLikelihood(4, FIELDS)(torch.zeros(1, 4))
    torch.testing.assert_close(law.probs[0, 0, :3], torch.tensor([70.5, 30.5, 0.5]) / 101.5)
    assert (law.probs[0, 0, 3:] == 0).all()


def test_no_level_beyond_a_columns_own_is_drawn():
    made = CategoricalLikelihood(4, FIELDS)
    with rng.seeded(0):
        drawn = made(torch.zeros(1, 4)).sample((20_000,))
    assert drawn[..., 0].max() <= 2 and drawn[..., 1].max() == 39


def test_the_padding_of_the_head_does_not_learn():
    made = CategoricalLikelihood(4, FIELDS)
    made(torch.ones(1, 4)).log_prob(torch.tensor([0.0, 1.0])).sum().backward()
    gradient = made.head.linear.bias.grad.unflatten(0, (2, 40))
    assert (gradient[0, 3:] == 0).all() and (gradient[0, :3] != 0).all() and (gradient[1] != 0).all()
