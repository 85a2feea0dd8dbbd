"""A point has no spread and no rate."""

import torch

from vaekit.distributions import Delta
from vaekit.posteriors import Point


def test_every_draw_is_the_mean():
    law = Point(5, 3)(torch.ones(2, 5))
    assert isinstance(law, Delta) and not Point.density
    assert torch.equal(law.rsample((4,)), law.mean.expand(4, 2, 3)) and (law.stddev == 0).all()
    assert law.rsample().requires_grad
