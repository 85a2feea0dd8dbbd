"""The same heads at every position, heads of their own for what lies beside."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec import Field, Layout
from vaekit.likelihoods import choose
from vaekit.likelihoods.grid import GridMix
from vaekit.nets.grid import GridSize

S, B, LOCAL, BESIDE = 2, 4, 3, 5
CHANNELS = (Field("heat", "real", rows=100), Field("phase", "categorical", levels=4))
PLAIN = (Field("digit", "categorical", levels=6), Field("age", "real", rows=100))


@pytest.fixture(params=[(), PLAIN], ids=["grid alone", "with cells beside"])
def mix(request):
    layout = Layout(request.param, (), (3, 2), CHANNELS)
    with rng.seeded(0):
        made = GridMix(GridSize(layout.shape, LOCAL, BESIDE), layout, choose(layout.columns))
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    return made, layout


def features(*lead):
    return rng.table(0, (*lead, 6 * LOCAL + BESIDE), "features")


def cells(layout):
    return torch.tensor([0.4, 2.0] * 6 + [3.0, -1.0])[: layout.K].expand(B, -1)


def test_positions_share_their_heads_and_see_their_own_features(mix):
    made, layout = mix
    law = made(features(S, B))
    assert law.batch_shape == (S, B, layout.K)
    local = features(S, B)[..., : 6 * LOCAL].unflatten(-1, (6, LOCAL))
    for p in range(6):
        alone = made.grid(local[..., p, :]).log_prob(cells(layout)[:, :2])
        torch.testing.assert_close(law.log_prob(cells(layout))[..., 2 * p : 2 * p + 2], alone)
    if layout.plain:
        alone = made.beside(features(S, B)[..., 6 * LOCAL :]).log_prob(cells(layout)[:, 12:])
        torch.testing.assert_close(law.log_prob(cells(layout))[..., 12:], alone)


def test_one_cell_alone_answers_as_it_does_among_the_others(mix):
    made, layout = mix
    joined, value = made(features(S, B)), cells(layout)
    for k in range(layout.K):
        alone = made.only(features(S, B), k)
        assert alone.batch_shape == (S, B, 1)
        torch.testing.assert_close(alone.log_prob(value[:, k : k + 1]), joined.log_prob(value)[..., k : k + 1])
        torch.testing.assert_close(alone.best(), joined.best()[:, k : k + 1])


def test_names_have_probabilities_and_numbers_densities(mix):
    made, layout = mix
    flags = made.masses(cells(layout))
    assert flags.shape == (B, layout.K)
    assert flags[0].tolist() == [field.levels > 0 for field in layout.fields]


def test_residuals_settle_once_a_channel():
    layout = Layout(
        (Field("age", "real", rows=100),), (), (4,), (Field("a", "real", rows=100), Field("b", "real", rows=100))
    )
    made = GridMix(
        GridSize(layout.shape, LOCAL, BESIDE), layout, choose(layout.columns, {"kind": "gaussian", "scale": "residual"})
    )
    error = torch.tensor([1.0, 4.0, 3.0, 4.0, 1.0, 4.0, 3.0, 4.0, 0.25])
    made.settle(error)
    law = made(torch.zeros(1, B, 4 * LOCAL + BESIDE))
    (grid,), (beside,) = law.grid.laws, law.beside.laws
    np.testing.assert_allclose(grid.stddev[0, 0, 0].tolist(), [2**0.5, 2.0], rtol=1e-6)
    np.testing.assert_allclose(beside.stddev[0, 0].tolist(), [0.5], rtol=1e-6)


def test_an_optimal_scale_is_one_of_a_channel_over_all_positions():
    layout = Layout((Field("age", "real", rows=100),), (), (3, 2), CHANNELS[:1])
    with rng.seeded(0):
        made = GridMix(
            GridSize(layout.shape, LOCAL, BESIDE),
            layout,
            choose(layout.columns, {"kind": "gaussian", "scale": "optimal"}),
        )
    rows, h = rng.table(0, (B, 7), "rows"), features(S, B)
    observed = torch.ones(B, 7) > 0
    observed[0, 2] = observed[1, 6] = False
    made.attend(h, rows, observed)
    law = made(h)
    squares = (rows - law.mean).square().where(observed, torch.nan)
    expected = [squares[..., :6].nanmean().sqrt().item(), squares[..., 6].nanmean().sqrt().item()]
    assert [law.grid.laws[0].scale[0, 0, 0, 0].item(), law.beside.laws[0].scale[0, 0, 0].item()] == pytest.approx(
        expected
    )
