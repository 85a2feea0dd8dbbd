"""Three parts of the rate: they sum to it, and each is what its name says."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal

from vaekit import rng
from vaekit.distributions import Delta
from vaekit.errors import SpecError
from vaekit.objectives import TotalCorrelation, kl, total_correlation
from vaekit.objectives.kl import monte_carlo
from vaekit.objectives.total_correlation import decompose

STANDARD = Normal(torch.zeros(2).double(), 1.0)


def rows(B=40, seed=0, correlation=0.0, std=0.3, samples=1):
    """A posterior of B rows whose means have that correlation, and draws from it."""
    mean = rng.table(seed, (B, 2), "mean", dtype=torch.float64)
    mean[:, 1] = correlation * mean[:, 0] + (1 - correlation**2) ** 0.5 * mean[:, 1]
    posterior = Normal(mean, torch.full_like(mean, std))
    return posterior, mean + std * rng.table(seed, (samples, B, 2), "z", dtype=torch.float64)


def test_the_parts_sum_to_the_rate(linear):
    draw = linear(3, 50).draw
    parts = decompose(draw.posterior, draw.prior, draw.z, 1_000)
    torch.testing.assert_close(sum(parts), monte_carlo(draw.posterior, draw.prior, draw.z).sum(-1))
    many = linear(20_000, 2).draw
    closed = kl(many.posterior, many.prior, many.z).sum(-1)
    torch.testing.assert_close(sum(decompose(many.posterior, many.prior, many.z, 2)), closed, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("weights", [(1, 1, 1), (0.5, 6, 2)])
def test_each_part_has_its_weight(linear, weights):
    draw = linear(2, 30).draw
    terms = TotalCorrelation(rows=30, **dict(zip(("alpha", "beta", "gamma"), map(float, weights), strict=True)))(draw)
    parts = decompose(draw.posterior, draw.prior, draw.z, 30)
    expected = sum(weight * part.mean() for weight, part in zip(weights, parts, strict=True))
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + expected)
    torch.testing.assert_close(list(terms.extra.values()), [part.mean() for part in parts])
    assert list(terms.extra) == ["mutual_information", "total_correlation", "dimension_wise_kl"]


def test_a_batch_of_all_rows_is_exact():
    posterior, z = rows(samples=5)
    parts = decompose(posterior, STANDARD, z, 40)
    every = Categorical(torch.ones(40).double())
    whole = MixtureSameFamily(every, Independent(posterior, 1)).log_prob(z)
    each = MixtureSameFamily(Categorical(torch.ones(2, 40).double()), Normal(posterior.mean.T, posterior.stddev.T))
    torch.testing.assert_close(parts.information, (posterior.log_prob(z).sum(-1) - whole).mean(0))
    torch.testing.assert_close(parts.correlation, (whole - each.log_prob(z).sum(-1)).mean(0))


def test_the_density_of_all_latents_is_estimated_without_bias():
    """Averaged over batches that a row may be in, the estimate of q(z) at its latents is q(z) over all rows."""
    posterior, z = rows()
    exact = (posterior.log_prob(z).sum(-1) - decompose(posterior, STANDARD, z, 40).information).exp()[0, 0]
    found = []
    for seed in range(1_000):
        with rng.seeded(seed):
            at = torch.cat([torch.zeros(1, dtype=torch.long), 1 + torch.randperm(39)[:9]])
        batch = Normal(posterior.mean[at], posterior.stddev[at])
        information = decompose(batch, STANDARD, z[:, at], 40).information[0]
        found.append((batch.log_prob(z[:, at]).sum(-1)[0, 0] - information).exp())
    found = torch.stack(found)
    assert abs(found.mean() - exact) < 4 * found.std() / len(found) ** 0.5 < 0.08 * exact


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_total_correlation_is_that_of_the_latents_of_all_rows(correlation):
    posterior, z = rows(2_000, correlation=correlation)
    together = correlation / (1 + 0.3**2)
    expected = -torch.tensor(1 - together**2).log() / 2
    found = decompose(posterior, STANDARD, z, 2_000).correlation.mean()
    assert abs(found - expected) < 0.06


def test_latents_of_the_prior_have_no_divergence_of_their_own():
    posterior, z = rows(2_000, std=0.3)
    scaled = Normal(posterior.mean * (1 - 0.3**2) ** 0.5, posterior.stddev)
    z = z + scaled.mean - posterior.mean
    assert abs(decompose(scaled, STANDARD, z, 2_000).dimension.mean()) < 0.03


def test_pieces_change_nothing(monkeypatch):
    posterior, z = rows(samples=2)
    whole = decompose(posterior, STANDARD, z, 90)
    monkeypatch.setattr(total_correlation, "AT_ONCE", 7)
    torch.testing.assert_close(decompose(posterior, STANDARD, z, 90), whole)


@pytest.mark.parametrize("count", [1, 100])
def test_a_row_alone_stands_for_all(count):
    posterior, z = rows(1)
    parts = decompose(posterior, STANDARD, z, count)
    assert parts.information == 0 and parts.correlation.abs() < 1e-12


def test_latents_without_a_density_each_are_refused(linear):
    draw = linear().draw
    together = MultivariateNormal(draw.z[0], torch.eye(2).double())
    for posterior in (Delta(draw.z[0]), together):
        with pytest.raises(SpecError, match="total_correlation"):
            TotalCorrelation(rows=6)(replace(draw, posterior=posterior))
