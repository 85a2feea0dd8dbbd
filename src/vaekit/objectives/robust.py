"""The bound of rows that look ordinary, for training on rows among which are strange ones."""

from __future__ import annotations

import torch
from torch import Tensor

from vaekit.objectives.elbo import Terms, ramp
from vaekit.objectives.kl import kl
from vaekit.spec import NonNegative, Share
from vaekit.vae import Draw


class Robust:
    """loss = E_q[-log p(x|z)] + beta KL(q(z|x) || p(z)), averaged over all rows of a batch but those with the largest.

    What the model is not asked to explain stays strange to it. Trimming is from Rousseeuw 1984 (doi
    10.1080/01621459.1984.10477105); of losses that are learned, Shen and Sanghavi 2019 (arXiv 1810.11874).

    Args:
        share: rows of each batch that do not count; about as many as are thought to be strange.
        beta: weight of the rate, as in the bound.
        warm_up: share of the training over which beta grows from 0.

    >>> import torch
    >>> kept(torch.tensor([2.0, 9.0, 1.0, 3.0]), 0.25)
    tensor([ True, False,  True,  True])
    """

    def __init__(self, *, share: Share = 0.1, beta: NonNegative = 0.35, warm_up: Share = 0.1) -> None:
        self.share, self.beta, self.warm_up = share, beta, warm_up

    def __call__(self, draw: Draw, progress: float = 1.0) -> Terms:
        """The terms of this draw; `progress` runs from 0 to 1 over the training."""
        reconstruction = -draw.average(draw.log_likelihood)
        rate = kl(draw.posterior, draw.prior, draw.z)
        loss = reconstruction + self.beta * ramp(progress, self.warm_up) * rate.sum(-1)
        ordinary = kept(loss.detach(), self.share)
        return Terms(loss[ordinary].mean(), reconstruction, rate)


def kept(loss: Tensor, share: float) -> Tensor:
    """All rows, (B,), but a `share` with the largest losses; at least one row is kept.

    >>> import torch
    >>> kept(torch.tensor([5.0, 1.0]), 0.9)
    tensor([False,  True])
    """
    most = min(round(share * len(loss)), len(loss) - 1)
    flags = torch.ones_like(loss, dtype=torch.bool)
    flags[loss.topk(most).indices] = False
    return flags
