"""Names with very many levels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import LevelTree
from vaekit.likelihoods.head import Head, log_shares
from vaekit.spec import AtLeastOne

NEVER = -1e9  # logit of a place that no level has; finite, since a cluster may be empty


class HierarchicalSoftmaxLikelihood(nn.Module):
    """P(m|z) = P(cluster of m|z) P(m|its cluster, z): M levels in sqrt(M) clusters, by how frequent they are.

    The cost of a training step grows with sqrt(M) rather than M. Morin and Bengio 2005, Hierarchical probabilistic neural
    network language model (AISTATS); clusters by frequency as in Mikolov et al. 2011 (ICASSP, Extensions of recurrent neural
    network language model). The default of columns with more than 1,000 levels.

    Args:
        features: features of the decoder.
        fields: K columns of names.
        width: numbers by which the levels of a cluster are told apart; each level has so many weights.
    """

    kinds = ("categorical",)

    place: Tensor
    absent: Tensor
    empty: Tensor

    def __init__(self, features: int, fields: Sequence[Field], *, width: AtLeastOne = 32) -> None:
        super().__init__()
        K, most = len(fields), max(field.levels for field in fields)
        C = math.ceil(math.sqrt(most))
        N = math.ceil(most / C)
        shares = torch.full((K, C * N), -torch.inf)
        shares[:, :most] = log_shares(fields, [field.levels for field in fields])
        order = shares.argsort(dim=-1, descending=True, stable=True)
        ranked = shares.gather(-1, order).unflatten(-1, (C, N))
        start = ranked.logsumexp(-1)
        self.register_buffer("place", order.argsort(-1), persistent=False)
        self.register_buffer("empty", start.where(start.isinf(), 0.0), persistent=False)
        self.register_buffer("absent", ranked.isinf() * NEVER, persistent=False)
        self.head, self.inner = Head(features, start), Head(features, torch.zeros(K, width))
        self.weight = nn.Parameter(torch.randn(K, C, N, width) * 0.3 / math.sqrt(width))
        self.bias = nn.Parameter((ranked - start[..., None]).where(ranked.isfinite(), 0.0))

    def forward(self, features: Tensor) -> LevelTree:
        logits = self.head(features) + self.empty
        return LevelTree(logits, self.inner(features), self.weight, self.bias + self.absent, self.place)

    def masses(self, cells: Tensor) -> Tensor:
        """Every level has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)
