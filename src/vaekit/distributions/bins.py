"""A histogram law: point masses, uniform bins and exponential tails over a fixed partition of the line."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaekit.distributions.levels import draw_index, together
from vaekit.distributions.partition import Partition
from vaekit.distributions.pieces import quantile
from vaekit.distributions.scale import Scale

__all__ = ["Bins", "Partition", "Scale"]


class Bins(Distribution):
    """p(x) = share(segment of x) * density of x within it; an atom's share is a point mass.

    Any shape of a numeric column: spikes, several modes, gaps, heavy tails. As sharp or flat as the logits say.

    Args:
        logits: (..., K, M) over the segments of `partition`.
        partition: the K columns' atoms, bins and tails.
        own: the logits belong to nobody else and may be written on, which spares a copy of the largest tensor there is.

    >>> scale = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> cut = Partition([torch.tensor([])], [torch.tensor([0.0, 1.0, 3.0])], [False], scale)
    >>> law = Bins(torch.tensor([[0.0, 0.0, -50.0, -50.0]]), cut)
    >>> law.log_prob(torch.tensor([2.0])).exp()
    tensor([0.2500])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, partition: Partition, *, own: bool = False) -> None:
        alone = own and not logits.requires_grad
        self.raw = logits.add_(partition.absent) if alone else logits + partition.absent
        self.partition = partition
        super().__init__(logits.shape[:-1], validate_args=False)

    @cached_property
    def logits(self) -> Tensor:
        """Log shares (..., K, M)."""
        return self.raw.log_softmax(-1)

    @cached_property
    def probs(self) -> Tensor:
        # no exponential: it takes ten times as long where little more than zero comes out
        return self.raw.softmax(-1)

    @cached_property
    def _below(self) -> Tensor:
        """Mass of the first 0, 1, ... atoms and bins, (..., K, A + J + 1)."""
        share = self.probs[..., :-2]
        return torch.cat([torch.zeros_like(share[..., :1]), share.cumsum(-1)], -1)

    @property
    def mean(self) -> Tensor:
        """The cell of the expected number: sum of share times the number that stands for each segment."""
        return self.partition.scale.average(self.partition.centres, self.logits)

    @property
    def mode(self) -> Tensor:
        index = self.logits.argmax(-1)
        return self.partition.place(index, torch.full(index.shape, 0.5, device=index.device))

    def log_prob(self, value: Tensor) -> Tensor:
        atom, slab = self.partition.atom_and_slab(value)
        within = self.partition.log_density(value, slab)
        shape = together(value, self.batch_shape)
        index = torch.stack([atom.clamp(min=0), slab], -1).expand(*shape, 2)
        on_atom, on_slab = self.logits.expand(*shape, -1).gather(-1, index).unbind(-1)
        on_slab = on_slab + within
        is_atom = (atom >= 0).expand(shape)
        if not self.partition.counts_whole:
            return torch.where(is_atom, on_atom, on_slab)
        # A whole number that is an atom may also be drawn by the bin around it: its mass is the sum.
        both = torch.where(self.partition.whole, torch.logaddexp(on_atom, on_slab), on_atom)
        return torch.where(is_atom, both, on_slab)

    def cdf(self, value: Tensor) -> Tensor:
        A, shape = self.partition.A, together(value, self.batch_shape)
        atoms, slab, inside, left, right = (part.expand(shape) for part in self.partition.below(value))
        first = torch.full_like(slab, A)
        index = torch.stack([atoms, first, slab, slab + 1], -1)
        on_atoms, start, low, high = self._below.expand(*shape, -1).gather(-1, index).unbind(-1)
        tails = self.probs[..., -2] * left + self.probs[..., -1] * right
        return on_atoms + (low - start) + (high - low) * inside + tails

    def exact(self, value: Tensor) -> Tensor:
        """Cells (..., K), an atom itself where a search for a quantile came to rest beside one."""
        return self.partition.exact(value) if self.partition.A else value

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        index = draw_index(self.probs, tuple(sample_shape))
        uniform = torch.rand(index.shape, dtype=self.raw.dtype, device=self.raw.device)
        return self.partition.place(index, uniform)

    def best(self) -> Tensor:
        """The cell of the expected number under the mixture over the first axis."""
        return self.pooled().mean[0]

    def quantile(self, level: float | Tensor) -> Tensor | None:
        """Smallest cell whose probability under the mixture over the first axis reaches `level`, in closed form; None where
        there is none.
        """
        return quantile(self.partition, self.pooled().probs[0], level)

    def pooled(self) -> Bins:
        """The mixture over the first axis, as one law of batch shape (1, ...)."""
        if len(self.raw) == 1:
            return self
        return Bins(self.probs.mean(0, keepdim=True).clamp(min=1e-30).log(), self.partition)
