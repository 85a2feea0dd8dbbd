"""Latents that are classes."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from vaekit.distributions.discrete import Categories, within
from vaekit.spec import AtLeastOne, Positive


class Categorical(nn.Module):
    """q(z|x): each latent is one of `classes`, z are their one-hot vectors side by side, L = latent classes.

    All draws are hard; their gradient is that of a Gumbel-softmax whose temperature falls over the training. Where there are
    few states the training goes through all of them, and the gradient is exact. Jang, Gu, Poole 2017 (arXiv 1611.01144);
    Maddison, Mnih, Teh 2017 (arXiv 1611.00712).

    Args:
        features: of the encoder.
        latents: variables.
        classes: of each variable.
        hot: the temperature at the start of a training.
        cold: the temperature at its end.
        exact: go through all states rather than draw; "auto" does where there are at most 16.

    >>> import torch
    >>> Categorical(16, 2, classes=5)(torch.zeros(3, 16)).sample((4,)).sum(-1).unique()
    tensor([2.])
    """

    density, numbers = True, False
    prior = "categorical"

    def __init__(
        self, features: int, latents: int, *, classes: AtLeastOne = 10, hot: Positive = 1.0, cold: Positive = 0.5,
        exact: bool | Literal["auto"] = "auto",
    ) -> None:  # fmt: skip
        super().__init__()
        self.variables, self.classes, self.latents = latents, classes, latents * classes
        self.hot, self.cold, self.temperature = hot, cold, cold
        self.states = classes**latents
        self.exact = within(self.states, exact)
        self.parameters_of = nn.Linear(features, self.latents)

    @staticmethod
    def width(latent: int, classes: int = 10, **options: Any) -> int:
        """L: so many numbers are the one-hot vectors of a row.

        >>> Categorical.width(3, classes=5)
        15
        """
        return latent * classes

    def anneal(self, progress: float) -> None:
        """Set the temperature for this share of the training: geometrically from hot to cold."""
        self.temperature = self.hot * (self.cold / self.hot) ** progress

    def forward(self, features: Tensor) -> Categories:
        logits = self.parameters_of(features).unflatten(-1, (self.variables, self.classes))
        return Categories(logits, self.temperature, exact=self.exact)
