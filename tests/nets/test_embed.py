"""What the encoder sees of a row."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.nets import Embed

QUANTILES = np.linspace(-2, 2, 257)
FIELDS = [
    Field("a", "real", rows=5_000, quantiles=QUANTILES),
    Field("b", "binary", levels=2),
    Field("c", "categorical", levels=4),
    Field("d", "ordinal", levels=3),
    Field("e", "real", rows=5_000, quantiles=QUANTILES),
]
CELLS = torch.tensor([[0.5, 1.0, 3.0, 0.0, -1.0], [50.0, 0.0, 0.0, 2.0, 0.0]])
SEEN = torch.ones_like(CELLS, dtype=torch.bool)


def embed(**options):
    return Embed(FIELDS, **{"coded": [False] * 4 + [True], **options})


def test_the_features_are_numbers_vectors_and_flags():
    made = embed(width=6)
    features = made(CELLS, SEEN)
    assert features.shape == (2, made.features) == (2, 3 + 3 * 6 + 5)
    torch.testing.assert_close(features[:, 1], CELLS[:, 1], atol=0.01, rtol=0.01)
    assert (features[:, -5:] == 1).all()
    assert torch.equal(features[0, 3:9], made.table.weight[3]) and torch.equal(features[0, 9:15], made.table.weight[4])


def test_a_missing_cell_is_zeros_and_a_lowered_flag():
    made = embed()
    features = made(CELLS, ~SEEN)
    assert (features == 0).all()
    one = SEEN.clone()
    one[:, 2] = False
    changed = (made(CELLS, one) != made(CELLS, SEEN)).any(0).nonzero()[:, 0].tolist()
    assert changed == [*range(3, 11), made.features - 3]


def test_every_level_and_bin_has_its_own_vector():
    made = embed(flags=False)
    rows = torch.zeros(4, 5)
    rows[:, 2] = torch.arange(4)
    rows[:, 3] = torch.tensor([0, 1, 2, 0])
    rows[:, 4] = torch.tensor([-9.0, -0.5, 0.5, 9.0])
    vectors = made(rows, torch.ones_like(rows, dtype=torch.bool))[:, 3:].unflatten(-1, (3, 8))
    assert len(vectors[:, 0].unique(dim=0)) == 4 and len(vectors[:, 1].unique(dim=0)) == 3
    assert len(vectors[:, 2].unique(dim=0)) == 4
    together = torch.cat([vectors[:, 0].unique(dim=0), vectors[:, 1].unique(dim=0), vectors[:, 2]])
    assert len(together.unique(dim=0)) == 11


def test_far_values_are_damped_or_as_they_are():
    assert embed()(CELLS, SEEN)[1, 0].item() == pytest.approx(5 * np.arcsinh(10))
    assert embed(squash=False)(CELLS, SEEN)[1, 0].item() == 50.0


def test_a_numeric_row_enters_as_it_is():
    """The tutorials' input: no flags, no vectors, nothing squashed."""
    made = Embed([FIELDS[0], FIELDS[4]], coded=[False, False], flags=False, squash=False)
    x = torch.tensor([[1.5, -70.0]])
    assert torch.equal(made(x, torch.ones_like(x, dtype=torch.bool)), x) and made.table is None


def test_more_leading_dimensions_pass():
    made = embed()
    assert torch.equal(made(CELLS.expand(3, 2, 5), SEEN.expand(3, 2, 5))[1], made(CELLS, SEEN))


def test_every_feature_has_its_column():
    """What a column's cell or flag moves is its own features, and no others."""
    made = embed(width=6)
    columns = made.columns(5)
    assert columns.features == made.features and columns.modelled == 5
    assert sorted(place for each in columns.places for place in each) == list(range(made.features))
    before = made(CELLS, SEEN)
    for k, place in enumerate(columns.places):
        hidden = SEEN.clone()
        hidden[:, k] = False
        moved = (made(CELLS, hidden) != before).any(0).nonzero().flatten().tolist()
        assert set(moved) <= set(place) and place[-1] in moved


def test_single_features_are_those_of_one_column_alone() -> None:
    """Numbers, the first of every learned vector, and flags."""
    embed = Embed(FIELDS, coded=[field.levels == 0 for field in FIELDS], width=3)
    places, own = embed.single()
    kept = [embed.owner[place] for place in places.tolist()]
    numbers, vectors = len(embed.numbers), len(embed.offsets)
    assert kept == [*embed.numbers.tolist(), *embed.levels.tolist(), *embed.binned.tolist(), *range(len(FIELDS))]
    assert own.tolist() == list(range(numbers, numbers + vectors)) and len(kept) == numbers + vectors + len(FIELDS)
