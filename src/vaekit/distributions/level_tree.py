"""A categorical law of very many levels: first a cluster of levels, then a level within it, or a smaller cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.distributions.levels import Levels, cumulative, draw_index
from vaekit.lookup import lookup

AT_ONCE = 2**24  # numbers of a pass over all levels that are in memory together


class LevelTree(Distribution):
    """P(m) = P(cluster of m) P(m | its cluster), each a softmax, and clusters of clusters where there are very many levels.

        logits (..., K, C) ------------ softmax -----------> cluster
        inner[0] (..., K, D) -- weights[0], biases[0] of that cluster -- softmax ----> one of its N[0] places
        inner[1] (..., K, D) -- weights[1], biases[1] of that place ---- softmax ----> one of its N[1] places, a level

    `log_prob` and `sample` touch one path a cell, of M levels and S steps about S M^(1/S) places; `best`, `mode`, `cdf` and
    `probs` touch all levels, and are exact.

    Args:
        logits: (..., K, C) of the clusters.
        inner: (..., K, S - 1, D), what the places of each further step are told apart by.
        weights: of each further step (K, parents, N, D): N places of each place of the step before.
        biases: of each further step (K, parents, N).
        place: (K, M), the place of each level, counted through all places of the last step; a permutation.

    >>> place, even = torch.tensor([[0, 1, 2, 3]]), torch.zeros(1, 2, 2)
    >>> law = LevelTree(torch.tensor([[0.0, 1.0986]]), torch.zeros(1, 1, 3), [torch.zeros(1, 2, 2, 3)], [even], place)
    >>> law.log_prob(torch.tensor([3.0])).exp()
    tensor([0.3750])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(
        self, logits: Tensor, inner: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], place: Tensor
    ) -> None:
        self.logits, self.inner = logits.log_softmax(-1), inner
        self.weights, self.biases, self.place = weights, biases, place
        self.K, self.C = logits.shape[-2:]
        self.branches = [bias.shape[-1] for bias in biases]
        super().__init__(logits.shape[:-1], validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        index = value.long().clamp(0, self.place.shape[-1] - 1)
        place = self._at(self.place, index)
        shape = torch.broadcast_shapes(place.shape, self.batch_shape)
        total = torch.zeros((), device=place.device)
        for step in reversed(range(len(self.branches))):
            parent, item = place // self.branches[step], place % self.branches[step]
            within = self._within(step, self.inner[..., step, :], parent).log_softmax(-1)
            total = total + within.gather(-1, item.expand(shape)[..., None])[..., 0]
            place = parent
        return self.logits.expand(*shape, self.C).gather(-1, place.expand(shape)[..., None])[..., 0] + total

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """A cluster, then a place within it, and so on to a level."""
        with torch.no_grad():
            place = draw_index(self.logits.exp(), tuple(sample_shape))
            inner = self.inner.expand(*place.shape, *self.inner.shape[-2:]).reshape(-1, self.K, *self.inner.shape[-2:])
            shape, place = place.shape, place.reshape(-1, self.K)
            for step, N in enumerate(self.branches):
                many = max(1, AT_ONCE // (self.K * N * inner.shape[-1]))
                pairs = zip(inner[:, :, step].split(many), place.split(many), strict=True)
                item = torch.cat([draw_index(self._within(step, *pair).softmax(-1)) for pair in pairs])
                place = place * N + item
            return self._at(self._level, place.reshape(shape)).to(self.logits.dtype)

    @property
    def probs(self) -> Tensor:
        """P(level), (..., K, M), in the order of the levels."""
        return self._ordered(self._block(slice(None)))

    @property
    def mode(self) -> Tensor:
        return self._likeliest(average=False)

    @property
    def mean(self) -> Tensor:
        """The most probable level: a mean of names has no meaning."""
        return self.mode

    def best(self) -> Tensor:
        """The most probable level under the mixture over the first axis."""
        return self._likeliest(average=True)

    def pooled(self) -> Levels:
        """The mixture over the first axis, as one law of all levels, batch shape (1, ...)."""
        flat = torch.cat([self._block(part).mean(0, keepdim=True) for part in self._parts()], -1)
        return Levels(self._ordered(flat).clamp(min=1e-30).log())

    def cdf(self, value: Tensor) -> Tensor:
        return cumulative(self.probs, value)

    @cached_property
    def _level(self) -> Tensor:
        """The level at each place, (K, M)."""
        return self.place.argsort(-1)

    def _at(self, table: Tensor, index: Tensor) -> Tensor:
        """Entry index[..., k] of row k of a table (K, X)."""
        return table[torch.arange(self.K, device=table.device), index]

    def _ordered(self, by_place: Tensor) -> Tensor:
        return by_place.gather(-1, self.place.expand(by_place.shape))

    def _within(self, step: int, inner: Tensor, parent: Tensor) -> Tensor:
        """Logits (..., K, N) of the places of one parent a cell."""
        weight, bias = self.weights[step], self.biases[step]
        row = parent + weight.shape[1] * torch.arange(self.K, device=parent.device)
        own = lookup(weight, row, axes=2)
        # without an axis of its own the einsum would copy the weights for every draw of the latents
        own = own[(None,) * (inner.dim() + 1 - own.dim())]
        return torch.einsum("...nd,...d->...n", own, inner) + lookup(bias, row, axes=2)

    @property
    def _leaves(self) -> int:
        """Levels of a cluster."""
        return math.prod(self.branches)

    def _parts(self) -> list[slice]:
        """The clusters in pieces that fit into memory."""
        many = max(1, AT_ONCE // max(1, self.batch_shape.numel() * self._leaves))
        return [slice(start, start + many) for start in range(0, self.C, many)]

    def _block(self, part: slice) -> Tensor:
        """P(place), (..., K, places of the clusters of the part)."""
        mass, (start, stop, _) = self.logits[..., part].exp(), part.indices(self.C)
        for step, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            times = weight.shape[1] // self.C
            own = slice(start * times, stop * times)
            inside = torch.einsum("kcnd,...kd->...kcn", weight[:, own], self.inner[..., step, :]) + bias[:, own]
            mass = (mass[..., None] * inside.softmax(-1)).flatten(-2)
        return mass

    def _likeliest(self, *, average: bool) -> Tensor:
        peaks, places = [], []
        for part in self._parts():
            block = self._block(part)
            peak, place = (block.mean(0) if average else block).max(-1)
            peaks.append(peak)
            places.append(place + (part.start or 0) * self._leaves)
        which = torch.stack(peaks).argmax(0, keepdim=True)
        return self._at(self._level, torch.stack(places).gather(0, which)[0]).to(self.logits.dtype)
