"""Rows of a large table, whose gradient holds the rows that were looked up and no others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding

LARGE = 2**18  # numbers of a table whose zeros cost more than finding out which rows are not zero
FEW = 4  # a gradient holds single rows where at most one row in so many was looked up


def lookup(table: Tensor, index: Tensor, axes: int = 1) -> Tensor:
    """table[index], counted over its first `axes` axes together: (..., *rest).

    On a processor the gradient of a large parameter is a sparse tensor of those rows: neither backwards nor in `AdamW` does
    a step then cost more the more rows there are. An accelerator would have to wait to know which they are.

    Args:
        table: (*first, *rest).
        index: (...) whole numbers below the product of the first axes.

    >>> lookup(torch.arange(12.0).reshape(2, 3, 2), torch.tensor([4, 0]), axes=2)
    tensor([[8., 9.],
            [0., 1.]])
    """
    rows = table.shape[:axes].numel()
    large = table.is_leaf and table.numel() >= LARGE and index.numel() * FEW <= rows
    if large and torch.is_grad_enabled() and table.requires_grad and table.device.type == "cpu":
        return torch.as_tensor(_Lookup.apply(table, index, axes))  # type: ignore[no-untyped-call]
    return embedding(index, table.reshape(rows, -1)).reshape((*index.shape, *table.shape[axes:]))


class _Lookup(torch.autograd.Function):
    """The rows forwards, a sparse gradient backwards."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor, axes: int) -> Tensor:
        ctx.save_for_backward(index)
        ctx.shape, ctx.axes = table.shape, axes
        found = table.detach().flatten(0, axes - 1).index_select(0, index.flatten())
        return found.reshape((*index.shape, *table.shape[axes:]))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (index,), (gradient,) = ctx.saved_tensors, gradients
        first = ctx.shape[: ctx.axes]
        at = torch.stack(torch.unravel_index(index.flatten(), first))
        values = gradient.reshape(-1, *ctx.shape[ctx.axes :])
        return torch.sparse_coo_tensor(at, values, ctx.shape, check_invariants=False), None, None
