"""SciPy's functions against sums and integrals."""

import pytest
import torch

from vaekit.distributions.special import incomplete_beta, student_cdf


@pytest.mark.parametrize("degrees", [1.0, 2.5, 40.0])
def test_students_cdf_is_the_integral_of_its_density(degrees):
    grid = torch.linspace(-400, 1.3, 400_001, dtype=torch.float64)
    density = torch.distributions.StudentT(torch.tensor(degrees).double()).log_prob(grid).exp()
    found = student_cdf(torch.tensor(degrees), torch.tensor(1.3).double())
    assert found.item() == pytest.approx(torch.trapezoid(density, grid).item(), abs=1e-3)


def test_the_incomplete_beta_is_the_tail_of_a_binomial():
    n, k, p = 12, 5, 0.3
    binomial = torch.distributions.Binomial(n, torch.tensor(p).double())
    above = binomial.log_prob(torch.arange(k, n + 1.0).double()).exp().sum()
    found = incomplete_beta(torch.tensor(float(k)), torch.tensor(n - k + 1.0), torch.tensor(p).double())
    assert found.item() == pytest.approx(above.item())


def test_the_answer_has_the_precision_and_shape_of_the_question():
    assert student_cdf(torch.ones(3), torch.zeros(2, 3)).dtype == torch.float32
    assert student_cdf(torch.ones(3).double(), torch.zeros(2, 3).double()).dtype == torch.float64
    assert student_cdf(torch.ones(3), torch.zeros(2, 3)).shape == (2, 3)
