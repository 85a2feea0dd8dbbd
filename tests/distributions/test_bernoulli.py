"""Binary cells and grey levels."""

import pytest
import torch
from torch.nn import functional as F

from vaekit.distributions import BernoulliCell, Columns


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


def test_in_training_the_log_probability_is_that_of_torch():
    logits = torch.linspace(-30, 30, 241).repeat(2, 5, 1).requires_grad_()
    value = torch.linspace(0, 1, 5)[:, None].repeat(1, 241)
    law, slope = BernoulliCell(logits), torch.rand(2, 5, 241)
    fast, exact = (
        law.log_prob(value),
        -F.binary_cross_entropy_with_logits(*torch.broadcast_tensors(logits, value), reduction="none"),
    )
    torch.testing.assert_close(fast, exact, rtol=1e-6, atol=1e-6)
    of_fast, of_exact = (torch.autograd.grad(nats, logits, slope)[0] for nats in (fast, exact))
    torch.testing.assert_close(of_fast, of_exact, rtol=1e-5, atol=1e-6)


def test_extreme_logits_stay_finite():
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    value = BernoulliCell(logits).log_prob(torch.tensor([1.0, 0.0]))
    value.sum().backward()
    assert value.tolist() == [-1e4, -1e4] and logits.grad.tolist() == [1.0, -1.0]


def test_the_best_value_is_that_of_the_average_probability():
    law = BernoulliCell(torch.tensor([[[-9.0]], [[0.5]], [[0.5]]]))  # 0.00, 0.62, 0.62: on average 0.41
    assert law.best().tolist() == [[0.0]] and law.mode[:, 0, 0].tolist() == [0.0, 1.0, 1.0]


def test_a_grey_cell_shows_its_probability():
    law = BernoulliCell(torch.tensor([[[-1.0, -1.0]], [[2.0, 2.0]]]), torch.tensor([True, False]))
    p = torch.tensor([-1.0, 2.0]).sigmoid()
    for shown in (law.sample()[:, 0, 0], law.mode[:, 0, 0], law.mean[:, 0, 0], law.sample((3,))[1, :, 0, 0]):
        assert torch.equal(shown, p)
    assert law.sample((50,))[..., 1].unique().tolist() == [0.0, 1.0] and law.mode[:, 0, 1].tolist() == [0.0, 1.0]
    assert law.best()[0, 0].item() == pytest.approx(p.mean().item()) and law.best()[0, 1].item() == 1.0


def test_quantiles_of_a_grey_cell_span_what_the_latents_say():
    logits = torch.linspace(-2, 2, 101)[:, None, None]
    joined = Columns([BernoulliCell(logits, torch.tensor([True]))], [torch.tensor([0])], torch.tensor([0]))
    found = [joined.quantile(level).item() for level in (0.05, 0.5, 0.95)]
    assert found == pytest.approx(torch.tensor([-1.8, 0.0, 1.8]).sigmoid().tolist(), abs=0.01)
