"""Names with very many levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import LevelTree
from vaekit.likelihoods.head import Head, log_shares
from vaekit.spec import AtLeastOne

NEVER = -1e9  # logit of a place that no level has; finite, since a cluster may be empty


class HierarchicalSoftmaxLikelihood(nn.Module):
    """P(m|z) = P(cluster of m|z) P(m|its cluster, z): M levels in sqrt(M) clusters by how frequent they are, or in clusters
    of clusters.

    The cost of a training step grows with the root of M that `depth` says rather than with M. Morin and Bengio 2005,
    Hierarchical probabilistic neural network language model (AISTATS); clusters by frequency as in Mikolov et al. 2011 (ICASSP,
    Extensions of recurrent neural network language model). The default of columns with more than 1,000 levels; of more than
    20,000 in three steps.

    Args:
        features: features of the decoder.
        fields: K columns of names.
        width: numbers by which the levels of a cluster are told apart; each level has so many weights.
        depth: steps from the decoder to a level: 2 for one layer of clusters, 3 for clusters of clusters.
    """

    kinds = ("categorical",)

    place: Tensor
    empty: Tensor

    def __init__(
        self, features: int, fields: Sequence[Field], *, width: AtLeastOne = 32, depth: Literal[2, 3] = 2
    ) -> None:
        super().__init__()
        K, most = len(fields), max(field.levels for field in fields)
        C = math.ceil(round(most ** (1 / depth), 6))
        sizes = [C] * (depth - 1)
        sizes.append(math.ceil(most / math.prod(sizes)))
        shares = torch.full((K, math.prod(sizes)), -torch.inf)
        shares[:, :most] = log_shares(fields, [field.levels for field in fields])
        order = shares.argsort(dim=-1, descending=True, stable=True)
        ranked = shares.gather(-1, order)
        # of each step the share of every place, (K, places)
        steps = [ranked.unflatten(-1, (math.prod(sizes[:i]), -1)).logsumexp(-1) for i in range(1, depth + 1)]
        self.register_buffer("place", order.argsort(-1), persistent=False)
        self.register_buffer("empty", steps[0].where(steps[0].isinf(), 0.0), persistent=False)
        self.head, self.inner = Head(features, steps[0]), Head(features, torch.zeros(K, (depth - 1) * width))
        self.splits = nn.ModuleList(
            Split(above, below.unflatten(-1, (above.shape[-1], -1)), width) for above, below in pairwise(steps)
        )
        self.register_load_state_dict_pre_hook(_renamed)  # type: ignore[no-untyped-call]

    def forward(self, features: Tensor) -> LevelTree:
        logits = self.head(features) + self.empty
        inner = self.inner(features).unflatten(-1, (len(self.splits), -1))
        weights, biases = zip(*(split() for split in self.splits), strict=True)
        return LevelTree(logits, inner, weights, biases, self.place)

    def masses(self, cells: Tensor) -> Tensor:
        """Every level has a probability."""
        return torch.ones_like(cells, dtype=torch.bool)


class Split(nn.Module):
    """The places of one step, N within each place of the step before: weights (K, parents, N, width), biases (K, parents, N).

    Args:
        above: log of the share of each parent, (K, parents); minus infinity of one without a level.
        below: log of the share of each place, (K, parents, N).
        width: numbers by which they are told apart.
    """

    absent: Tensor

    def __init__(self, above: Tensor, below: Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("absent", below.isinf() * NEVER, persistent=False)
        self.weight = nn.Parameter(torch.randn(*below.shape, width) * 0.3 / math.sqrt(width))
        self.bias = nn.Parameter((below - above[..., None]).where(below.isfinite(), 0.0))

    def forward(self) -> tuple[Tensor, Tensor]:
        return self.weight, self.bias + self.absent


def _renamed(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Files from before there were more than two steps name the places of the second by themselves."""
    for name in ("weight", "bias"):
        if prefix + name in state:
            state[f"{prefix}splits.0.{name}"] = state.pop(prefix + name)
