"""Blocks of latents side by side."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaekit import rng
from vaekit.distributions.discrete import Bits, Categories
from vaekit.distributions.latents import independent, place
from vaekit.distributions.side_by_side import SideBySide

NORMAL = Normal(rng.table(0, (3, 2)), 0.5)
CLASSES = Categories(rng.table(1, (3, 1, 4)), exact=True)
SPOTS = Bits(rng.table(2, (3, 2)), exact=True)


def test_each_block_keeps_its_density_its_place_and_its_rate():
    law = SideBySide([NORMAL, CLASSES])
    z = law.rsample((5,))
    assert law.batch_shape == (3, 6) and independent(law)
    torch.testing.assert_close(
        law.log_prob(z), torch.cat([NORMAL.log_prob(z[..., :2]), CLASSES.log_prob(z[..., 2:])], -1)
    )
    noise = rng.table(3, (7, 1, 6))
    torch.testing.assert_close(law.place(noise)[..., :2], place(NORMAL, noise[..., :2]))
    assert torch.equal(law.place(noise)[..., 2:], CLASSES.place(noise[..., 2:]))
    prior = SideBySide([Normal(torch.zeros(2), 1.0), Categories(torch.zeros(1, 4))])
    rate = kl_divergence(law, prior)
    torch.testing.assert_close(rate[:, :2], kl_divergence(NORMAL, prior.laws[0]))
    torch.testing.assert_close(law.variance, law.stddev**2)
    with pytest.raises(NotImplementedError):
        kl_divergence(law, SideBySide(prior.laws[::-1]))


def test_what_blocks_list_is_combined_and_the_rest_is_drawn():
    law = SideBySide([CLASSES, NORMAL, SPOTS])
    z, weights = law.enumerated()
    assert z.shape == (16, 3, 8) and weights.shape == (16, 3)
    torch.testing.assert_close(weights.sum(0), torch.ones(3))
    discrete = torch.cat([z[..., :4], z[..., 6:]], -1)
    assert len(discrete[:, 0].unique(dim=0)) == 16 and len(z[:, 0, 4].unique()) == 16
    mean = (weights[..., None] * discrete).sum(0)
    torch.testing.assert_close(mean, torch.cat([CLASSES.mean, SPOTS.mean], -1))
    assert SideBySide([NORMAL]).enumerated is None
