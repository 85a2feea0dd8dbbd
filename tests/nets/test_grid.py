"""One embedding for all positions of a grid, another for what lies beside it."""

from __future__ import annotations

import pytest
import torch

from vaekit import rng
from vaekit.codec import Field, Layout
from vaekit.nets.grid import GridEmbed, GridSize

CHANNELS = (Field("a", "real"), Field("b", "categorical", levels=4))
PLAIN, GIVEN = (Field("age", "count"),), (Field("sex", "categorical", levels=3),)


def rows(layout: Layout, count: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    fields = [*layout.fields, *layout.given]
    with rng.seeded(0):
        columns = [
            torch.randint(field.levels, (count,)).float() if field.levels else torch.randn(count) for field in fields
        ]
        return torch.stack(columns, -1), torch.rand(count, len(fields)) < 0.7


@pytest.mark.parametrize(("shape", "plain", "given"), [((6,), (), ()), ((3, 2), PLAIN, ()), ((3, 2), PLAIN, GIVEN)])
@pytest.mark.parametrize("flags", [True, False])
def test_every_position_is_embedded_alike(shape, plain, given, flags):
    layout = Layout(plain, given, shape, CHANNELS)
    embed = GridEmbed(layout, flags=flags)
    cells, observed = rows(layout)
    features = embed(cells, observed)
    assert features.shape == (5, embed.features) and embed.features == embed.size.features
    local = features[:, : 6 * embed.size.local].unflatten(-1, (6, -1))
    for p in range(6):
        at = slice(2 * p, 2 * p + 2)
        assert torch.equal(local[:, p], embed.local(cells[:, at], observed[:, at]))
    beside = features[:, 6 * embed.size.local :]
    assert beside.shape[1] == embed.size.beside
    if plain or given:
        assert torch.equal(beside, embed.beside(cells[:, 12:], observed[:, 12:]))
    wide = embed(cells.expand(2, *cells.shape), observed.expand(2, *observed.shape))
    assert wide.shape == (2, 5, embed.features) and torch.equal(wide[1], features)


def test_a_missing_cell_adds_nothing_wherever_it_lies():
    layout = Layout(PLAIN, GIVEN, (3, 2), CHANNELS)
    embed = GridEmbed(layout)
    cells, observed = rows(layout)
    other = torch.where(observed, cells, cells.roll(1, 0))
    assert not torch.equal(other, cells) and torch.equal(embed(other, observed), embed(cells, observed))


def test_the_size_counts_the_grid_and_what_is_beside_it():
    assert GridSize((4, 3), 2, 5).features == 29 and GridSize((7,), 3, 0).features == 21
