"""The linear path is the exact posterior of its own linear model, whatever is hidden."""

from __future__ import annotations

import torch
from torch.distributions import MultivariateNormal

from vaekit.codec import Field, Layout
from vaekit.nets import GridEmbed
from vaekit.nets.straight import Straight

POSITIONS, CHANNELS, LATENTS, ROWS = 5, 2, 3, 7


def path(flags: bool = True) -> tuple[Straight, GridEmbed]:
    fields = tuple(Field(f"x{c}", "real") for c in range(CHANNELS))
    embed = GridEmbed(Layout((), shape=(POSITIONS,), channels=fields), flags=flags, squash=False)
    made = Straight(embed.size, LATENTS)
    generator = torch.Generator().manual_seed(0)
    made.weight.copy_(torch.randn(made.weight.shape, generator=generator))
    made.mean.copy_(torch.randn(made.mean.shape, generator=generator))
    return made.double(), embed


def rows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    cells = torch.randn(ROWS, POSITIONS * CHANNELS, generator=generator, dtype=torch.float64)
    seen = torch.rand(cells.shape, generator=generator) < 0.6
    seen[0], seen[1] = True, False
    return cells, seen


def test_the_posterior_is_that_of_the_joint_normal_law_under_any_context():
    straight, embed = path()
    cells, seen = rows()
    mean, log_variance = straight.encode(embed(cells, seen)).chunk(2, -1)
    W, m = straight.weight.flatten(0, 1), straight.mean.flatten()
    for b in range(ROWS):
        at = seen[b]
        covariance = W[at] @ W[at].T + torch.eye(int(at.sum()), dtype=torch.float64)
        gain = W[at].T @ torch.linalg.inv(covariance)
        torch.testing.assert_close(mean[b], gain @ (cells[b, at] - m[at]))
        rest = torch.eye(LATENTS, dtype=torch.float64) - gain @ W[at]
        torch.testing.assert_close(log_variance[b].exp(), rest.diagonal())


def test_nothing_seen_is_the_prior():
    straight, embed = path()
    cells, seen = rows()
    torch.testing.assert_close(straight.encode(embed(cells, seen))[1], torch.zeros(2 * LATENTS, dtype=torch.float64))


def test_without_flags_everything_is_seen():
    (with_flags, one), (without, other) = path(), path(flags=False)
    cells, seen = rows()
    every = torch.ones_like(seen)
    torch.testing.assert_close(with_flags.encode(one(cells, every)), without.encode(other(cells, every)))


def test_the_way_back_is_the_mean_of_the_model():
    straight, _ = path()
    z = torch.randn(ROWS, LATENTS, dtype=torch.float64)
    expected = z @ straight.weight.flatten(0, 1).T + straight.mean.flatten()
    torch.testing.assert_close(straight.decode(z).flatten(1), expected)
    law = MultivariateNormal(torch.zeros(LATENTS).double(), torch.eye(LATENTS).double())
    assert straight.decode(law.sample((4,))).shape == (4, POSITIONS, CHANNELS)
