"""A model with a linear path begins as probabilistic principal components, which need no training."""

from __future__ import annotations

import torch
from torch import Tensor

from vaekit import rng
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.grid import GridMix
from vaekit.nets.grid import GridEmbed
from vaekit.vae import VAE

LEAST = 1.05  # variance along a direction, in units of the noise, below which nothing is to be gained


@torch.no_grad()
def begin(vae: VAE, cells: Tensor, observed: Tensor) -> None:
    """Set the straight path of a net on a grid, where it has one, to the optimum of the linear model with unit noise.

        x = W z + m + e, e ~ N(0, I):   W = V (lambda - 1)^1/2

    V are the principal directions and lambda the variances along them: the evidence lower bound of the linear autoencoder has
    this optimum in closed form, and its posterior is exact whatever is hidden. The convolutions beside it start at nothing,
    and learn what a line cannot say. Tipping and Bishop 1999 (doi 10.1111/1467-9868.00196); Lucas et al. 2019 (arXiv
    1911.02469).

    Args:
        vae: the untrained model.
        cells: training windows (B, K + G).
        observed: same shape; a missing cell counts as its channel's mean.
    """
    straight = getattr(vae.net, "straight", None)
    if straight is None or not isinstance(vae.embed, GridEmbed) or not isinstance(vae.likelihood, GridMix):
        return
    layout = vae.layout
    numbers = torch.tensor([field.levels <= 2 for field in layout.channels]).repeat(layout.positions)
    seen = cells[:, : layout.grid].where(observed[:, : layout.grid] & numbers, 0.0)
    mean, directions, variance = components(seen, vae.latents)
    W = directions * (variance - 1).sqrt()
    straight.weight.zero_()
    straight.weight[..., : len(variance)] = W.unflatten(0, (layout.positions, -1))
    straight.mean.copy_(mean.unflatten(0, (layout.positions, -1)))
    _posterior(vae, len(variance))
    _heads(vae.likelihood, vae.net.local - len(layout.channels))


def components(seen: Tensor, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (D,), principal directions (D, n) and the variances along them (n,), of at most `most` with more than the noise.

    >>> rows = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [3.0, 0.1], [-3.0, -0.1]])
    >>> components(rows, 2)[2]
    tensor([9.0025])
    """
    mean = seen.mean(0)
    count = min(most + 8, *seen.shape)
    with rng.seeded(0, "principal"):
        _, spread, directions = torch.svd_lowrank(seen - mean, q=count, niter=4)
    variance = spread.square() / len(seen)
    kept = (variance > LEAST).nonzero()[:most, 0]
    return mean, directions[:, kept], variance[kept]


def _posterior(vae: VAE, n: int) -> None:
    """The first n latents begin at the posterior of the straight path; the convolutions say nothing of them yet."""
    if isinstance(maker := getattr(vae.posterior, "parameters_of", None), torch.nn.Linear):
        L = vae.latents
        at = vae.net.encoded - 2 * vae.net.straight.weight.shape[-1]
        for half in (0, 1):
            rows = slice(half * L, half * L + n)
            maker.weight[rows] = 0
            maker.weight[rows, at + half * (maker.in_features - at) // 2 :][:, :n] = torch.eye(n).to(maker.weight)
            maker.bias[rows] = 0


def _heads(likelihood: GridMix, at: int) -> None:
    """Normal laws begin at what the straight path says of their channel; the convolutions say nothing yet."""
    for part, members in zip(likelihood.grid.parts, likelihood.grid.members, strict=True):
        if isinstance(part, GaussianLikelihood):
            linear, each = part.head.linear, part.head.shape[1]
            for i, channel in enumerate(members):
                linear.weight[i * each].zero_()
                linear.weight[i * each, at + channel] = 1.0
                linear.bias[i * each].zero_()
