"""The prior of a class beside numbers that do not depend on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from vaekit.distributions.discrete import Categories
from vaekit.distributions.labelled import Labelled, known
from vaekit.distributions.latents import place
from vaekit.distributions.side_by_side import SideBySide
from vaekit.priors.discrete import Shares, equal, fact
from vaekit.priors.normal import standard


class LabelledPrior(nn.Module):
    """p(y, z) = p(y) N(z; 0, I): class and style are independent. Kingma et al. 2014 (arXiv 1406.5298).

    Args:
        latents: L, of the class and of the numbers.
        posterior: whose latents these are.
        shares: of the classes: "uniform" or "learned".

    >>> from vaekit.posteriors import LabelledPosterior
    >>> LabelledPrior(4, posterior=LabelledPosterior(8, 2, levels=2))().mean
    tensor([0.5000, 0.5000, 0.0000, 0.0000])
    """

    learns = False
    zero: Tensor
    one: Tensor
    logits: nn.Parameter | None

    def __init__(self, latents: int, *, posterior: Any, shares: Shares = "uniform") -> None:
        super().__init__()
        levels = fact(posterior, "labelled", "levels")
        self.latents = latents
        self.register_buffer("one", torch.ones(latents - levels), persistent=False)
        equal(self, torch.zeros(1, levels), shares)

    def forward(self) -> SideBySide:
        return SideBySide([Categories(self.zero if self.logits is None else self.logits), standard(self.one)])

    def given(
        self, context: Labelled, empty: Tensor, temperature: float = 1.0, condition: Tensor | None = None
    ) -> Tensor:
        """Latents (B, L) given contexts: from q(y, z|context) itself; where it shows no more than a label, z from p(z).

        Args:
            context: q(y, z|context), which knows the labels that the context shows.
            empty: (B,) flags of rows whose context shows nothing beside the label.
            temperature: scale of the noise.
            condition: features of given columns (B, F), which p(y, z) does not depend on.
        """
        noise, prior = torch.randn_like(context.mean) * temperature, self()
        classes = Categories(known(prior.laws[0].logits.expand(len(noise), -1), context.label)[:, None])
        alone = place(SideBySide([classes, prior.laws[1]]), noise)
        return torch.where(empty[:, None], alone, place(context, noise))
