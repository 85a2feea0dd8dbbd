"""The bound with a second term that holds the latents of all rows together to the prior."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.objectives.elbo import Terms
from vaekit.objectives.kl import kl
from vaekit.spec import NonNegative
from vaekit.vae import Draw

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Info:
    """loss = E_q[-log p(x|z)] + (1 - alpha) KL(q(z|x) || p(z)) + (alpha + lam - 1) MMD(q(z) || p(z)).

    The maximum mean discrepancy compares the latents of all rows together with those of the prior, so that each row may say
    as much as it likes. Zhao et al. 2019 (arXiv 1706.02262). With alpha = 1, or a point posterior, it is the Wasserstein
    autoencoder of Tolstikhin et al. 2018 (arXiv 1711.01558).

    Args:
        alpha: share of the rate that costs nothing; 0 with lam = 1 is the bound itself.
        lam: weight of the latents of all rows together.
        kernel: "imq" looks far, so that outlying latents are drawn in; "rbf" is the Gaussian one.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(1, 2, 4), 1.0)
    >>> q, p = Normal(torch.ones(2, 3), 1.0), Normal(torch.zeros(3), 1.0)
    >>> terms = Info(alpha=0.0, lam=1.0)(Draw(q.mean[None], q, p, law, cells, cells == 0, cells))
    >>> bool(terms.loss == terms.bound.mean())
    True
    """

    def __init__(
        self, *, alpha: NonNegative = 0.5, lam: NonNegative = 100.0, kernel: Literal["imq", "rbf"] = "imq"
    ) -> None:
        self.alpha, self.lam, self.kernel = alpha, lam, kernel

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` is not used."""
        reconstruction = -draw.average(draw.log_likelihood)
        rate = kl(draw.posterior, draw.prior, draw.z)
        one: Any = draw.z[0] if draw.weights is None else draw.posterior.rsample()  # what is listed is no draw
        far = discrepancy(one, drawn(draw.prior, len(rate)).to(draw.z), self.kernel)
        price = (1 - self.alpha) * rate.sum(-1).mean() + (self.alpha + self.lam - 1) * far
        return Terms(reconstruction.mean() + price, reconstruction, rate, {"discrepancy": far})


def drawn(prior: Distribution, rows: int) -> Tensor:
    """Latents of `rows` new rows, (B, L)."""
    alone = len(prior.batch_shape) + len(prior.event_shape) == 1
    return prior.sample(Size((rows,)) if alone else Size())


def discrepancy(one: Tensor, two: Tensor, kernel: str = "imq") -> Tensor:
    """The squared maximum mean discrepancy between samples (B, L) and (B', L), estimated without bias, ().

    E k(a, a') + E k(b, b') - 2 E k(a, b): 0 on average where both are of one law, so that it may be negative. One row has
    nothing to be compared with, and gives 0.

    >>> far = discrepancy(torch.zeros(3, 2), torch.full((3, 2), 9.0))
    >>> bool(far > 1)
    True
    """
    if min(len(one), len(two)) < 2:
        return one.new_zeros(())
    return _apart(one, kernel) + _apart(two, kernel) - 2 * _kernel(one, two, kernel).mean()


def _apart(rows: Tensor, kernel: str) -> Tensor:
    """The average kernel of two different rows."""
    B = len(rows)
    near = _kernel(rows, rows, kernel)
    return (near.sum() - near.diagonal().sum()) / (B * (B - 1))


def _kernel(one: Tensor, two: Tensor, kernel: str) -> Tensor:
    """Similarity of every pair, at most 1; latents of N(0, I) are 2 L apart in squared distance on average."""
    far, usual = (one[:, None] - two).square().sum(-1), 2.0 * one.shape[-1]
    if kernel == "rbf":
        return (-far / usual).exp()
    return torch.stack([scale * usual / (scale * usual + far) for scale in SCALES]).mean(0)
