"""Rows of a large table are those of a small one; so are their gradients, but for where the zeros are kept."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vaekit import lookup as module
from vaekit.lookup import lookup


@pytest.mark.parametrize(("shape", "axes"), [((40, 3), 1), ((4, 10, 3), 2), ((4, 10, 2, 3), 2), ((4, 10), 2)])
@pytest.mark.parametrize("of", [(7,), (2, 3), ()])
def test_large_tables_answer_as_small_ones(monkeypatch: pytest.MonkeyPatch, shape, axes, of) -> None:
    table = nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
    index = torch.randint(40, of, generator=torch.Generator().manual_seed(1))
    small = lookup(table, index, axes)
    assert torch.equal(small, table.flatten(0, axes - 1)[index])
    (small * (1 + small.detach())).sum().backward()
    dense, table.grad = table.grad, None
    monkeypatch.setattr(module, "LARGE", 1)
    large = lookup(table, index, axes)
    assert torch.equal(large, small)
    (large * (1 + large.detach())).sum().backward()
    assert table.grad.is_sparse and not dense.is_sparse
    torch.testing.assert_close(table.grad.to_dense(), dense)


def test_a_gradient_is_sparse_where_few_rows_are_asked_for_and_somebody_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 1)
    table = nn.Parameter(torch.randn(8, 2))

    def sparse(index: torch.Tensor, of: torch.Tensor) -> bool:
        table.grad = None
        lookup(of, index).sum().backward()
        return bool(table.grad is not None and table.grad.is_sparse)

    assert sparse(torch.tensor([1, 1]), table)
    assert not sparse(torch.tensor([1, 1, 2]), table)  # most rows would have a place in it
    assert not sparse(torch.tensor([1, 1]), table[:])  # a view cannot hand a sparse gradient on
    with torch.no_grad():
        assert torch.equal(lookup(table, torch.tensor([3])), table[3:4])
