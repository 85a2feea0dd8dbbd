"""Latents that are bits."""

import torch

from vaekit import rng
from vaekit.posteriors import Binary


def test_few_bits_are_gone_through_and_many_are_drawn():
    few, many = Binary(5, 4)(rng.table(0, (7, 5))), Binary(5, 30)(rng.table(0, (7, 5)))
    assert few.enumerated()[0].shape == (16, 7, 4) and many.enumerated is None
    assert Binary(5, 4, exact=False)(rng.table(0, (7, 5))).enumerated is None


def test_the_temperature_falls_and_leaves_the_law_alone():
    q, features = Binary(5, 30, hot=1.0, cold=0.25), rng.table(0, (7, 5))
    q.anneal(0.0)
    hot = q(features)
    q.anneal(0.5)
    cold = q(features)
    assert (hot.temperature, cold.temperature) == (1.0, 0.5)
    assert torch.equal(hot.mean, cold.mean)
