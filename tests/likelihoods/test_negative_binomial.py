"""Counts that vary more than Poisson."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.negative_binomial import NegativeBinomialLikelihood, count_start, zero_start


def field_of(counts):
    logs = np.log1p(counts)
    cells = (logs - logs.mean()) / (logs.std() or 1.0)
    quantiles = np.quantile(cells, np.linspace(0, 1, 257))
    return Field(
        "n", "count", mean=logs.mean(), std=logs.std() or 1.0, transform="log1p", rows=len(counts), quantiles=quantiles
    )


@pytest.mark.parametrize(("size", "share"), [(2, 0.1), (0.5, 0.05), (40, 0.7)])
def test_it_starts_at_the_moments_and_learns_the_rest(size, share):
    counts = np.random.default_rng(0).negative_binomial(size, share, 4_000)
    field = field_of(counts)
    with rng.seeded(0):
        made = NegativeBinomialLikelihood(1, [field])
    assert np.exp(count_start(field)[0]) == pytest.approx(counts.mean(), rel=0.1)
    cells = torch.tensor(field.cell(counts), dtype=torch.float32)[:, None]
    optimiser = torch.optim.Adam(made.parameters(), 0.03)
    for _ in range(150):
        loss = -made(torch.ones(1, 1)).log_prob(cells).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    law = made(torch.ones(1, 1)).counts
    assert law.mean().item() == pytest.approx(counts.mean(), rel=0.05)
    assert law.log_size.exp().item() == pytest.approx(size, rel=0.35)


@pytest.mark.parametrize("counts", [np.zeros(50), np.full(50, 7), np.array([0] * 49 + [10**6])])
def test_any_column_has_a_start(counts):
    field = field_of(counts)
    for above in (False, True):
        assert np.isfinite(count_start(field, above_zero=above)).all()
    assert 0 < zero_start(field) < 1
    made = NegativeBinomialLikelihood(2, [field, Field("bare", "count", transform="log1p")])
    made(torch.ones(3, 2)).log_prob(torch.zeros(3, 2)).sum().backward()
    assert made.head.linear.weight.grad.isfinite().all()
