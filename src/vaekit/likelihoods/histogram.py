"""Numbers of any distribution, where there are enough rows to learn its shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import Field, Floats, repeats
from vaekit.distributions import Bins
from vaekit.distributions.partition import Partition, partition
from vaekit.likelihoods.head import Head, positive
from vaekit.spec import AtLeastOne

FLOOR = 0.02  # least sigma, in normal scores
ENDS = 1e-4  # share beyond which a normal score grows no more


class HistogramLikelihood(nn.Module):
    """p(x|z) = softmax_m(h_m(z) - ((t_m - mu(z)) / sigma(z))^2 / 2)_segment / width: a normal law over the column's normal
    scores t, bent to any shape.

    Atoms for repeated values, bins at the quantiles, exponential tails; spikes, several modes and gaps cost nothing, and best
    value and interval follow from the shares. Regression as classification over quantile bins is known from Müller et al. 2022
    (arXiv 2112.10510), normal scores from van der Waerden 1952. The normal law is there because a value that moves with z is
    two numbers to learn, mu and sigma, in place of a hundred shares that must rise and fall together.

    Args:
        features: features of the decoder.
        fields: K numeric columns.
        bins: most bins of one column; fewer when a bin would hold under 20 training rows.
    """

    kinds = ("real", "positive", "count", "mixed", "datetime")

    score: Tensor

    def __init__(self, features: int, fields: Sequence[Field], *, bins: AtLeastOne = 128) -> None:
        super().__init__()
        self.partition = partition(fields, bins)
        start = _start(fields, self.partition)
        self.register_buffer("score", normal_scores(self.partition, start), persistent=False)
        self.head = Head(features, torch.cat([start + self.score.square() / 2, torch.zeros(len(fields), 2)], 1))

    def forward(self, features: Tensor) -> Bins:
        parameters = self.head(features)
        logits, loc, raw = parameters[..., :-2], parameters[..., -2:-1], parameters[..., -1:]
        inverse = positive(raw, FLOOR).reciprocal()
        away = torch.addcmul(-loc * inverse, self.score, inverse)  # one pass over the largest tensor there is
        return Bins(torch.addcmul(logits, away, away, value=-0.5), self.partition, own=True)

    def masses(self, cells: Tensor) -> Tensor:
        """Cells on an atom have a probability, and so have all whole numbers; between atoms there is a density."""
        return (self.partition.atom(cells) >= 0) | self.partition.whole


def normal_scores(cut: Partition, start: Tensor) -> Tensor:
    """t, the standard normal quantile of the training share that lies below the middle of each segment, (K, M); 0 for none.

    Args:
        cut: the columns' segments.
        start: log shares of these, (K, M).

    >>> from vaekit.distributions import Scale
    >>> steps = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    >>> cut = Partition([torch.empty(0)], [steps], [False], Scale(["linear"], torch.zeros(1), torch.ones(1)))
    >>> [round(score, 2) for score in normal_scores(cut, torch.tensor([[0.0, 0.0, 0.0, 0.0, -9.0, -9.0]]))[0].tolist()]
    [-1.15, -0.32, 0.32, 1.15, -3.72, 3.72]
    """
    share = (start + cut.absent).softmax(-1).double()
    every = torch.arange(cut.M)[:, None].expand(-1, len(start))
    order = cut.place(every, torch.full(every.shape, 0.5)).T.masked_fill(~cut.valid, torch.inf).argsort(-1)
    share = share.gather(1, order)
    middle = (share.cumsum(-1) - share / 2).clamp(ENDS, 1 - ENDS)
    scores = torch.zeros_like(start).scatter(1, order, torch.special.ndtri(middle).to(start.dtype))
    return scores.where(cut.valid, 0.0)


def _start(fields: Sequence[Field], cut: Partition) -> Tensor:
    """The log of the training share of each segment, (K, M): tails have little."""
    A, J, start = cut.A, cut.J, torch.zeros(cut.valid.shape)
    for k, field in enumerate(fields):
        atoms, bins = int(cut.valid[k, :A].sum()), int(cut.valid[k, A : A + J].sum())
        share = torch.from_numpy(_atoms(field, cut.atoms[k, :atoms].double().numpy()))
        start[k, :atoms] = share.clamp(min=0.5 / max(field.rows, 1)).log()
        slab = max(1 - float(share.sum()), 1e-3)
        start[k, A : A + bins] = torch.from_numpy(slab * _bins(field, cut.edges[k, : bins + 1].double().numpy())).log()
        start[k, A + J :] = float(torch.log(torch.tensor(0.5 / max(field.rows, 1))))
    return start


def _bins(field: Field, edges: Floats) -> Floats:
    """The share of each bin among all: they lie between quantiles, but for whole numbers, some of which are spikes."""
    if field.kind != "count" or repeats(field) or not len(field.quantiles):
        return np.full(len(edges) - 1, 1 / (len(edges) - 1))
    below = np.searchsorted(field.quantiles, edges)
    rest = np.diff(below).clip(0.5) / len(field.quantiles)
    spikes = np.histogram(np.asarray(field.spikes), edges, weights=field.shares)[0] if field.spikes else 0 * rest
    share = (1 - spikes.sum()) * rest + spikes
    return np.asarray(share / share.sum())


def _atoms(field: Field, atoms: Floats) -> Floats:
    """The training share of each atom: of spikes it is known, of few values their share of the quantiles."""
    spikes = np.zeros(len(atoms))
    if len(field.spikes) and len(atoms):
        spikes[np.abs(atoms[:, None] - field.spikes).argmin(0)] = field.shares
    if not repeats(field) or not len(field.quantiles):
        return spikes
    below = np.searchsorted(field.quantiles, (atoms[1:] + atoms[:-1]) / 2) / len(field.quantiles)
    return spikes + (1 - spikes.sum()) * np.diff(np.r_[0.0, below, 1.0])
