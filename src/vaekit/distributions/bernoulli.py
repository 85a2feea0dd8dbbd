"""The law of a binary cell, whose cell may also be a probability."""

from __future__ import annotations

from torch import Tensor
from torch.distributions import Bernoulli


class BernoulliCell(Bernoulli):
    """log p(x) = x log p + (1 - x) log(1 - p); for a grey level x in (0, 1) the expectation over its random binarisation.

    >>> import torch
    >>> BernoulliCell(torch.zeros(1)).log_prob(torch.tensor([0.25]))
    tensor([-0.6931])
    """

    def __init__(self, logits: Tensor) -> None:
        super().__init__(logits=logits, validate_args=False)

    @property
    def mode(self) -> Tensor:
        return (self.logits > 0).to(self.logits.dtype)

    def cdf(self, value: Tensor) -> Tensor:
        return (value >= 1) + ((value >= 0) & (value < 1)) * (1 - self.probs)

    def best(self) -> Tensor:
        """The more probable value under the mixture over the first axis."""
        return (self.probs.mean(0) > 0.5).to(self.logits.dtype)

    def pooled(self) -> BernoulliCell:
        return self
