"""Numbers of any distribution, where there are enough rows to learn its shape."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import Bins
from vaekit.distributions.partition import partition
from vaekit.likelihoods.head import Head
from vaekit.spec import AtLeastOne


class HistogramLikelihood(nn.Module):
    """p(x|z) = softmax(logits(z))_segment / width: atoms for repeated values, bins at the quantiles, exponential tails.

    Regression as classification over quantile bins, as in Müller et al. 2022 (arXiv 2112.10510); spikes, several modes and
    gaps cost nothing, and best value and interval follow from the shares.

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        bins: most bins of one column; fewer when a bin would hold under 20 training rows.
    """

    kinds = ("real", "positive", "count", "mixed", "datetime")

    def __init__(self, features: int, fields: Sequence[Field], *, bins: AtLeastOne = 128) -> None:
        super().__init__()
        self.partition = partition(fields, bins)
        self.head = Head(features, _start(fields, self.partition.A, self.partition.J, self.partition.valid))

    def forward(self, features: Tensor) -> Bins:
        return Bins(self.head(features), self.partition, own=True)

    def masses(self, cells: Tensor) -> Tensor:
        """Cells on an atom have a probability, and so have all whole numbers; between atoms there is a density."""
        return (self.partition.atom(cells) >= 0) | self.partition.whole


def _start(fields: Sequence[Field], A: int, J: int, valid: Tensor) -> Tensor:
    """Equal shares for the bins, the training shares for the spikes, little for the tails."""
    start = torch.zeros(valid.shape)
    for k, field in enumerate(fields):
        atoms, bins = int(valid[k, :A].sum()), int(valid[k, A : A + J].sum())
        spikes = float(sum(field.shares)) if field.kind == "mixed" else 0.0
        every = atoms > len(field.spikes)
        start[k, :atoms] = -torch.log(torch.tensor(float(max(atoms, 1))))
        if not every and atoms:
            start[k, :atoms] = torch.tensor(field.shares).clamp(min=1e-4).log()
        slab = 1e-3 if every else max(1 - spikes, 1e-3)
        start[k, A : A + J] = float(torch.log(torch.tensor(slab / max(bins, 1))))
        start[k, A + J :] = float(torch.log(torch.tensor(0.5 / max(field.rows, 1))))
    return start
