"""Groups of columns as one law."""

import pytest
import torch

from vaekit import rng
from vaekit.distributions import BernoulliCell, Columns, Levels, NormalCell, Scale

UNITS = Scale(["linear", "linear"], torch.zeros(2), torch.ones(2))
S, B = 3, 4


def table(*shape, stream):
    return rng.table(0, shape, stream)


@pytest.fixture
def joined():
    """Columns 0, 4 normal; 1 binary; 2, 3 levels, of 5 and 100."""
    normal = NormalCell(table(S, B, 2, stream="a"), table(S, B, 2, stream="b").exp(), UNITS)
    binary = BernoulliCell(table(S, B, 1, stream="c"))
    logits = table(S, B, 2, 100, stream="d")
    logits[..., 0, 5:] = -torch.inf
    groups = [torch.tensor([0, 4]), torch.tensor([1]), torch.tensor([2, 3])]
    return Columns([normal, binary, Levels(logits)], groups, torch.cat(groups).argsort())


def cells():
    return torch.tensor([0.3, 1.0, 4.0, 99.0, -1.0]).expand(B, 5)


def test_every_column_is_under_its_own_law(joined):
    value, law = joined.log_prob(cells()), joined.laws
    assert joined.batch_shape == value.shape == (S, B, 5)
    torch.testing.assert_close(value[..., [0, 4]], law[0].log_prob(cells()[:, [0, 4]]))
    torch.testing.assert_close(value[..., 1:2], law[1].log_prob(cells()[:, 1:2]))
    torch.testing.assert_close(value[..., 2:4], law[2].log_prob(cells()[:, 2:4]))
    assert joined.sample((7,)).shape == (7, S, B, 5)
    assert joined.mean.shape == joined.mode.shape == (S, B, 5) and joined.best().shape == (B, 5)


def test_quantiles_of_the_mixture_are_ordered_and_reach_every_level(joined):
    levels = [0.001, 0.1, 0.5, 0.9, 0.999]
    found = torch.stack([joined.quantile(level) for level in levels])
    assert (found.diff(dim=0) >= 0).all()
    assert found[-1, :, 3].max() > 64  # the last of a hundred levels is within reach
    assert (found[:, :, 2].round() - found[:, :, 2]).abs().max() < 1e-4


def test_quantiles_far_out_are_found():
    law = NormalCell(torch.tensor([[[5e3, -5e3]]]), torch.ones(1, 1, 2), UNITS)
    joined = Columns([law], [torch.arange(2)], torch.arange(2))
    torch.testing.assert_close(joined.quantile(0.5), torch.tensor([[5e3, -5e3]]), atol=1e-2, rtol=0)


def test_pooling_changes_no_mixture(joined):
    torch.testing.assert_close(joined.pooled().mixture_cdf(cells()), joined.mixture_cdf(cells()))
    torch.testing.assert_close(joined.pooled().best(), joined.best())


def test_one_law_of_all_columns_needs_no_order():
    logits, order = torch.arange(6.0).reshape(1, 2, 3), torch.arange(3)
    law = BernoulliCell(logits)
    plain, ordered = Columns([law], [slice(None)], order), Columns([law], [order], order)
    assert torch.equal(plain.log_prob(torch.ones(2, 3)), ordered.log_prob(torch.ones(2, 3)))
    assert torch.equal(plain.mean, ordered.mean) and torch.equal(plain.places[0], order)
