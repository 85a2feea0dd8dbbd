"""The evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vaekit.objectives.kl import kl
from vaekit.spec import NonNegative, Share
from vaekit.vae import Draw


@dataclass(frozen=True)
class Terms:
    """loss (), what is minimised; reconstruction (B,) and kl (B, L), the two halves of the negative bound, in nats."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor

    @property
    def bound(self) -> Tensor:
        """The negative evidence lower bound of each row, (B,)."""
        return self.reconstruction + self.kl.sum(-1)


class Elbo:
    """loss = E_q[-log p(x|z)] + beta KL(q(z|x) || p(z)), averaged over rows.

    Kingma and Welling 2014 (arXiv 1312.6114);
    beta from Higgins et al. 2017 (ICLR, Sy2fzU9gl); free bits from Kingma et al. 2016 (arXiv 1606.04934).

    Args:
        beta: weight of the rate; 1 is the bound itself.
        warm_up: share of the training over which beta grows from 0 (Sønderby et al. 2016, arXiv 1602.02282).
        free_bits: nats per latent, averaged over the batch, that cost nothing.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(1, 2, 4), 1.0)
    >>> q, p = Normal(torch.ones(2, 3), 1.0), Normal(torch.zeros(3), 1.0)
    >>> Elbo(beta=0.5)(Draw(q.mean[None], q, p, law, cells, cells == 0, cells)).kl.sum(-1)
    tensor([1.5000, 1.5000])
    """

    def __init__(self, *, beta: NonNegative = 1.0, warm_up: Share = 0.0, free_bits: NonNegative = 0.0) -> None:
        self.beta, self.warm_up, self.free_bits = beta, warm_up, free_bits

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` runs from 0 to 1 over the training."""
        reconstruction = -draw.average(draw.log_likelihood)
        rate = kl(draw.posterior, draw.prior, draw.z)
        weight = self.beta * (min(1.0, progress / self.warm_up) if self.warm_up else 1.0)
        paid = rate.mean(0).clamp(min=self.free_bits).sum() if self.free_bits else rate.sum(-1).mean()
        return Terms(reconstruction.mean() + weight * paid, reconstruction, rate)
