"""The bound of a model that knows some labels, and the error of its classifier on them."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy

from vaekit.objectives.elbo import Elbo, Terms
from vaekit.spec import AtLeastOne, NonNegative, Share
from vaekit.vae import Draw


class SemiSupervised:
    """loss = bound + alpha E_labelled[-log q(y|x)], averaged over rows.

    In the bound alone the classifier q(y|x) learns from unlabelled rows only. Kingma, Rezende, Mohamed, Welling 2014 (arXiv
    1406.5298), equation 9, whose alpha is 0.1 a row. Labels are scarce, so some of the labelled rows go through the encoder
    beside every batch: the expectation is over them all, however few a batch happens to hold.

    Args:
        alpha: weight of the classifier's error, nats a row.
        labelled: rows with a label that are drawn beside every batch.
        beta: weight of the rate; 1 is the bound itself.
        warm_up: share of the training over which beta grows from 0.

    >>> import torch
    >>> from torch.distributions import Normal
    >>> from vaekit.distributions.labelled import Labelled
    >>> known = Labelled(torch.zeros(1, 2), torch.zeros(1, 2, 1), torch.ones(1, 2, 1), torch.tensor([1]))
    >>> error_of(known).exp()
    tensor(2.)
    """

    def __init__(
        self, *, alpha: NonNegative = 1.0, labelled: AtLeastOne = 64, beta: NonNegative = 1.0, warm_up: Share = 0.0
    ) -> None:
        self.alpha, self.labelled, self.bound = alpha, labelled, Elbo(beta=beta, warm_up=warm_up)

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; labels are those of `draw.labelled`, else those that the batch itself holds."""
        terms = self.bound(draw, progress)
        error = error_of(draw.posterior if draw.labelled is None else draw.labelled)
        return terms if error is None else Terms(terms.loss + self.alpha * error, terms.reconstruction, terms.kl)


def error_of(law: Any) -> Tensor | None:
    """The cross-entropy of what a law of classes and numbers infers and the labels that it knows, (); None without any."""
    label = getattr(law, "label", None)
    if label is None or not (label >= 0).any():
        return None
    return cross_entropy(law.logits[label >= 0], label[label >= 0])
