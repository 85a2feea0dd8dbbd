"""Names of thousands of levels."""

import numpy as np
import pytest
import torch
from torch import nn

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods import choose
from vaekit.likelihoods.categorical import CategoricalLikelihood
from vaekit.likelihoods.hierarchical_softmax import HierarchicalSoftmaxLikelihood
from vaekit.likelihoods.mix import MANY_LEVELS, VERY_MANY_LEVELS


def zipf(levels, rows=10_000):
    shares = 1 / np.arange(1.0, levels + 1)
    shares = np.random.default_rng(0).permutation(shares / shares.sum())
    return Field(f"c{levels}", "categorical", levels=levels, shares=shares, rows=rows)


@pytest.mark.parametrize("depth", [2, 3])
def test_it_starts_at_the_training_shares(depth):
    field = zipf(1_500)
    one = CategoricalLikelihood(3, [field])(torch.zeros(1, 3))
    two = HierarchicalSoftmaxLikelihood(3, [field], depth=depth)(torch.zeros(1, 3))
    torch.testing.assert_close(two.probs[..., :1_500], one.probs, rtol=1e-4, atol=1e-8)
    assert two.probs[..., 1_500:].sum() == 0


def test_clusters_hold_levels_that_are_alike_in_frequency():
    made = HierarchicalSoftmaxLikelihood(3, [zipf(2_500)])
    assert made.splits[0].weight.shape[1:3] == (50, 50)
    shares = torch.from_numpy(zipf(2_500).shares)
    clusters = (made.place[0, :2_500] // 50).long()
    assert clusters[shares.argsort(descending=True)].diff().min() >= 0
    assert clusters.bincount().tolist() == [50] * 50


@pytest.mark.parametrize("depth", [2, 3])
def test_a_narrow_column_beside_a_wide_one_has_empty_clusters(depth):
    made = HierarchicalSoftmaxLikelihood(3, [zipf(1_100), zipf(2_000)], depth=depth)
    law = made(torch.ones(4, 3))
    torch.testing.assert_close(law.probs.sum(-1), torch.ones(4, 2))
    with rng.seeded(0):
        assert law.sample((500,))[..., 0].max() < 1_100
    law.log_prob(torch.tensor([[5.0, 1_999.0]])).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in made.parameters())


def test_above_a_thousand_levels_it_is_the_default():
    chosen = choose([zipf(MANY_LEVELS), zipf(MANY_LEVELS + 1)])
    assert [part["kind"] for part in chosen] == ["categorical", "hierarchical_softmax"]
    more = choose([zipf(VERY_MANY_LEVELS), zipf(VERY_MANY_LEVELS + 1)])
    assert [part["depth"] for part in more] == [2, 3]
    assert choose([zipf(5_000)], "categorical")[0]["kind"] == "categorical"  # who wants all of them gets all


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("levels", [1, 2, 7, 27])
def test_few_levels_are_no_trouble(levels, depth):
    law = HierarchicalSoftmaxLikelihood(3, [Field("c", "categorical", levels=levels)], depth=depth)(torch.ones(2, 3))
    every = torch.arange(float(levels))[:, None, None]
    torch.testing.assert_close(law.log_prob(every).exp().sum(0), torch.ones(2, 1))


def test_weights_of_older_files_have_a_place():
    made = HierarchicalSoftmaxLikelihood(3, [zipf(1_500)])
    older = {name.replace("splits.0.", ""): tensor for name, tensor in made.state_dict().items()}
    assert "weight" in older
    again = HierarchicalSoftmaxLikelihood(3, [zipf(1_500)])
    nn.ModuleDict({"part": again}).load_state_dict({f"part.{name}": tensor for name, tensor in older.items()})
    assert torch.equal(again.splits[0].weight, made.splits[0].weight)


@pytest.mark.parametrize("depth", [2, 3])
def test_it_learns_which_level_goes_with_what(depth):
    levels, rows = 1_200, 4_000
    noise = np.random.default_rng(0)
    cells = noise.integers(0, levels, rows)
    with rng.seeded(0):
        made = HierarchicalSoftmaxLikelihood(2, [Field("c", "categorical", levels=levels, rows=rows)], depth=depth)
    seen = torch.from_numpy((cells >= levels // 2).astype(np.float32))
    features, cells = torch.stack([seen, 1 - seen], 1), torch.from_numpy(cells).float()[:, None]
    optimiser = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(40):
        loss = -made(features).log_prob(cells).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    upper = made(torch.eye(2)).probs[:, 0, levels // 2 : levels].sum(-1)
    assert upper[0] > 0.9 and upper[1] < 0.1
