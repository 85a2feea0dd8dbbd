"""All mass at one point."""

import torch

from vaekit.distributions import Delta


def test_a_point_has_no_spread():
    point = torch.tensor([[1.0, -2.0]], requires_grad=True)
    law = Delta(point)
    assert law.batch_shape == (1, 2) and law.rsample((3, 1)).shape == (3, 1, 1, 2)
    assert (law.variance == 0).all() and torch.equal(law.mean, point) and torch.equal(law.mode, point)
    assert law.log_prob(torch.tensor([[1.0, 0.0]])).tolist() == [[0.0, -torch.inf]]
    law.rsample((5,)).sum().backward()
    assert point.grad.tolist() == [[5.0, 5.0]]
