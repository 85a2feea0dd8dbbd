"""A column with two humps."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.gaussian_mixture import GaussianMixtureLikelihood

GRID = np.linspace(0, 1, 257)


def test_it_starts_at_the_quantiles():
    law = GaussianMixtureLikelihood(3, [Field("x", "real", quantiles=4 * GRID - 2)], components=4)(torch.zeros(1, 3))
    assert law.parts.loc.flatten().tolist() == pytest.approx([-1.5, -0.5, 0.5, 1.5])
    law = GaussianMixtureLikelihood(3, [Field("p", "pixel", quantiles=GRID)], components=1)(torch.zeros(1, 3))
    assert law.mean.item() == pytest.approx(0.5) and law.parts.scale.item() == pytest.approx(0.29, abs=0.01)


def test_the_floor_is_kept():
    made = GaussianMixtureLikelihood(3, [Field("x", "real"), Field("p", "pixel", quantiles=GRID)], components=2)
    torch.nn.init.constant_(made.head.linear.bias, -100.0)
    assert made(torch.zeros(1, 3)).parts.scale[0, :, 0].tolist() == pytest.approx([0.02, 0.5 / 255])


def test_two_humps_need_two_components():
    noise = np.random.default_rng(0)
    cells = noise.normal(np.where(noise.random(2_000) < 0.3, -1.5, 0.65), 0.15)
    field, nats = Field("x", "real", rows=2_000, quantiles=np.quantile(cells, GRID)), []
    for maker in (GaussianLikelihood, GaussianMixtureLikelihood):
        with rng.seeded(0):
            made = maker(1, [field])
        optimiser = torch.optim.Adam(made.parameters(), 0.05)
        for _ in range(150):
            loss = -made(torch.ones(1, 1)).log_prob(torch.from_numpy(cells)[:, None].float()).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        nats.append(loss.item())
    entropy = -0.3 * np.log(0.3) - 0.7 * np.log(0.7) + np.log(0.15 * np.sqrt(2 * np.pi * np.e))
    assert nats[1] < entropy + 0.05 and nats[0] > entropy + 0.5
