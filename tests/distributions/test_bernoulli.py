"""Binary cells and grey levels."""

import pytest
import torch
from torch.nn import functional as F

from vaekit.distributions import BernoulliCell


@pytest.mark.parametrize("grey", [0.0, 0.2, 0.5, 1.0])
def test_a_grey_level_has_the_expected_log_probability_of_its_binarisation(grey):
    logits = torch.tensor([-3.0, 0.0, 2.0])
    law = BernoulliCell(logits)
    value = torch.full((3,), grey)
    expected = grey * law.log_prob(torch.ones(3)) + (1 - grey) * law.log_prob(torch.zeros(3))
    torch.testing.assert_close(law.log_prob(value), expected)
    torch.testing.assert_close(
        -law.log_prob(value), F.binary_cross_entropy_with_logits(logits, value, reduction="none")
    )


def test_extreme_logits_stay_finite():
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    value = BernoulliCell(logits).log_prob(torch.tensor([1.0, 0.0]))
    value.sum().backward()
    assert value.tolist() == [-1e4, -1e4] and logits.grad.tolist() == [1.0, -1.0]


def test_the_best_value_is_that_of_the_average_probability():
    law = BernoulliCell(torch.tensor([[[-9.0]], [[0.5]], [[0.5]]]))  # 0.00, 0.62, 0.62: on average 0.41
    assert law.best().tolist() == [[0.0]] and law.mode[:, 0, 0].tolist() == [0.0, 1.0, 1.0]
