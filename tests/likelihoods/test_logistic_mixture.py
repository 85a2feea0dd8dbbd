"""Several shades of a pixel."""

import numpy as np
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods import choose
from vaekit.likelihoods.discretised_logistic import DiscretisedLogisticLikelihood
from vaekit.likelihoods.logistic_mixture import LogisticMixtureLikelihood

PIXEL = Field("p", "pixel", std=255.0, resolution=1.0, quantiles=np.linspace(0, 1, 257))


def test_it_is_the_discretised_logistic_with_more_components():
    assert choose([PIXEL], "logistic_mixture") == [{"kind": "logistic_mixture", "components": 5, "floor": 0.1}]
    several, same = LogisticMixtureLikelihood(3, [PIXEL]), DiscretisedLogisticLikelihood(3, [PIXEL], components=5)
    same.load_state_dict(several.state_dict())
    features, value = torch.ones(2, 3), torch.tensor([[0.2], [1.0]])
    assert torch.equal(several(features).log_prob(value), same(features).log_prob(value))


def test_two_shades_need_two_components():
    noise = np.random.default_rng(0)
    shade = np.where(noise.random(2_000) < 0.5, 60.0, 190.0)
    cells = (noise.normal(shade, 4).round() / 255).astype(np.float32)
    field = Field("p", "pixel", std=255.0, resolution=1.0, quantiles=np.quantile(cells, np.linspace(0, 1, 257)))
    rows, nats = torch.from_numpy(cells)[:, None], []
    for components in (1, 2):
        with rng.seeded(0):
            made = LogisticMixtureLikelihood(1, [field], components=components)
        optimiser = torch.optim.Adam(made.parameters(), 0.05)
        for _ in range(150):
            loss = -made(torch.ones(2_000, 1)).log_prob(rows).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        nats.append(loss.item())
    entropy = np.log(2) + np.log(4 * np.sqrt(2 * np.pi * np.e))
    assert nats[1] < entropy + 0.1 and nats[0] > entropy + 0.8
