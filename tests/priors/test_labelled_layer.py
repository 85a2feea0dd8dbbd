"""A second layer that knows a class."""

import pytest
import torch
from torch.distributions import Normal

from vaekit import rng
from vaekit.priors import LabelledLayer


@pytest.fixture(scope="module", params=[1, 2])
def learned(request):
    """Two groups of latents, at (4, 4) and (-4, 4), of which six rows each are told."""
    group = torch.arange(400) % 2
    label = torch.where(torch.arange(400) < 12, group, -1)
    with rng.seeded(0):
        z = torch.stack([4 - 8.0 * group, torch.full((400,), 4.0)], -1) + torch.randn(400, 2)
        prior = LabelledLayer(2, levels=2, above=2, width=16, depth=request.param)
        prior.start(z, torch.zeros_like(z))
        optimiser = torch.optim.Adam(prior.parameters(), 1e-2)
        for _ in range(150):
            nats, rate = prior.halves(z, label)
            loss = (nats + rate.sum(-1)).mean() + prior.error(z[:12], label[:12])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return prior, z, group


def test_few_labels_name_the_groups(learned):
    prior, z, group = learned
    assert (prior.shares(z).argmax(-1) == group).float().mean() > 0.98


@torch.no_grad()
def test_new_latents_lie_where_those_of_rows_do_and_where_their_class_does(learned):
    prior, z, _ = learned
    context, empty = Normal(torch.full((2_000, 2), 50.0), torch.ones(2_000, 2)), torch.arange(2_000) < 1_600
    label = torch.arange(2_000) % 3 - 1
    with rng.seeded(1):
        drawn = prior.given(context, empty, label=label)
        free = prior.given(context, empty)
    assert (drawn[~empty] > 40).all(), "a context that shows something keeps its posterior"
    torch.testing.assert_close(free[empty].mean(0), z.mean(0), atol=0.8, rtol=0)
    torch.testing.assert_close(free[empty].std(0), z.std(0), atol=0.8, rtol=0)
    for c, side in ((0, 1), (1, -1)):
        assert (drawn[empty & (label == c), 0].sign() == side).float().mean() > 0.95


def test_a_label_makes_the_bound_that_of_the_latents_with_the_label(learned):
    prior, z, group = learned
    halves = [prior.halves(z, each) for each in (torch.full_like(group, -1), group, 1 - group)]
    unknown, right, wrong = ((nats + rate.sum(-1)).mean() for nats, rate in halves)
    assert wrong > right + 1 and abs(right - unknown) < 1


def test_cut_short_it_is_the_standard_normal():
    prior = LabelledLayer(2, levels=2, above=2, width=16)
    context = Normal(torch.zeros(4_000, 2), torch.ones(4_000, 2))
    with rng.seeded(0):
        z = prior.given(context, torch.ones(4_000, dtype=torch.bool))
    assert z.mean().abs() < 0.05 and abs(z.std() - 1) < 0.05
