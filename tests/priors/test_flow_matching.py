"""Latents that the learned prior draws have the law of the latents it was fitted to, also under a context."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from vaekit import rng
from vaekit.priors import FlowMatching

L = 2
MEAN, ROOT = torch.tensor([1.0, -2.0]), torch.tensor([[0.8, 0.0], [0.5, 0.3]])


def aggregate(count, stream="z"):
    return MEAN + rng.table(0, (count, L), stream) @ ROOT.T


def nothing(count):
    """The posterior of an empty context: the same for every row."""
    return Normal(torch.zeros(count, L), torch.ones(count, L))


@pytest.fixture(scope="module")
def fitted():
    """Half of the steps show nothing; the other half show the first latent, as posterior of small deviation."""
    z = aggregate(4_000)
    with rng.seeded(0):
        prior = FlowMatching(L, condition=0, width=64, depth=2)
        prior.start(z, torch.full_like(z, 1e-3))
        optimiser = torch.optim.Adam(prior.parameters(), 3e-3)
        steps = 700
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = 3e-3 * 0.5 * (1 + math.cos(math.pi * step / steps))
            batch = z[torch.randint(len(z), (256,))]
            shown = Normal(torch.stack([batch[:, 0], torch.zeros(256)], 1), torch.tensor([0.01, 1.0]).expand(256, 2))
            blank = torch.rand(256, 1) < 0.5
            part = Normal(shown.mean.where(~blank, 0.0), shown.stddev.where(~blank, 1.0))
            optimiser.zero_grad()
            prior.loss(batch, part).mean().backward()
            optimiser.step()
    return prior.eval()


@torch.no_grad()
def drawn(prior, context, **options):
    with rng.seeded(1):
        return prior.given(context, torch.zeros(len(context.mean), dtype=torch.bool), **options)


def test_without_a_context_it_samples_the_aggregate(fitted):
    z = drawn(fitted, nothing(20_000))
    torch.testing.assert_close(z.mean(0), MEAN, atol=0.06, rtol=0)
    torch.testing.assert_close(z.T.cov(), ROOT @ ROOT.T, atol=0.07, rtol=0.1)


@pytest.mark.parametrize("first", [0.2, 1.0, 1.8])
def test_with_a_context_it_follows_it(fitted, first):
    """z_0 is known: z_0 stays there, and z_1 has the mean and deviation of the conditional normal law."""
    count = 5_000
    context = Normal(torch.tensor([first, 0.0]).expand(count, 2), torch.tensor([0.01, 1.0]).expand(count, 2))
    z = drawn(fitted, context)
    slope = 0.5 / 0.8
    assert z[:, 0].mean().item() == pytest.approx(first, abs=0.08) and z[:, 0].std() < 0.15
    assert z[:, 1].mean().item() == pytest.approx(-2 + slope * (first - 1), abs=0.08)
    assert z[:, 1].std().item() == pytest.approx(0.3, abs=0.08)


def test_a_lower_temperature_draws_closer_together(fitted):
    wide, narrow = (drawn(fitted, nothing(2_000), temperature=t).std(0) for t in (1.0, 0.3))
    assert (narrow < 0.6 * wide).all()


def test_equal_seeds_draw_equal_latents(fitted):
    assert torch.equal(drawn(fitted, nothing(10)), drawn(fitted, nothing(10)))


def test_the_rate_is_measured_against_the_standard_normal(fitted):
    assert torch.equal(fitted().mean, torch.zeros(L)) and torch.equal(fitted().stddev, torch.ones(L))


def test_the_scale_is_that_of_the_aggregate_posterior():
    prior, z = FlowMatching(L, condition=0, width=8, depth=1), aggregate(5_000)
    prior.start(z, torch.full_like(z, 0.5))
    torch.testing.assert_close(prior.centre, MEAN, atol=0.05, rtol=0)
    torch.testing.assert_close(prior.spread.square(), (ROOT @ ROOT.T).diagonal() + 0.25, atol=0.05, rtol=0)


def test_one_row_and_points_have_a_scale_too():
    prior = FlowMatching(L, condition=0, width=8, depth=1)
    prior.start(torch.ones(1, L), torch.full((1, L), 1e-9))
    assert (prior.spread > 0).all()
    assert drawn(prior, nothing(3)).isfinite().all()
    assert drawn(prior, Normal(torch.zeros(3, L), torch.zeros(3, L), validate_args=False)).isfinite().all()


def test_the_loss_is_that_of_the_velocity(fitted):
    """A net that answers zero pays E |z - e|^2 = var z + 1 per latent, in standardised units: 2."""
    prior = FlowMatching(L, condition=0, width=8, depth=1)
    torch.nn.init.zeros_(prior.out.weight), torch.nn.init.zeros_(prior.out.bias)
    z = aggregate(20_000)
    prior.start(z, torch.full_like(z, 1e-3))
    with rng.seeded(0):
        loss = prior.loss(z, nothing(len(z)))
    assert loss.shape == (20_000,) and loss.mean().item() == pytest.approx(2.0, abs=0.05)
    with rng.seeded(0):
        assert fitted.loss(z, nothing(len(z))).mean() < 1.9


@torch.no_grad()
@pytest.mark.parametrize(("steps", "shared"), [(4, True), (4, False), (8, True)])
def test_one_evaluation_between_two_steps_comes_near_the_path_itself(fitted, monkeypatch, steps, shared):
    """Rows that share a context need one row's evaluation at the start, others one more for all of them."""
    context = nothing(1).expand(torch.Size((500, L))) if shared else nothing(500)
    rows, own = [], fitted.velocity
    monkeypatch.setattr(fitted, "velocity", lambda z, *rest: (rows.append(len(z)), own(z, *rest))[1])
    monkeypatch.setattr(fitted, "steps", 200)
    path = drawn(fitted, context)
    rows.clear()
    monkeypatch.setattr(fitted, "steps", steps)
    z = drawn(fitted, context)
    assert rows == [1 if shared else 500] + [500] * (steps - 1)
    assert ((z - path) / fitted.spread).square().mean().sqrt() < 0.2 / steps


def exact(mean, covariance):
    """The velocity that carries N(0, I) to a normal law: mean + E[dy/dt - mean|y]."""
    one = torch.eye(len(mean)).to(mean)

    def velocity(y, time, described):
        t = time[0, 0]
        slope = (t * covariance - (1 - t) * one) @ ((1 - t).square() * one + t.square() * covariance).inverse()
        return mean + (y - t * mean) @ slope.T

    return velocity


def test_its_density_is_that_of_the_normal_law_to_which_the_flow_leads():
    mean, covariance = torch.tensor([0.3, -0.2]).double(), torch.tensor([[1.1, 0.6], [0.6, 0.7]]).double()
    prior = FlowMatching(L, condition=0, width=8, depth=1).double()
    prior.start(aggregate(100).double(), torch.full((100, L), 0.1).double())
    prior.velocity = exact(mean, covariance)
    spread = prior.spread.diag()
    law = MultivariateNormal(prior.centre + prior.spread * mean, spread @ covariance @ spread)
    z = (MEAN + 2 * rng.table(1, (50, L))).double()
    nothing_known = Normal(torch.zeros(1, L).double(), torch.ones(1, L).double())
    torch.testing.assert_close(prior.log_density(z, nothing_known), law.log_prob(z), atol=2e-3, rtol=1e-3)


@torch.no_grad()
def test_its_density_integrates_to_one_and_is_that_of_the_latents(fitted):
    sides = [torch.linspace(-5, 5, 61) * fitted.spread[i] + fitted.centre[i] for i in range(L)]
    grid = torch.cartesian_prod(*sides)
    area = math.prod((side[1] - side[0]).item() for side in sides)
    density = fitted.log_density(grid, nothing(len(grid))).exp() * area
    assert density.sum().item() == pytest.approx(1.0, abs=0.01)
    z, law = aggregate(500, "others"), MultivariateNormal(MEAN, ROOT @ ROOT.T)
    gap = law.log_prob(z) - fitted.log_density(z, nothing(500))
    assert abs(gap.mean()) < 0.1 and gap.abs().median() < 0.15


def test_its_density_has_gradients_and_follows_the_context(fitted):
    z = aggregate(3).requires_grad_()
    known = Normal(torch.tensor([[1.8, 0.0]]), torch.tensor([[0.01, 1.0]]))
    (slope,) = torch.autograd.grad(fitted.log_density(z, known).sum(), z)
    at = torch.tensor([[1.8, -1.4], [0.2, -2.5]])
    near, far = fitted.log_density(at, known)
    assert slope.isfinite().all() and (slope != 0).all() and near > far + 10


def test_before_it_is_learned_its_density_is_the_standard_normal():
    prior, z = FlowMatching(L, condition=0, width=8, depth=1), aggregate(4)
    torch.testing.assert_close(prior.log_density(z, nothing(4)), Normal(0.0, 1.0).log_prob(z).sum(-1))
