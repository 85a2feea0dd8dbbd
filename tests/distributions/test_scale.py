"""Cells and numbers."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from vaekit.distributions import Scale


@given(st.floats(0, 1e6), st.sampled_from(["linear", "log", "log1p"]))
def test_there_and_back(number, kind):
    number = number + (kind == "log") * 1e-3
    scale = Scale([kind], torch.tensor([2.0]), torch.tensor([0.7])).double()
    found = scale.number(scale.cell(torch.tensor([number], dtype=torch.float64))).item()
    assert found == pytest.approx(number, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", ["linear", "log", "log1p"])
def test_the_average_is_that_of_the_numbers(kind):
    scale = Scale([kind], torch.tensor([1.0]), torch.tensor([0.7])).double()
    cells, share = torch.tensor([[-1.0, 0.5, 2.0]]).double(), torch.tensor([[0.2, 0.3, 0.5]]).double()
    expected = (scale.number(cells.T)[:, 0] * share[0]).sum()
    torch.testing.assert_close(scale.number(scale.average(cells, share.log()))[0], expected)
    pooled = scale.pooled(cells.T)
    torch.testing.assert_close(scale.number(pooled)[0], scale.number(cells.T).mean())


def test_a_share_of_nothing_counts_nothing():
    scale = Scale(["log"], torch.zeros(1), torch.ones(1))
    assert scale.average(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, -torch.inf]])).item() == pytest.approx(1.0)


def test_huge_cells_stay_finite():
    scale = Scale(["log", "log1p"], torch.zeros(2), torch.ones(2))
    assert scale.number(torch.tensor([1e6, 1e6])).isfinite().all()
    assert scale.cell(torch.tensor([0.0, -1.0])).isfinite().all()
    assert scale.pooled(torch.tensor([[500.0, 500.0], [600.0, 0.0]])).isfinite().all()
