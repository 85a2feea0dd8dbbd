"""The laws of a grid's cells and of those beside it, as one."""

import pytest
import torch

from vaekit import rng
from vaekit.distributions import BernoulliCell, Columns, Levels, NormalCell, Scale
from vaekit.distributions.grid import GridColumns

S, B, P = 3, 4, 5


def table(*shape, stream):
    return rng.table(0, shape, stream)


@pytest.fixture(params=[True, False], ids=["with cells beside", "grid alone"])
def joined(request):
    """Two channels at each of five positions, one normal and one binary; beside them a cell of seven levels."""
    units = Scale(["linear"], torch.zeros(1), torch.ones(1))
    normal = NormalCell(table(S, B, P, 1, stream="a"), table(S, B, P, 1, stream="b").exp(), units)
    binary = BernoulliCell(table(S, B, P, 1, stream="c"))
    grid = Columns([normal, binary], [torch.tensor([0]), torch.tensor([1])], torch.arange(2))
    beside = Columns([Levels(table(S, B, 1, 7, stream="d"))], [torch.tensor([0])], torch.arange(1))
    return GridColumns(grid, beside if request.param else None)


def cells(joined):
    grid = torch.tensor([0.3, 1.0]).repeat(P)
    return torch.cat([grid, torch.tensor([4.0])])[: joined.batch_shape[-1]].expand(B, -1)


def test_every_cell_is_under_the_law_of_its_place(joined):
    K = 2 * P + (joined.beside is not None)
    value = cells(joined)
    assert joined.batch_shape == joined.log_prob(value).shape == joined.cdf(value).shape == (S, B, K)
    assert joined.mean.shape == joined.mode.shape == (S, B, K) and joined.best().shape == (B, K)
    normal, binary = joined.grid.laws
    torch.testing.assert_close(joined.log_prob(value)[..., 0 : 2 * P : 2], normal.log_prob(torch.tensor(0.3))[..., 0])
    torch.testing.assert_close(joined.log_prob(value)[..., 1 : 2 * P : 2], binary.log_prob(torch.tensor(1.0))[..., 0])
    torch.testing.assert_close(joined.mean[..., 0 : 2 * P : 2], normal.mean[..., 0])
    if joined.beside is not None:
        torch.testing.assert_close(joined.log_prob(value)[..., -1:], joined.beside.log_prob(value[:, -1:]))
        torch.testing.assert_close(joined.best()[:, -1:], joined.beside.best())


def test_draws_have_the_shape_of_the_cells(joined):
    with rng.seeded(0):
        assert joined.sample().shape == joined.batch_shape
        drawn = joined.sample((4_000,))
    assert drawn.shape == (4_000, *joined.batch_shape)
    numbers = slice(0, 2 * P)
    torch.testing.assert_close(drawn.mean(0)[..., numbers], joined.mean[..., numbers], atol=0.35, rtol=0)


def test_pooling_changes_no_mixture(joined):
    value = cells(joined)
    torch.testing.assert_close(joined.mixture_cdf(value), joined.cdf(value).mean(0))
    torch.testing.assert_close(joined.pooled().mixture_cdf(value), joined.mixture_cdf(value))
    torch.testing.assert_close(joined.pooled().best(), joined.best())


def test_quantiles_are_ordered_and_invert_the_mixture(joined):
    found = torch.stack([joined.quantile(level) for level in (0.05, 0.5, 0.95)])
    assert found.shape == (3, *joined.batch_shape[1:]) and (found.diff(dim=0) >= 0).all()
    reached = joined.mixture_cdf(found[1])
    torch.testing.assert_close(reached[:, 0 : 2 * P : 2], torch.full((B, P), 0.5), atol=1e-3, rtol=0)
