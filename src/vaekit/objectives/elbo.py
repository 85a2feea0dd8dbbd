"""The evidence lower bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vaekit.distributions.latents import is_normal
from vaekit.objectives.kl import kl
from vaekit.priors.normal import standard
from vaekit.spec import AtLeastOne, NonNegative, Positive, Share
from vaekit.vae import Draw


@dataclass(frozen=True)
class Terms:
    """loss (), what is minimised; reconstruction (B,) and kl (B, L), the two halves of the negative bound, in nats.

    extra are further averages, each (), that the history shall show.
    """

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def bound(self) -> Tensor:
        """The negative evidence lower bound of each row, (B,)."""
        return self.reconstruction + self.kl.sum(-1)


class Elbo:
    """loss = E_q[-log p(x|z)] + beta KL(q(z|x) || p(z)), averaged over rows.

    With a capacity C the second term is gamma |KL - C|: the rate is drawn to C, neither above nor below. Kingma and Welling
    2014 (arXiv 1312.6114); beta from Higgins et al. 2017 (ICLR, Sy2fzU9gl); free bits from Kingma et al. 2016 (arXiv
    1606.04934); capacity from Burgess et al. 2018 (arXiv 1804.03599).

    Args:
        beta: weight of the rate; 1 is the bound itself.
        warm_up: share of the training over which beta, or the capacity, grows from 0 (Sønderby et al. 2016, arXiv 1602.02282).
        cycles: how often beta starts anew at 0, in equal parts of the training, of each of which warm_up is then a share (Fu et
            al. 2019, arXiv 1903.10145).
        free_bits: nats per latent, averaged over the batch, that cost nothing; where a law holds the latents of a row together,
            so many for each of them together.
        capacity: nats per row that the rate is drawn to, in the place of beta; None lets it find its own.
        gamma: weight of the distance between rate and capacity: more than what a nat of rate saves in reconstruction, and not
            much more, or it drowns the reconstruction.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(1, 2, 4), 1.0)
    >>> q, p = Normal(torch.ones(2, 3), 1.0), Normal(torch.zeros(3), 1.0)
    >>> Elbo(beta=0.5)(Draw(q.mean[None], q, p, law, cells, cells == 0, cells)).kl.sum(-1)
    tensor([1.5000, 1.5000])
    """

    def __init__(
        self, *, beta: NonNegative = 1.0, warm_up: Share = 0.0, cycles: AtLeastOne = 1, free_bits: NonNegative = 0.0,
        capacity: NonNegative | None = None, gamma: Positive = 10.0,
    ) -> None:  # fmt: skip
        self.beta, self.warm_up, self.cycles, self.free_bits = beta, warm_up, cycles, free_bits
        self.capacity, self.gamma = capacity, gamma

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` runs from 0 to 1 over the training."""
        reconstruction = -draw.average(draw.log_likelihood)
        rate = kl(draw.posterior, draw.prior, draw.z)
        price = self.price(rate, progress, draw.z.shape[-1])
        return Terms(reconstruction.mean() + price, reconstruction, rate)

    def price(self, rate: Tensor, progress: float, latents: int) -> Tensor:
        """What a rate (B, L), or (B, 1) of all latents together, costs at this point of the training, nats a row, ()."""
        grown = ramp(progress, self.warm_up, self.cycles)
        free = self.free_bits * latents / rate.shape[-1]
        paid = rate.mean(0).clamp(min=free).sum() if self.free_bits else rate.sum(-1).mean()
        return self.beta * grown * paid if self.capacity is None else self.gamma * (paid - self.capacity * grown).abs()


def ramp(progress: float, warm_up: float, cycles: int = 1) -> float:
    """From 0 to 1 over the first `warm_up` of every cycle, then 1; 1 at the end of the training.

    >>> [ramp(t, 0.5, 2) for t in (0.0, 0.125, 0.25, 0.5, 0.625, 1.0)]
    [0.0, 0.5, 1.0, 0.0, 0.5, 1.0]
    """
    if not warm_up or progress >= 1:
        return 1.0
    return min(1.0, progress * cycles % 1.0 / warm_up)


def plain(draw: Draw, progress: float = 1.0) -> Terms:
    """The bound against N(0, I) where latents are numbers, whatever prior the model has: for a training before it has begun.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(1, 2, 4), 1.0)
    >>> q, p = Normal(torch.ones(2, 3), 1.0), Normal(torch.full((3,), 9.0), 1.0)
    >>> plain(Draw(q.mean[None], q, p, law, cells, cells == 0, cells)).kl.sum(-1)
    tensor([1.5000, 1.5000])
    """
    own: Any = draw.posterior
    prior = standard(torch.ones_like(own.mean[0])) if is_normal(own) else draw.prior
    return Elbo(warm_up=0.5)(replace(draw, prior=prior), progress)
