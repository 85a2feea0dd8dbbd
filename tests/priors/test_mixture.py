"""Groups among latents: found by the mixture, whether it is learned with the model or afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Normal

import vaekit
from vaekit import rng
from vaekit.distributions.mixture import NormalMixture
from vaekit.priors.mixture import FOUND, Mixture
from vaekit.priors.normal import from_law

CENTRES = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0]])


def groups(count=600):
    of = torch.arange(count) % 3
    return CENTRES[of] + 0.3 * rng.table(0, (count, 2), "groups"), of


def nothing(count):
    return Normal(torch.zeros(count, 2), torch.ones(count, 2))


def test_it_is_standard_normal_until_it_has_been_learned():
    z, _ = groups()
    prior = Mixture(2, components=3, when="after")
    assert prior.learns and isinstance(prior(), Normal)
    before = prior.loss(z, nothing(600)).mean()
    prior.start(z, torch.full_like(z, 1e-3))
    assert isinstance(prior(), NormalMixture) and prior.loss(z, nothing(600)).mean() < before
    assert prior().log_prob(z).mean() > prior.one.new_zeros(2).add(-5).sum()
    again = Mixture(2, components=3, when="after")
    again.load_state_dict(prior.state_dict())
    assert torch.equal(again().log_prob(z), prior().log_prob(z))


@pytest.mark.parametrize("way", FOUND)
def test_it_starts_at_the_groups_of_the_latents(way):
    z, of = groups()
    prior = Mixture(2, components=3, groups=way)
    prior.start(z, torch.full_like(z, 0.4))
    near = torch.cdist(CENTRES, prior.loc.detach()).min(1)
    assert near.values.max() < 0.1 and len(near.indices.unique()) == 3
    torch.testing.assert_close(prior.log_scale.exp(), torch.full((3, 2), 0.5), atol=0.05, rtol=0)
    assert torch.equal(near.indices[of], prior.responsibilities(z).argmax(-1))


@pytest.mark.parametrize("way", FOUND)
def test_groups_that_lie_across_the_axes_are_found(way):
    of = torch.arange(900) % 2
    along, across = rng.table(0, (900, 2), "oblique").unbind(-1)
    centres = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    z = torch.stack([1.2 * along + 0.2 * across, 1.2 * along - 0.2 * across], -1) + centres[of]
    prior = Mixture(2, components=2, groups=way)
    prior.start(z, torch.full_like(z, 1e-3))
    assert torch.cdist(centres, prior.loc.detach()).min(1).values.max() < 0.15
    spread = z[of == 0].std(0).expand(2, 2)
    torch.testing.assert_close(prior.log_scale.exp(), spread, atol=0.15, rtol=0)


def test_whole_covariances_are_those_of_the_groups():
    """Two oblong groups side by side, which variances alone cannot tell apart."""
    of = torch.arange(900) % 2
    along, across = rng.table(0, (900, 2), "oblique").unbind(-1)
    z = (
        torch.stack([2 * along + 0.1 * across, 2 * along - 0.1 * across], -1)
        + torch.tensor([[0.5, -0.5]]) * (2 * of - 1)[:, None]
    )
    found = {}
    for covariance in ("diagonal", "full"):
        prior = Mixture(2, components=2, groups="neighbours", covariance=covariance)
        prior.start(z, torch.full_like(z, 1e-3))
        match = (prior.responsibilities(z).argmax(-1) == of).float().mean()
        found[covariance] = max(match, 1 - match)
    assert found["full"] > 0.99 > 0.96 > found["diagonal"]
    torch.testing.assert_close(prior().variance, z.var(0), rtol=0.05, atol=0)


def test_one_latent_has_no_slopes():
    prior = Mixture(1, components=2, covariance="full")
    assert prior.slopes is None and prior().log_prob(torch.zeros(3, 1)).shape == (3,)


@pytest.mark.parametrize("way", FOUND)
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("rows", [1, 2])
def test_fewer_rows_than_groups_are_no_obstacle(rows, covariance, way):
    prior = Mixture(2, components=4, groups=way, covariance=covariance)
    prior.start(groups(rows)[0] if rows > 1 else torch.ones(5, 2), torch.zeros(5, 2))
    assert prior().log_prob(torch.ones(2)).isfinite() and prior().sample((3,)).isfinite().all()


def test_an_empty_context_draws_from_the_groups_and_another_from_itself():
    z, _ = groups()
    prior = Mixture(2, components=3)
    prior.start(z, torch.full_like(z, 1e-3))
    empty = torch.arange(3_000) < 1_500
    context = Normal(torch.full((3_000, 2), 9.0), torch.full((3_000, 2), 0.1))
    with rng.seeded(0), torch.no_grad():
        drawn, cold = (from_law(prior(), context, empty, temperature) for temperature in (1.0, 0.0))
    distance, group = torch.cdist(drawn[empty], CENTRES).min(1)
    assert distance.max() < 2 and (group.bincount() > 400).all()
    assert (drawn[~empty] - 9).abs().max() < 1
    assert torch.cdist(cold[empty], prior.loc.detach()).min(1).values.max() < 1e-5


@pytest.mark.parametrize(("when", "extra"), [("during", {"pretrain": 3}), ("during", {}), ("after", {})])
def test_a_fit_finds_two_groups_of_rows(when, extra):
    noise = np.random.default_rng(0)
    of = noise.random(300) < 0.5
    rows = noise.normal(size=(300, 3)) * 0.2 + np.where(of[:, None], 2.0, -2.0)
    train = {"epochs": 25, "prior_epochs": 5, "batch": 50, "hide": 0.0, "rate": 1e-2, **extra}
    parts = {"prior": {"kind": "mixture", "components": 2, "when": when}, "net": "mlp", "latent": 2, "train": train}
    model = vaekit.fit(rows, objective={"beta": 1.0}, **parts)
    prior = model.module.prior
    assert prior.learned and set(model.card["ended"]) == {"model"} | ({"pretrain"} if extra else set()) | (
        {"prior"} if when == "after" else set()
    )
    with torch.no_grad():
        found = prior.responsibilities(torch.from_numpy(model.encode(rows).mean)).argmax(-1).numpy()
    assert max((found == of).mean(), (found != of).mean()) > 0.95
    drawn = model.sample(200)
    between = (np.abs(drawn).min(1) < 0.5).mean()
    assert between < (0.1 if extra or when == "after" else 0.3), "what it draws lies in the groups"
