"""Pixels of whole numbers under a discretised logistic."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.errors import SpecError
from vaekit.likelihoods.discretised_logistic import DiscretisedLogisticLikelihood


def channel(std=255.0, resolution=1.0, quantiles=None):
    quantiles = np.linspace(0, 0.5, 257) if quantiles is None else quantiles
    return Field("p", "pixel", std=std, resolution=resolution, quantiles=quantiles)


def test_the_levels_are_those_of_the_type():
    made = DiscretisedLogisticLikelihood(3, [channel(), channel(65535.0), channel(1.0)])
    assert made.levels.tolist() == [256, 65536, 2]
    with rng.seeded(0):
        drawn = made(torch.zeros(1, 3)).sample((100,))
    assert torch.equal((drawn[..., 0] * 255).round() / 255, drawn[..., 0])
    assert set(drawn[..., 2].flatten().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("components", [1, 4])
def test_it_starts_where_the_pixels_lie(components):
    made = DiscretisedLogisticLikelihood(3, [channel()], components=components)
    law = made(torch.zeros(1, 3))
    every = torch.linspace(0, 1, 256)[:, None]
    mass = law.log_prob(every).exp()[:, 0]
    mean = (mass * every[:, 0]).sum()
    assert mean.item() == pytest.approx(0.25, abs=0.03)
    assert (mass * (every[:, 0] - mean).square()).sum().sqrt().item() == pytest.approx(0.145, abs=0.03)


def test_the_floor_is_in_levels():
    made = DiscretisedLogisticLikelihood(3, [channel(), channel(15.0)], floor=0.5)
    with torch.no_grad():
        made.head.linear.bias.fill_(-100.0)
    assert made(torch.zeros(1, 3)).scale[0, :, 0].tolist() == pytest.approx([0.5 / 255, 0.5 / 15])


def test_constant_pixels_have_finite_gradients():
    made = DiscretisedLogisticLikelihood(3, [channel(quantiles=np.zeros(257))], components=2)
    made(torch.ones(2, 3)).log_prob(torch.tensor([[0.0], [1.0]])).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in made.parameters())


def test_decimal_pixels_have_no_levels():
    with pytest.raises(SpecError, match="'p': the pixels are decimal numbers") as caught:
        DiscretisedLogisticLikelihood(3, [channel(), channel(1.0, 0.0)])
    assert caught.value.hint


def test_it_learns_the_shape_of_a_pixel():
    """Bits per value fall to the entropy of the levels, about 4.3 bits here, where 256 equal ones have 8."""
    noise = np.random.default_rng(0)
    cells = (noise.normal(100, 5, 2_000).round() / 255).astype(np.float32)
    field = channel(quantiles=np.quantile(cells, np.linspace(0, 1, 257)))
    with rng.seeded(0):
        made = DiscretisedLogisticLikelihood(2, [field])
    optimiser = torch.optim.Adam(made.parameters(), 0.02)
    rows, features = torch.from_numpy(cells)[:, None], torch.ones(2_000, 2)
    for _ in range(300):
        loss = -made(features).log_prob(rows).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() / np.log(2) == pytest.approx(np.log2(5 * np.sqrt(2 * np.pi * np.e)), abs=0.1)
