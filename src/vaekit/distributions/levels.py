"""The categorical law of several columns at once, each with its own number of levels."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution


class Levels(Distribution):
    """P(level = m) = softmax(logits)_m for each of K columns; short columns are padded with logits of minus infinity.

    Args:
        logits: (..., K, M), M the largest number of levels among the columns.

    `log_prob` takes level indices as floats, (..., K), and answers nats of the same shape; the mode is the most probable level.

    >>> law = Levels(torch.tensor([[0.0, 0.0, -torch.inf], [0.0, 0.0, 0.0]]))
    >>> law.log_prob(torch.tensor([1.0, 2.0])).exp()
    tensor([0.5000, 0.3333])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, logits: Tensor) -> None:
        self.raw = logits
        super().__init__(logits.shape[:-1], validate_args=False)

    @cached_property
    def logits(self) -> Tensor:
        """Log shares (..., K, M)."""
        return self.raw.log_softmax(-1)

    @property
    def probs(self) -> Tensor:
        return self.raw.softmax(-1)

    @property
    def mode(self) -> Tensor:
        return self.raw.argmax(-1).to(self.raw.dtype)

    @property
    def mean(self) -> Tensor:
        """The most probable level: a mean of names has no meaning."""
        return self.mode

    def best(self) -> Tensor:
        """The most probable level under the mixture over the first axis."""
        return self.pooled().mode[0]

    def quantile(self, level: float | Tensor) -> Tensor:
        """Smallest level whose probability under the mixture over the first axis reaches `level`."""
        total = self.pooled().probs[0].cumsum(-1)
        return (
            (total < torch.as_tensor(level).to(total)[..., None]).sum(-1).clamp(max=total.shape[-1] - 1).to(total.dtype)
        )

    def pooled(self) -> Levels:
        """The mixture over the first axis, as one law of batch shape (1, ...)."""
        if len(self.raw) == 1:
            return self
        return Levels(self.probs.mean(0, keepdim=True).clamp(min=1e-30).log())

    def log_prob(self, value: Tensor) -> Tensor:
        index = value.long().clamp(0, self.logits.shape[-1] - 1)
        shape = together(index, self.batch_shape)
        return self.logits.expand(*shape, -1).gather(-1, index.expand(shape)[..., None])[..., 0]

    def cdf(self, value: Tensor) -> Tensor:
        return cumulative(self.probs, value)

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return draw_index(self.probs, tuple(sample_shape)).to(self.raw.dtype)


def draw_index(probs: Tensor, sample_shape: tuple[int, ...] = ()) -> Tensor:
    """One index by probability along the last axis: the number of cumulated shares that a uniform number exceeds."""
    total, shape = probs.cumsum(-1).contiguous(), (*sample_shape, *probs.shape[:-1])
    # Rounding may leave the last sum just under one: scale the uniform number to it, so that padding is never drawn.
    uniform = torch.rand(shape, dtype=probs.dtype, device=probs.device) * total[..., -1]
    wanted = uniform.reshape(-1, *probs.shape[:-1]).movedim(0, -1).contiguous()
    found = torch.searchsorted(total, wanted, right=True).movedim(-1, 0)
    return found.reshape(shape).clamp(max=probs.shape[-1] - 1)


def cumulative(probs: Tensor, value: Tensor) -> Tensor:
    """P(index <= value) along the last axis of `probs`."""
    index = value.floor().long()
    total = probs.cumsum(-1)
    shape = together(index, probs.shape[:-1])
    inside = index.clamp(0, probs.shape[-1] - 1).expand(shape)[..., None]
    return total.expand(*shape, -1).gather(-1, inside)[..., 0] * (index >= 0)


def together(value: Tensor, shape: Size) -> Size:
    """The shape of a value and a law side by side; `torch.broadcast_shapes` imports sympy, half a second of a first answer.

    >>> together(torch.zeros(5, 1, 2), Size((3, 2)))
    torch.Size([5, 3, 2])
    """
    return torch.broadcast_tensors(value, value.new_empty(()).expand(shape))[0].shape
