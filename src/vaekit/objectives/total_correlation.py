"""The rate in three parts, each with a weight of its own."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions import Delta
from vaekit.distributions.latents import independent, log_density
from vaekit.errors import SpecError
from vaekit.objectives.elbo import Terms
from vaekit.objectives.kl import kl
from vaekit.spec import NonNegative
from vaekit.vae import Draw

AT_ONCE = 256  # rows that are held against all others in one piece


class Parts(NamedTuple):
    """The rate of each row, (B,) each; averaged over rows mutual information, total correlation, dimension-wise divergence."""

    information: Tensor
    correlation: Tensor
    dimension: Tensor


class TotalCorrelation:
    """loss = E_q[-log p(x|z)] + alpha I(x; z) + beta KL(q(z) || prod_l q(z_l)) + gamma sum_l KL(q(z_l) || p(z_l)).

    The three parts sum to KL(q(z|x) || p(z)); the second, the total correlation, is 0 where the latents of all rows together
    are independent of one another. q(z), the average of q(z|x) over all rows, is estimated from the rows of a batch. Chen et
    al. 2018 (arXiv 1802.04942); independent posteriors only.

    Args:
        alpha: weight of the mutual information between rows and latents.
        beta: weight of the total correlation.
        gamma: weight of the divergence of each latent from its prior.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(1, 2, 4), 1.0)
    >>> q, p = Normal(torch.tensor([[1.0], [-1.0]]), 1.0), Normal(torch.zeros(1), 1.0)
    >>> terms = TotalCorrelation(rows=2)(Draw(q.mean[None], q, p, law, cells, cells == 0, cells))
    >>> round(float(terms.extra["total_correlation"]), 4)  # one latent has nothing to be correlated with
    0.0
    """

    def __init__(
        self, *, rows: int, alpha: NonNegative = 1.0, beta: NonNegative = 6.0, gamma: NonNegative = 1.0
    ) -> None:
        self.rows, self.alpha, self.beta, self.gamma = rows, alpha, beta, gamma

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` is not used."""
        if not independent(draw.posterior) or isinstance(draw.posterior, Delta) or draw.weights is not None:
            raise SpecError(
                "objective 'total_correlation': its latents have a density each, those of this posterior have not",
                hint="posterior='gaussian'",
            )
        reconstruction = -draw.average(draw.log_likelihood)
        parts = decompose(draw.posterior, draw.prior, draw.z, self.rows)
        information, correlation, dimension = (part.mean() for part in parts)
        rate = self.alpha * information + self.beta * correlation + self.gamma * dimension
        extra = {"mutual_information": information, "total_correlation": correlation, "dimension_wise_kl": dimension}
        return Terms(reconstruction.mean() + rate, reconstruction, kl(draw.posterior, draw.prior, draw.z), extra)


def decompose(posterior: Distribution, prior: Distribution, z: Tensor, rows: int) -> Parts:
    """Log q(z|x)/q(z), log q(z)/prod q(z_l) and log prod q(z_l)/p(z), averaged over the draws z (S, B, L).

        q(z) = 1/N q(z|x) + (N - 1)/N average of q(z|x') over the other rows x' of the batch

    for a z that was drawn for the row x, N the `rows` of the training. This is Chen et al.'s stratified estimate, averaged over
    which row stands for which: without bias, and exact where the batch is all rows.
    """
    own = posterior.log_prob(z)
    pairs = [_against(posterior, part, at, max(rows, z.shape[1])) for part, at in _pieces(z)]
    joint, product = (torch.cat(each, -1) for each in zip(*pairs, strict=True))
    whole = own.sum(-1)
    return Parts(*(part.mean(0) for part in (whole - joint, joint - product, product - log_density(prior, z))))


def _pieces(z: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Latents of a few rows, and their numbers."""
    return [(z[:, at], at) for at in torch.arange(z.shape[1], device=z.device).split(AT_ONCE)]


def _against(posterior: Distribution, z: Tensor, at: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """Log q(z) and log prod_l q(z_l), (S, b), of latents (S, b, L) drawn for rows `at` of the batch."""
    each = posterior.log_prob(z[:, :, None])  # (S, b, B, L)
    weight = _shares(at, each.shape[2], rows).to(each).log()
    return (each.sum(-1) + weight).logsumexp(-1), (each + weight[..., None]).logsumexp(2).sum(-1)


def _shares(at: Tensor, batch: int, rows: int) -> Tensor:
    """How much of q(z) each row of the batch stands for, (b, B): its own 1/N, all others together the rest."""
    if batch == 1:
        return torch.ones(len(at), 1, device=at.device)
    share = torch.full((len(at), batch), (rows - 1) / rows / (batch - 1), device=at.device)
    return share.scatter(1, at[:, None], 1 / rows)
