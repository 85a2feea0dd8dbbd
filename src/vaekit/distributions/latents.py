"""What a law of latents owes the rest of the house, whether each latent has a law of its own or all of a row have one together.

A law of latents has `mean` and `stddev`, (B, L), `rsample` and `log_prob`. Independent latents have batch shape (B, L) and one
log-density each; dependent ones (a flow, a mixture) have batch shape (B,), event shape (L,) and one for the row.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.distributions import Distribution, Normal


def log_density(law: Distribution, z: Tensor) -> Tensor:
    """Log p(z) of whole rows, (..., B), for latents (..., B, L).

    >>> import torch
    >>> log_density(Normal(torch.zeros(3), 1.0), torch.zeros(5, 2, 3)).shape
    torch.Size([5, 2])
    """
    nats = law.log_prob(z)
    return nats if law.event_shape else nats.sum(-1)


def place(law: Any, noise: Tensor) -> Tensor:
    """Latents (S, B, L) of the law that standard normal noise, (S, 1, L) or (S, B, L), stands for.

    Equal noise, equal latents: rows that share one table of noise have scores that do not depend on one another. A law that is
    no shift and scale of N(0, I) says itself how (`law.place`).

    >>> import torch
    >>> place(Normal(torch.ones(2, 1), 2.0), torch.ones(1, 1, 1))
    tensor([[[3.],
             [3.]]])
    """
    own = getattr(law, "place", None)
    return law.mean + law.stddev * noise if own is None else own(noise)


def expectation(values: Tensor, weights: Tensor | None) -> Tensor:
    """The average of values (S, B) over draws of the latents, (B,); of draws that enumerate under their weights (S, B).

    Weights sum to one, so that any number may be taken off the values first. Where the last draw stands for many (see
    `Labelled.enumerated`) their gradients would drown in the mean: so that of the other draws is, which do not depend on it.

    >>> import torch
    >>> expectation(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.75], [0.25]]))
    tensor([1.5000])
    """
    if weights is None:
        return values.mean(0)
    middle = ((weights * values)[:-1].sum(0) / weights[:-1].sum(0).clamp(min=1e-30)).detach()
    return middle + (weights * (values - middle)).sum(0)


def independent(*laws: Distribution) -> bool:
    """Whether every one of these laws treats each latent on its own."""
    return not any(law.event_shape for law in laws)


def is_normal(law: Distribution) -> bool:
    """Whether the latents are independent and normal."""
    return isinstance(law, Normal)
