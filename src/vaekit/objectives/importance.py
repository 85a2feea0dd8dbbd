"""The importance-weighted bound."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.distributions import Normal

from vaekit.distributions import Delta
from vaekit.distributions.latents import is_normal, log_density
from vaekit.errors import SpecError
from vaekit.objectives.elbo import Terms
from vaekit.objectives.kl import kl
from vaekit.spec import AtLeastOne
from vaekit.vae import Draw


class Importance:
    """loss = -log 1/S sum_s p(x|z_s) p(z_s) / q(z_s|x), averaged over rows.

    A tighter bound on log p(x) the more latents are drawn. Burda et al. 2016 (arXiv 1509.00519). On rows with gaps it is
    MIWAE's, a bound on log p(observed cells): Mattei and Frellsen 2019 (arXiv 1812.02633). A posterior that enumerates its
    values gives log p(x) itself, whatever q is: there q has the gradient of the evidence lower bound.

    Args:
        samples: latents of each row; 1 is the evidence lower bound.
        gradient: "dreg" is the doubly reparameterised one, which gives the encoder a gradient that does not drown in noise as
            samples grow (Tucker et al. 2019, arXiv 1810.04152); it is for independent normal latents, all others take "plain".

    >>> import torch
    >>> from torch.distributions import Normal
    >>> cells, law = torch.zeros(2, 4), Normal(torch.zeros(3, 2, 4), 1.0)
    >>> q, p = Normal(torch.zeros(2, 1), 1.0), Normal(torch.zeros(1), 1.0)
    >>> round(float(Importance(samples=3)(Draw(q.sample((3,)), q, p, law, cells, cells == 0, cells)).loss), 3)
    3.676
    """

    def __init__(self, *, samples: AtLeastOne = 5, gradient: Literal["dreg", "plain"] = "dreg") -> None:
        self.samples, self.gradient = samples, gradient

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` is not used."""
        if isinstance(draw.posterior, Delta):
            raise SpecError(
                "objective 'importance': a point has no density to weigh latents by", hint="posterior='gaussian'"
            )
        doubly = self.gradient == "dreg" and is_normal(draw.posterior) and draw.z.requires_grad
        if draw.weights is not None:
            loss = _enumerated(log_weights(draw), draw.weights)
        else:
            loss = _doubly(draw) if doubly else -bound(log_weights(draw))
        rate = kl(draw.posterior, draw.prior, draw.z)
        return Terms(loss.mean(), -draw.average(draw.log_likelihood), rate)


def log_weights(draw: Draw, fixed: bool = False) -> Tensor:
    """Log p(x|z) + log p(z) - log q(z|x) of every draw, (S, B); q is `fixed` where its parameters get no gradient."""
    posterior = draw.posterior
    if fixed:
        posterior = Normal(posterior.mean.detach(), posterior.stddev.detach(), validate_args=False)
    return draw.log_likelihood + log_density(draw.prior, draw.z) - log_density(posterior, draw.z)


def bound(weight: Tensor, shares: Tensor | None = None) -> Tensor:
    """Log of the average of exp(weight) over draws (S, B), (B,); of draws that enumerate under their probabilities.

    >>> import torch
    >>> bound(torch.tensor([[0.0], [2.0]]).log())
    tensor([0.])
    """
    if shares is None:
        return weight.logsumexp(0) - math.log(len(weight))
    return (weight + shares.log()).logsumexp(0)


def _enumerated(weight: Tensor, shares: Tensor) -> Tensor:
    """The loss (B,) of values that are listed with their shares (S, B), by their log-weights (S, B).

    Of what q gives to each value nothing is left in the sum, and no gradient: q has that of KL(q(z|x) || p(z|x)), which is 0 as
    a value and at best.
    """
    listed = shares > 0
    shown = (weight + shares.where(listed, 1.0).log()).detach()
    gap = torch.xlogy(shares, shares) - (shares * shown).where(listed, 0.0)
    gap = gap.sum(0)
    return gap - gap.detach() - bound(weight, shares)


def _doubly(draw: Draw) -> Tensor:
    """The loss (B,) with the doubly reparameterised gradient.

    The decoder and the prior get sum_s w_s d log w_s; the encoder, through z alone, sum_s w_s^2 d log w_s/dz dz/dq: what passes
    back through z is weighed once more.
    """
    weight = log_weights(draw, fixed=True)
    share = weight.detach().softmax(0)
    draw.z.register_hook(lambda gradient: gradient * share[..., None])
    surrogate = (share * weight).sum(0)
    return surrogate.detach() - surrogate - bound(weight.detach())
