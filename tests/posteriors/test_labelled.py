"""The posterior of a class and of numbers that depend on it."""

import torch

from vaekit import rng
from vaekit.posteriors import LabelledPosterior


def test_the_label_decides_the_class_and_moves_the_numbers():
    q, features = LabelledPosterior(5, 4, levels=3, width=8), rng.table(0, (2, 5))
    one, two = q(features, torch.tensor([0, -1])), q(features, torch.tensor([2, -1]))
    assert q.latents == LabelledPosterior.width(4, levels=3) == 7
    assert one.mean[0, :3].tolist() == [1, 0, 0] and two.mean[0, :3].tolist() == [0, 0, 1]
    assert (one.mean[0, 3:] != two.mean[0, 3:]).all() and torch.equal(one.mean[1], two.mean[1])
    assert torch.equal(one.logits, two.logits), "what is inferred of the class does not know the label"


def test_a_label_without_a_class_of_its_own_is_unknown():
    q, features = LabelledPosterior(5, 4, levels=3), rng.table(0, (2, 5))
    assert torch.equal(q(features, torch.tensor([3, -1])).mean, q(features, torch.tensor([-1, -1])).mean)
