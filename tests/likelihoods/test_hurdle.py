"""Counts with zeros of their own."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.hurdle import HurdleLikelihood

NOISE = np.random.default_rng(0)
COUNTS = np.where(NOISE.random(4_000) < 0.4, 0, NOISE.poisson(5.0, 4_000))
LOGS = np.log1p(COUNTS)
FIELD = Field(
    "n", "count", mean=LOGS.mean(), std=LOGS.std(), transform="log1p", rows=4_000,
    quantiles=np.quantile((LOGS - LOGS.mean()) / LOGS.std(), np.linspace(0, 1, 257)),
)  # fmt: skip
CELLS = torch.tensor(FIELD.cell(COUNTS), dtype=torch.float32)[:, None]


@pytest.mark.parametrize("counts", ["poisson", "negative_binomial"])
def test_it_learns_how_many_zeros_there_are_beside_the_counts(counts):
    with rng.seeded(0):
        made = HurdleLikelihood(1, [FIELD], counts=counts)
    optimiser = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(200):
        loss = -made(torch.ones(1, 1)).log_prob(CELLS).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    law = made(torch.ones(1, 1))
    assert law.counts.logit.sigmoid().item() == pytest.approx(0.4, abs=0.03)
    assert law.counts.base.mean().item() == pytest.approx(5.0, rel=0.05)
    _, seen = np.unique(COUNTS, return_counts=True)
    entropy = -(seen / 4_000 * np.log(seen / 4_000)).sum()
    assert entropy - 0.01 < loss.item() < entropy + 0.02


def test_it_starts_near_the_share_of_zeros():
    share = (
        HurdleLikelihood(1, [FIELD])(torch.zeros(1, 1))
        .log_prob(torch.full((1, 1), FIELD.cell(0.0), dtype=torch.float32))
        .exp()
    )
    assert share.item() == pytest.approx(0.4, abs=0.22)
