"""Names of several columns in one padded tensor."""

import torch

from vaekit import rng
from vaekit.distributions import Levels
from vaekit.distributions.levels import cumulative, draw_index

PADDED = torch.tensor([[0.0, 1.0, -torch.inf, -torch.inf], [0.0, 0.0, 0.0, 0.0]])


def test_padding_has_no_mass_no_draws_and_no_gradient():
    logits = PADDED.clone().requires_grad_()
    law = Levels(logits)
    assert law.log_prob(torch.tensor([2.0, 2.0])).tolist()[0] == -torch.inf
    law.log_prob(torch.tensor([[0.0, 1.0], [1.0, 3.0]])).sum().backward()
    assert logits.grad.isfinite().all() and (logits.grad[0, 2:] == 0).all()
    with rng.seeded(0):
        assert law.sample((100_000,))[:, 0].max() == 1


def test_draws_have_the_shares():
    with rng.seeded(0):
        drawn = draw_index(torch.tensor([0.0, 0.2, 0.0, 0.8]), (50_000,))
    assert drawn.bincount(minlength=4)[[0, 2]].sum() == 0
    assert abs((drawn == 1).float().mean() - 0.2) < 0.01


def test_the_mixture_decides_the_best_level():
    law = Levels(torch.log(torch.tensor([[[0.6, 0.4, 0.0]], [[0.0, 0.4, 0.6]]])))
    assert law.mode.tolist() == [[0.0], [2.0]] and law.best().tolist() == [1.0]
    torch.testing.assert_close(law.pooled().probs, torch.tensor([[[0.3, 0.4, 0.3]]]))


def test_the_sum_up_to_a_level():
    probs = torch.tensor([0.1, 0.2, 0.7])
    at = torch.tensor([-1.0, 0.0, 0.9, 1.0, 2.0, 9.0])
    torch.testing.assert_close(cumulative(probs, at), torch.tensor([0.0, 0.1, 0.1, 0.3, 1.0, 1.0]))


def test_extreme_logits_stay_finite():
    logits = torch.tensor([1e5, -1e5, 0.0], requires_grad=True)
    value = Levels(logits).log_prob(torch.tensor(1.0))
    value.backward()
    assert value.item() == -2e5 and logits.grad.tolist() == [-1.0, 1.0, 0.0]
