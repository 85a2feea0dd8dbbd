"""Student's t seen in cells."""

import pytest
import torch

from vaekit.distributions import NormalCell, Scale, StudentCell


def law(df, kind="linear", std=1.0):
    units = Scale([kind], torch.tensor([1.0]), torch.tensor([std]))
    return StudentCell(torch.tensor([df]), torch.tensor([[0.3]]), torch.tensor([[0.5]]), units)


def test_with_many_degrees_of_freedom_it_is_normal():
    cell = torch.tensor([[-1.0], [0.3], [1.2]]).double()
    units = Scale(["linear"], torch.zeros(1), torch.ones(1))
    loc, scale = torch.tensor([[0.3]]).double(), torch.tensor([[0.5]]).double()
    wide, normal = StudentCell(torch.tensor([1e6]).double(), loc, scale, units), NormalCell(loc, scale, units)
    torch.testing.assert_close(wide.log_prob(cell), normal.log_prob(cell), atol=1e-4, rtol=0)
    torch.testing.assert_close(wide.cdf(cell), normal.cdf(cell), atol=1e-4, rtol=0)


def test_the_tails_fall_as_a_power():
    ten, hundred = law(3.0).log_prob(torch.tensor([[1e3], [1e4]])).flatten().tolist()
    assert ten - hundred == pytest.approx(4 * 2.302585, rel=1e-3)


def test_prices_without_a_mean_show_their_median():
    one = law(3.0, "log", 0.7)
    assert one.cdf(one.mean).item() == pytest.approx(0.5)
    assert one.units.number(one.mean).item() == pytest.approx(2.718281828 ** (1 + 0.7 * 0.3))
