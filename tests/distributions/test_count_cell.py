"""From cells to whole numbers and back."""

import torch

from vaekit import rng
from vaekit.distributions import CountCell, Scale
from vaekit.distributions.counts import Poisson

UNITS = Scale(["log1p"], torch.tensor([2.0]), torch.tensor([0.7]))


def test_a_cell_in_single_precision_is_its_whole_number():
    counts = torch.tensor([0.0, 1.0, 17.0, 12_345.0, 400_000.0])[:, None]
    law = CountCell(Poisson(torch.tensor([3.0])), UNITS)
    torch.testing.assert_close(
        law.log_prob(UNITS.cell(counts)).double(), Poisson(torch.tensor([3.0])).log_mass(counts.double())
    )
    torch.testing.assert_close(
        law.cdf(UNITS.cell(counts)).double(), Poisson(torch.tensor([3.0])).below(counts.double()), rtol=0, atol=1e-6
    )


def test_below_zero_there_is_nothing():
    law = CountCell(Poisson(torch.tensor([3.0])), UNITS)
    assert law.cdf(UNITS.cell(torch.tensor([0.0])) - 1e-3).item() == 0
    assert law.log_prob(torch.tensor([-50.0])) == law.log_prob(UNITS.cell(torch.tensor([0.0])))  # as if it were a zero


def test_answers_are_cells_in_the_precision_of_the_model():
    law = CountCell(Poisson(torch.full((2, 1), 3.0)), UNITS)
    with rng.seeded(0):
        drawn = law.sample((50,))
    assert drawn.dtype == law.mean.dtype == law.best().dtype == law.log_prob(drawn).dtype == torch.float32
    numbers = UNITS.number(drawn)
    torch.testing.assert_close(numbers, numbers.round(), rtol=0, atol=1e-3)
