"""A class that some rows tell, and numbers that depend on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from vaekit.distributions.labelled import Labelled
from vaekit.spec import AtLeastOne


class LabelledPosterior(nn.Module):
    """q(y, z|x) = q(y|x) q(z|x, y): M2 of Kingma, Rezende, Mohamed, Welling 2014 (arXiv 1406.5298).

    Where the label is known so is y; where it is not the training goes through the likeliest classes and one drawn of the
    others, an average over all of them in expectation (Liu et al. 2019, arXiv 1810.04777). The encoder never sees the label.

    Args:
        features: of the encoder.
        latents: of z; the one-hot vector of y comes before them.
        levels: classes of the label.
        width: of the layer in which features and class meet.
        states: classes that a step of the training decodes; None for all of them.

    >>> law = LabelledPosterior(16, 4, levels=3)(torch.zeros(2, 16), torch.tensor([2, -1]))
    >>> law.mean.shape, law.mean[0, :3]
    (torch.Size([2, 7]), tensor([0., 0., 1.], grad_fn=<SliceBackward0>))
    """

    density, numbers, labelled = True, False, True
    prior = "labelled"

    def __init__(
        self, features: int, latents: int, *, levels: int, width: AtLeastOne = 128, states: AtLeastOne | None = 3
    ) -> None:
        super().__init__()
        self.levels, self.latents, self.states = levels, levels + latents, states
        self.of_class = nn.Linear(features, levels)
        self.of_features, self.of_label = nn.Linear(features, width), nn.Embedding(levels, width)
        self.parameters_of = nn.Linear(width, 2 * latents)

    @staticmethod
    def width(latent: int, levels: int = 0, **options: Any) -> int:
        """L: the one-hot class, and the numbers.

        >>> LabelledPosterior.width(50, levels=10)
        60
        """
        return levels + latent

    def forward(self, features: Tensor, label: Tensor) -> Labelled:
        """The law of classes and numbers of features (B, F), where a label (B,) of -1 is unknown."""
        label = torch.where(label < self.levels, label, -1)
        met = nn.functional.silu(self.of_features(features)[:, None] + self.of_label.weight)
        loc, log_variance = self.parameters_of(met).chunk(2, -1)
        states = self.states if self.training else None
        return Labelled(self.of_class(features), loc, (log_variance.clamp(-14, 6) / 2).exp(), label, states)
