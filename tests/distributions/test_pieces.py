"""Quantiles from the pieces of a partition, beside those of a search; that they invert the CDF is a law of every cell law."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.distributions import Bins, Columns, Partition, Scale
from vaekit.distributions.columns import bisect
from vaekit.distributions.partition import partition
from vaekit.distributions.pieces import pieces, quantile

ONE = Scale(["linear"], torch.zeros(1), torch.ones(1))


def fields():
    """A real column, one with spikes, and a count."""
    noise = np.random.default_rng(0)
    real = noise.normal(size=5000)
    spiked = np.where(noise.random(5000) < 0.3, 0.25, real)
    number = np.log1p(noise.poisson(6, 5000))
    count = (number - number.mean()) / number.std()
    at = np.linspace(0, 1, 257)
    return [
        Field("real", "real", rows=5000, quantiles=np.quantile(real, at)),
        Field("spiked", "mixed", rows=5000, spikes=(0.25,), shares=np.array([0.3]), quantiles=np.quantile(spiked, at)),
        Field("count", "count", transform="log1p", mean=number.mean(), std=number.std(), rows=5000,
              spikes=((np.log1p(5) - number.mean()) / number.std(),), shares=np.array([0.2]),
              quantiles=np.quantile(count, at)),
    ]  # fmt: skip


@pytest.mark.parametrize("level", [0.05, 0.3, 0.5, 0.95, 0.999])
def test_it_is_what_a_search_finds(level):
    cut = partition(fields(), 32)
    law = Bins(2 * torch.randn(1, 40, 3, cut.M, generator=torch.Generator().manual_seed(0)), cut)
    found = quantile(cut, law.probs[0], level)
    joined = Columns([law], [torch.arange(3)], torch.arange(3))
    searched = bisect(joined.mixture_cdf, joined.batch_shape[1:], torch.device("cpu"), level)
    torch.testing.assert_close(found[:, :2], searched[:, :2], rtol=1e-4, atol=1e-4)
    numbers, others = cut.scale.number(found)[:, 2], cut.scale.number(searched)[:, 2]
    torch.testing.assert_close(numbers.round(), others.round(), rtol=0, atol=0)


def test_the_shares_of_a_segment_are_one():
    cut = partition(fields(), 32)
    found = pieces(cut)
    assert found is not None
    for k in range(3):
        whole = torch.zeros(cut.M, dtype=torch.double).index_add_(0, found.segment[k], found.share[k])
        torch.testing.assert_close(whole[cut.valid[k]], torch.ones(int(cut.valid[k].sum()), dtype=torch.double))


@pytest.mark.parametrize("level", [0.01, 0.04, 0.08, 0.3, 0.6, 0.93, 0.97, 0.995])
def test_atoms_in_tails_cut_them(level):
    cut = Partition([torch.tensor([-3.0, -1.0, 1.0, 3.0, 5.0])], [torch.tensor([0.0, 1.5, 2.0])], [False], ONE)
    shares = torch.tensor([[[0.03, 0.05, 0.1, 0.04, 0.02, 0.3, 0.2, 0.12, 0.14]]])
    law, one = Bins(shares.log(), cut), torch.tensor([0])
    searched = bisect(Columns([law], [one], one).mixture_cdf, law.batch_shape[1:], torch.device("cpu"), level)
    assert law.quantile(level).item() == pytest.approx(searched.item(), abs=1e-4)


def test_a_number_in_a_tail_of_whole_numbers_is_searched_for():
    cut = Partition([torch.tensor([5.0])], [torch.tensor([-0.5, 2.5])], [True], ONE)
    law, one = Bins(torch.tensor([[[0.5, 0.4, 0.0, 0.1]]]).log(), cut), torch.tensor([0])
    assert law.quantile(0.8) is None
    assert Columns([law], [one], one).quantile(0.8).item() == pytest.approx(5.0, abs=1e-4)
