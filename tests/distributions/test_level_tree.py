"""Two draws instead of one."""

import pytest
import torch

from vaekit import rng
from vaekit.distributions import Levels, LevelTree, level_tree

S, B, K, C, N, D = 2, 5, 2, 4, 3, 6


def noise(*shape, stream):
    return rng.table(0, shape, stream, dtype=torch.float64)


def tree():
    place = torch.stack([torch.randperm(C * N, generator=rng.generator(0, k)) for k in range(K)])
    parts = (
        noise(S, B, K, C, stream="a"),
        noise(S, B, K, D, stream="b"),
        noise(K, C, N, D, stream="c"),
        noise(K, C, N, stream="d"),
    )
    return LevelTree(*parts, place)


def test_it_is_the_flat_law_of_the_same_probabilities():
    law = tree()
    flat, value = Levels(law.probs.log()), torch.randint(C * N, (7, 1, B, K), generator=rng.generator(0)).double()
    torch.testing.assert_close(law.log_prob(value), flat.log_prob(value))
    torch.testing.assert_close(law.log_prob(value[0, 0]), flat.log_prob(value[0, 0]))
    torch.testing.assert_close(law.cdf(value), flat.cdf(value))
    assert torch.equal(law.mode, flat.mode) and torch.equal(law.best(), flat.best())
    torch.testing.assert_close(law.pooled().probs, flat.pooled().probs)


def test_in_pieces_it_answers_the_same(monkeypatch):
    whole = tree()
    with rng.seeded(0):
        drawn = whole.sample((3,))
    monkeypatch.setattr(level_tree, "AT_ONCE", 2 * S * B * K * N)  # two clusters at once, and few rows
    pieces = tree()
    assert torch.equal(pieces.mode, whole.mode) and torch.equal(pieces.best(), whole.best())
    torch.testing.assert_close(pieces.pooled().probs, whole.pooled().probs)
    with rng.seeded(0):
        assert pieces.sample((3,)).shape == drawn.shape


@pytest.mark.parametrize("many", [2**24, 40])
def test_samples_have_the_shares_of_the_law(monkeypatch, many):
    monkeypatch.setattr(level_tree, "AT_ONCE", many)
    law = tree()
    with rng.seeded(0):
        drawn = law.sample((3_000,)).long()
    seen = torch.nn.functional.one_hot(drawn, C * N).double().mean(0)
    assert (seen - law.probs).abs().max() < 0.04


def test_a_probability_touches_one_cluster():
    """No gradient reaches the weights of clusters that no cell is in, other than zero."""
    law = tree()
    law.weight.requires_grad_()
    value = torch.zeros(B, K).double()
    LevelTree(law.logits, law.inner, law.weight, law.bias, law.place).log_prob(value).sum().backward()
    touched = law.weight.grad.abs().sum((-1, -2)) > 0
    assert touched.sum(1).tolist() == [1, 1]
    assert [int(row.nonzero()) for row in touched] == [int(law.place[k, 0]) // N for k in range(K)]
