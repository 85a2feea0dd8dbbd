from __future__ import annotations

import torch

from vaekit import rng
from vaekit.distributions.joint import Joint, Remembered


class Bent(Joint):
    """z_0 = a e_0 + b, z_1 = e_1 + z_0^2."""

    def __init__(self, a, b):
        self.a, self.b = a, b
        super().__init__(a.shape, 2, a)

    def place(self, noise):
        first = self.a * noise[..., 0] + self.b
        return torch.stack([first, noise[..., 1] + first.square()], -1)


def test_moments_are_exact_where_latents_are_linear_and_near_otherwise():
    a, b = torch.tensor([0.5, 2.0, 0.1]), torch.tensor([0.0, 1.0, -3.0])
    law = Bent(a, b)
    assert law.batch_shape == (3,) and law.event_shape == (2,) and law.mean.shape == law.stddev.shape == (3, 2)
    torch.testing.assert_close(law.mean[:, 0], b)
    torch.testing.assert_close(law.stddev[:, 0], a)
    torch.testing.assert_close(law.mean[:, 1], a.square() + b.square(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(law.variance, law.stddev.square())
    with rng.seeded(0):
        z = law.sample((20_000,))
    torch.testing.assert_close(law.stddev[:, 1], z.std(0)[:, 1], rtol=0.5, atol=0.1)
    assert z.shape == (20_000, 3, 2)


def test_a_changed_draw_is_not_remembered():
    memory, z = Remembered(), torch.zeros(3)
    assert memory.of(z) is None
    assert memory.keep(z, torch.ones(1)) is z and memory.of(z) is not None
    assert memory.of(z.clone()) is None
    z += 1
    assert memory.of(z) is None
