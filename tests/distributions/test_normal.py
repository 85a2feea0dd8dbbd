"""The normal law seen in cells."""

import math

import pytest
import torch

from vaekit.distributions import NormalCell, Scale


@pytest.mark.parametrize("kind", ["linear", "log", "log1p"])
def test_the_mean_is_the_cell_of_the_expected_number(kind):
    units = Scale([kind], torch.tensor([1.0]), torch.tensor([0.5]))
    law = NormalCell(torch.tensor([[0.3]]), torch.tensor([[0.8]]), units)
    centre, spread = 1 + 0.5 * 0.3, 0.5 * 0.8
    expected = centre if kind == "linear" else math.exp(centre + spread**2 / 2) - (kind == "log1p")
    assert units.number(law.mean).item() == pytest.approx(expected, rel=1e-5)


def test_the_best_value_of_dates_keeps_its_digits():
    units = Scale(["linear"], torch.tensor([1.7e9]), torch.tensor([17.0]))
    law = NormalCell(torch.tensor([[[0.1]], [[0.4]]]), torch.ones(2, 1, 1), units)
    assert law.best().item() == pytest.approx(0.25, abs=1e-6)


def test_the_best_value_of_prices_is_their_average_not_that_of_their_logs():
    units = Scale(["log"], torch.zeros(1), torch.ones(1))
    law = NormalCell(torch.tensor([[[0.0]], [[4.0]]]), torch.full((2, 1, 1), 1e-3), units)
    assert units.number(law.best()).item() == pytest.approx((1 + math.exp(4)) / 2, rel=1e-4)


def test_a_spread_without_bound_keeps_a_finite_mean():
    units = Scale(["log"], torch.zeros(1), torch.tensor([5.0]))
    assert units.number(NormalCell(torch.zeros(1, 1), torch.full((1, 1), 1e3), units).mean).isfinite()
