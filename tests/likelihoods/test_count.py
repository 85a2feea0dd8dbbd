"""Counts wider and narrower than Poisson."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.count import CountLikelihood


@pytest.mark.parametrize("name", ["poisson", "wide", "constant"])
def test_it_learns_counts_of_any_spread(name):
    noise = np.random.default_rng(0)
    counts = {
        "poisson": noise.poisson(6.0, 2_000), "wide": noise.negative_binomial(1, 0.05, 2_000),
        "constant": np.full(2_000, 7),
    }[name]  # fmt: skip
    logs = np.log1p(counts)
    field = Field("n", "count", mean=logs.mean(), std=logs.std() or 1.0, transform="log1p", rows=2_000)
    cells = torch.tensor(field.cell(counts), dtype=torch.float32)[:, None]
    with rng.seeded(0):
        made = CountLikelihood(1, [field])
    optimiser = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(150):
        optimiser.zero_grad()
        loss = -made(torch.ones(1, 1)).log_prob(cells).mean()
        loss.backward()
        optimiser.step()
    _, seen = np.unique(counts, return_counts=True)
    entropy = -(seen / 2_000 * np.log(seen / 2_000)).sum()
    assert entropy - 1e-3 <= loss.item() < entropy + 0.15
    with rng.seeded(0):
        mean = made(torch.ones(1, 1)).units.number(made(torch.ones(1, 1)).mean).item()
    assert mean == pytest.approx(counts.mean(), rel=0.15)


def test_the_floor_is_kept():
    made = CountLikelihood(1, [Field("n", "count", transform="log1p")], floor=0.3)
    torch.nn.init.constant_(made.head.linear.bias, -50.0)
    assert made(torch.zeros(1, 1)).scale.item() == pytest.approx(0.3)
