"""The ratio of two known laws is found, and what single columns say of it exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.goals import RatioGoal, Rows
from vaekit.priors.ratio import REACH, Ratio
from vaekit.train import Settings, train

QUANTILES = np.linspace(-3, 3, 257)
NUMBER = Field("x", "real", quantiles=QUANTILES, rows=5_000)
NAME = Field("c", "categorical", levels=4, shares=np.array([0.4, 0.3, 0.3, 0.0]), rows=5_000)


def rows_of(number, name):
    cells = torch.stack([number, name.float()], 1)
    return Rows(cells, torch.ones_like(cells, dtype=torch.bool))


def drawn(count, shift, shares, stream):
    noise = rng.numpy(0, stream)
    name = torch.from_numpy(noise.choice(3, count, p=shares))
    return rows_of(torch.from_numpy(noise.normal(size=count)).float() + shift, name)


@pytest.fixture(scope="module")
def learned():
    """Real numbers lie half a deviation higher, and the names have other shares."""
    real, own = drawn(6_000, 0.5, [0.5, 0.3, 0.2], "real"), drawn(12_000, 0.0, [0.2, 0.3, 0.5], "own")
    with rng.seeded(0):
        ratio = Ratio([NUMBER, NAME])
        goal = RatioGoal(ratio, own, own)
        train(ratio, goal, real, None, Settings(12, 256, 3e-3, None, weight_decay=1e-2))
    return ratio.eval(), real, own


@torch.no_grad()
def test_it_finds_the_ratio_of_two_known_laws(learned):
    ratio, _, own = learned
    truth = 0.5 * own.cells[:, 0] - 0.125 + torch.tensor([2.5, 1.0, 0.4]).log()[own.cells[:, 1].long()]
    usual = own.cells[:, 0].abs() < 1.5
    assert (ratio(own.cells, own.observed) - truth)[usual].abs().mean() < 0.15


@torch.no_grad()
def test_weighted_rows_have_the_shares_of_real_ones(learned):
    ratio, real, own = learned
    weight = ratio(own.cells, own.observed).exp()
    assert float(weight.mean()) == pytest.approx(1.0, abs=0.05)
    for level in range(3):
        share = float((weight * (own.cells[:, 1] == level)).sum() / weight.sum())
        assert share == pytest.approx(float((real.cells[:, 1] == level).float().mean()), abs=0.02)
    assert float((weight * own.cells[:, 0]).sum() / weight.sum()) == pytest.approx(0.5, abs=0.05)


def test_it_says_nothing_at_first_and_every_part_learns():
    ratio = Ratio([NUMBER, NAME])
    rows = drawn(64, 0.0, [0.2, 0.3, 0.5], "few")
    assert not ratio(rows.cells, rows.observed).any()
    optimiser = torch.optim.SGD(ratio.parameters(), 0.1)
    for _ in range(3):  # behind a last layer of zeros, gradients arrive one step later
        optimiser.zero_grad()
        loss, _ = RatioGoal(ratio.train(), drawn(64, 1.0, [0.2, 0.3, 0.5], "own"), rows).loss(rows, 0.0)
        loss.backward()
        optimiser.step()
    still = [name for name, weight in ratio.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert still == []


@torch.no_grad()
def test_what_the_net_says_of_all_cells_together_is_bounded():
    ratio = Ratio([NUMBER, NAME]).eval()
    torch.nn.init.constant_(ratio.net[-1].bias, 100.0)
    rows = drawn(5, 0.0, [0.2, 0.3, 0.5], "few")
    assert float(ratio(rows.cells, rows.observed).max()) == pytest.approx(REACH)
