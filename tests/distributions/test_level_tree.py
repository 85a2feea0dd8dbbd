"""Two draws instead of one."""

import math

import pytest
import torch

from vaekit import rng
from vaekit.distributions import Levels, LevelTree, level_tree

S, B, K, C, N, D = 2, 5, 2, 4, 3, 6


def noise(*shape, stream):
    return rng.table(0, shape, stream, dtype=torch.float64)


def tree(branches=(N,)):
    """A tree of C clusters, and so many places within each of the places of the step before."""
    parents = [C * math.prod(branches[:i]) for i in range(len(branches))]
    M = C * math.prod(branches)
    place = torch.stack([torch.randperm(M, generator=rng.generator(0, k)) for k in range(K)])
    logits, inner = noise(S, B, K, C, stream="a"), noise(S, B, K, len(branches), D, stream="b")
    sizes = list(zip(parents, branches, strict=True))
    weights = [noise(K, P, n, D, stream=f"c{P}") for P, n in sizes]
    return LevelTree(logits, inner, weights, [noise(K, P, n, stream=f"d{P}") for P, n in sizes], place)


@pytest.fixture(params=[(N,), (2, N), (N, 2, 2)])
def branches(request):
    return request.param


def test_it_is_the_flat_law_of_the_same_probabilities(branches):
    law = tree(branches)
    torch.testing.assert_close(law.probs.sum(-1), torch.ones(S, B, K).double())
    flat, M = Levels(law.probs.log()), law.probs.shape[-1]
    value = torch.randint(M, (7, 1, B, K), generator=rng.generator(0)).double()
    torch.testing.assert_close(law.log_prob(value), flat.log_prob(value))
    torch.testing.assert_close(law.log_prob(value[0, 0]), flat.log_prob(value[0, 0]))
    torch.testing.assert_close(law.cdf(value), flat.cdf(value))
    assert torch.equal(law.mode, flat.mode) and torch.equal(law.best(), flat.best())
    torch.testing.assert_close(law.pooled().probs, flat.pooled().probs)


def test_in_pieces_it_answers_the_same(monkeypatch, branches):
    whole = tree(branches)
    with rng.seeded(0):
        drawn = whole.sample((3,))
    two_clusters = 2 * S * B * K * math.prod(branches)  # at once, and few rows
    monkeypatch.setattr(level_tree, "AT_ONCE", two_clusters)
    pieces = tree(branches)
    assert torch.equal(pieces.mode, whole.mode) and torch.equal(pieces.best(), whole.best())
    torch.testing.assert_close(pieces.pooled().probs, whole.pooled().probs)
    with rng.seeded(0):
        assert pieces.sample((3,)).shape == drawn.shape


@pytest.mark.parametrize("many", [2**24, 4_000])
def test_samples_have_the_shares_of_the_law(monkeypatch, many, branches):
    monkeypatch.setattr(level_tree, "AT_ONCE", many)
    law = tree(branches)
    with rng.seeded(0):
        drawn = law.sample((3_000,)).long()
    seen = torch.nn.functional.one_hot(drawn, law.probs.shape[-1]).double().mean(0)
    assert (seen - law.probs).abs().max() < 0.04


def test_a_probability_touches_one_path():
    """No gradient reaches the weights of places that no cell goes through, other than zero."""
    law, value = tree((2, N)), torch.zeros(B, K).double()
    for weight in law.weights:
        weight.requires_grad_()
    LevelTree(law.logits, law.inner, law.weights, law.biases, law.place).log_prob(value).sum().backward()
    places = law.place[:, 0]
    for weight, below in zip(law.weights, (2 * N, N), strict=True):
        touched = weight.grad.abs().sum((-1, -2)) > 0
        assert [row.nonzero().flatten().tolist() for row in touched] == [[int(place) // below] for place in places]
