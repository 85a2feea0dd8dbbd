"""All columns of a likelihood as one tensor, however different their sizes: more numbers, and fewer steps.

A group of columns of about the same size wastes no arithmetic on padding, which counts for many rows; a step costs the same for
any few numbers, so that of few rows it is the number of groups that counts.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vaekit.distributions.columns import Columns
from vaekit.distributions.partition import Partition
from vaekit.distributions.pieces import pieces
from vaekit.distributions.scale import TRANSFORMS, Scale
from vaekit.likelihoods.categorical import CategoricalLikelihood
from vaekit.likelihoods.head import Head
from vaekit.likelihoods.histogram import HistogramLikelihood
from vaekit.likelihoods.mix import Mix
from vaekit.likelihoods.narrow import across

MOST = 2**13  # parameters of a merged head's output, at most


class Merged(nn.Module):
    """p(row|z) of a mix with its groups of histograms as one, and its groups of names as one.

    Args:
        mix: the likelihood.
        owner: where each column sees features of its own, which ones of (blocks, B, F), (K,); laws are then (1, B, K).

    >>> from vaekit.codec.field import Field
    >>> fields = [Field("a", "categorical", levels=3), Field("b", "categorical", levels=40)]
    >>> mix = Mix(4, fields, [{"kind": "categorical"}] * 2)
    >>> len(mix.parts), len(Merged(mix).parts)
    (2, 1)
    """

    order: Tensor

    def __init__(self, mix: Mix, owner: Tensor | None = None) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        self.members: list[list[int]] = []
        with torch.no_grad():
            for groups in _alike(mix):
                own = [mix.parts[g] for g in groups]
                parts.append(own[0] if len(own) == 1 else JOIN[type(own[0])](own))
                self.members.append([k for g in groups for k in mix.members[g]])
        if owner is not None:
            parts = [across(part, owner[members]) for part, members in zip(parts, self.members, strict=True)]
        self.parts = nn.ModuleList(parts)
        self.at = [torch.tensor(members) for members in self.members]
        self.order = torch.cat(self.at).argsort()

    def forward(self, features: Tensor) -> Columns:
        return Columns([part(features) for part in self.parts], self.at, self.order)


def _alike(mix: Mix) -> list[list[int]]:
    """The groups of a mix that become one, by number."""
    found: list[list[int]] = []
    for kind in JOIN:
        own = [g for g, part in enumerate(mix.parts) if type(part) is kind]
        heads: list[Any] = [mix.parts[g].head for g in own]
        if len(own) > 1 and sum(head.shape[0] for head in heads) * max(head.shape[1] for head in heads) <= MOST:
            found.append(own)
    taken = [g for groups in found for g in groups]
    return found + [[g] for g in range(len(mix.parts)) if g not in taken]


def _histograms(parts: Sequence[Any]) -> nn.Module:
    cuts: list[Partition] = [part.partition for part in parts]
    rows = [(cut, k) for cut in cuts for k in range(len(cut.whole))]
    atoms, edges = ([row[row.isfinite()] for row in rows_] for rows_ in (
        [cut.atoms[k] for cut, k in rows], [cut.edges[k] for cut, k in rows],
    ))  # fmt: skip
    mean, std = (torch.cat([getattr(cut.scale, name) for cut in cuts]) for name in ("mean", "std"))
    kinds = [TRANSFORMS[int(kind)] for cut in cuts for kind in cut.scale.kind]
    one = Partition(atoms, edges, [bool(cut.whole[k]) for cut, k in rows], Scale(kinds, mean, std))
    pieces(one)  # once, for all that are asked about some of the columns
    last = one.A + one.J + torch.arange(2 + 2)  # both tails, mu and sigma
    places = [torch.cat([torch.arange(cut.A), one.A + torch.arange(cut.J), last]) for cut in cuts]
    whole = _copy(parts[0], [part.head for part in parts], places, one.M + 2)
    whole.score = torch.cat([
        part.score.new_zeros(len(part.score), one.M).index_copy(1, at[:-2], part.score)
        for part, at in zip(parts, places, strict=True)
    ])  # fmt: skip
    whole.partition = one
    return whole


def _names(parts: Sequence[Any]) -> nn.Module:
    most = max(part.head.shape[1] for part in parts)
    whole = _copy(parts[0], [part.head for part in parts], [torch.arange(part.head.shape[1]) for part in parts], most)
    pad = [nn.functional.pad(part.absent, (0, most - part.absent.shape[1]), value=-torch.inf) for part in parts]
    whole.absent = torch.cat(pad)
    return whole


def _copy(part: Any, heads: Sequence[Head], places: Sequence[Tensor], size: int) -> Any:
    """The likelihood with one head, in which the parameters of each old one stand at their places among `size`."""
    whole, linear = copy.copy(part), nn.utils.skip_init(nn.Linear, 1, 1)  # its own numbers would be drawn in vain
    whole.__dict__ = {**part.__dict__, "_modules": dict(part._modules), "_buffers": dict(part._buffers)}
    whole.head = copy.copy(heads[0])
    whole.head.__dict__ = {**heads[0].__dict__, "_modules": {"linear": linear}}
    stacked = []
    for name in ("weight", "bias"):
        old = [getattr(head.linear, name).detach().unflatten(0, head.shape) for head in heads]
        new = [each.new_zeros(len(each), size, *each.shape[2:]) for each in old]
        for to, own, at in zip(new, old, places, strict=True):
            to[:, at] = own
        stacked.append(torch.cat(new))
    whole.head.shape = tuple(stacked[1].shape)
    linear.weight, linear.bias = (nn.Parameter(each.flatten(0, 1), requires_grad=False) for each in stacked)
    return whole


JOIN = {HistogramLikelihood: _histograms, CategoricalLikelihood: _names}


def for_few(likelihood: Mix, prepared: dict[Any, Any], owner: Tensor | None = None) -> Merged:
    """The likelihood of a table in as few groups as it may have, made once for its parameters.

    With `owner` each column sees features of its own; see `Merged`.
    """
    whose, every = prepared.get("parameters", (None, []))
    if whose is not likelihood:  # to go through the module costs more than to ask its parameters
        every = list(likelihood.parameters())
        prepared["parameters"] = likelihood, every
    blocks = None if owner is None else tuple(owner.tolist())
    state = blocks, tuple((id(each), each._version, each.dtype) for each in every)
    name = "merged" if owner is None else "merged across"
    known, ready = prepared.get(name, (None, None))
    if known != state:
        ready = Merged(likelihood, owner)
        prepared[name] = state, ready
    return ready
