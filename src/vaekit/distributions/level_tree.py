"""A categorical law of very many levels: first a cluster of levels, then a level within it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.nn.functional import embedding

from vaekit.distributions.levels import Levels, cumulative, draw_index

AT_ONCE = 2**24  # numbers of a pass over all levels that are in memory together


class LevelTree(Distribution):
    """P(m) = P(cluster of m) P(m | its cluster), each a softmax: of M levels about 2 sqrt(M) take part in one probability.

        logits (..., K, C) ---- softmax ----> cluster c ------------------------+
        inner  (..., K, D) -- weight[k, c] (N, D), bias[k, c] -- softmax ----> level

    `log_prob` and `sample` touch one cluster a cell; `best`, `mode`, `cdf` and `probs` touch all levels, and are exact.

    Args:
        logits: (..., K, C) of the clusters.
        inner: (..., K, D), what the levels within a cluster are told apart by.
        weight, bias: (K, C, N, D) and (K, C, N), of N places in each cluster.
        place: (K, C N), the place of each level, counted through all clusters; a permutation.

    >>> place, even = torch.tensor([[0, 1, 2, 3]]), torch.zeros(1, 2, 2)
    >>> law = LevelTree(torch.tensor([[0.0, 1.0986]]), torch.zeros(1, 3), torch.zeros(1, 2, 2, 3), even, place)
    >>> law.log_prob(torch.tensor([3.0])).exp()
    tensor([0.3750])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, inner: Tensor, weight: Tensor, bias: Tensor, place: Tensor) -> None:
        self.logits, self.inner = logits.log_softmax(-1), inner
        self.weight, self.bias, self.place = weight, bias, place
        self.K, self.C, self.N, self.D = weight.shape
        super().__init__(logits.shape[:-1], validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        index = value.long().clamp(0, self.place.shape[-1] - 1)
        place = self._at(self.place, index)
        cluster, item = place // self.N, place % self.N
        shape = torch.broadcast_shapes(place.shape, self.batch_shape)
        outer = self.logits.expand(*shape, self.C).gather(-1, cluster.expand(shape)[..., None])
        within = self._within(self.inner, cluster).log_softmax(-1)
        return (outer + within.gather(-1, item.expand(shape)[..., None]))[..., 0]

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """A cluster, then a level within it."""
        with torch.no_grad():
            cluster = draw_index(self.logits.exp(), tuple(sample_shape))
            inner = self.inner.expand(*cluster.shape, self.D)
            rows, many = cluster.reshape(-1, self.K), max(1, AT_ONCE // (self.K * self.N * self.D))
            pairs = zip(inner.reshape(-1, self.K, self.D).split(many), rows.split(many), strict=True)
            item = torch.cat([draw_index(self._within(*pair).softmax(-1)) for pair in pairs]).reshape(cluster.shape)
            return self._at(self._level, cluster * self.N + item).to(self.logits.dtype)

    @property
    def probs(self) -> Tensor:
        """P(level), (..., K, C N), in the order of the levels."""
        return self._ordered(self._block(slice(None)).flatten(-2))

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
        flat = torch.cat([self._block(part).mean(0, keepdim=True).flatten(-2) for part in self._parts()], -1)
        return Levels(self._ordered(flat).clamp(min=1e-30).log())

    def cdf(self, value: Tensor) -> Tensor:
        return cumulative(self.probs, value)

    @cached_property
    def _level(self) -> Tensor:
        """The level at each place, (K, C N)."""
        return self.place.argsort(-1)

    def _at(self, table: Tensor, index: Tensor) -> Tensor:
        """Entry index[..., k] of row k of a table (K, X)."""
        return table[torch.arange(self.K, device=table.device), index]

    def _ordered(self, by_place: Tensor) -> Tensor:
        return by_place.gather(-1, self.place.expand(by_place.shape))

    def _within(self, inner: Tensor, cluster: Tensor) -> Tensor:
        """Logits (..., K, N) of the places in one cluster a cell."""
        row = cluster + self.C * torch.arange(self.K, device=cluster.device)
        weight = embedding(row, self.weight.reshape(self.K * self.C, -1)).unflatten(-1, (self.N, self.D))
        bias = embedding(row, self.bias.reshape(self.K * self.C, self.N))
        # without an axis of its own the einsum would copy the weights for every draw of the latents
        return torch.einsum("...nd,...d->...n", weight[(None,) * (inner.dim() + 1 - weight.dim())], inner) + bias

    def _parts(self) -> list[slice]:
        """The clusters in pieces that fit into memory."""
        many = max(1, AT_ONCE // max(1, self.batch_shape.numel() * self.N))
        return [slice(start, start + many) for start in range(0, self.C, many)]

    def _block(self, part: slice) -> Tensor:
        """P(place), (..., K, clusters of the part, N)."""
        inside = torch.einsum("kcnd,...kd->...kcn", self.weight[:, part], self.inner) + self.bias[:, part]
        return self.logits[..., part].exp()[..., None] * inside.softmax(-1)

    def _likeliest(self, *, average: bool) -> Tensor:
        peaks, places = [], []
        for part in self._parts():
            block = self._block(part)
            peak, place = (block.mean(0) if average else block).flatten(-2).max(-1)
            peaks.append(peak)
            places.append(place + (part.start or 0) * self.N)
        which = torch.stack(peaks).argmax(0, keepdim=True)
        return self._at(self._level, torch.stack(places).gather(0, which)[0]).to(self.logits.dtype)
