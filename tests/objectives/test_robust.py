"""The rows with the largest losses do not count, and only they."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from vaekit import rng
from vaekit.objectives import Elbo, Robust
from vaekit.objectives.robust import kept


@given(st.integers(1, 40), st.floats(0, 1))
def test_a_share_is_left_out_and_somebody_stays(rows, share):
    loss = rng.table(0, (rows,))
    flags = kept(loss, share)
    assert (~flags).sum() == min(round(share * rows), rows - 1)
    assert flags.all() or loss[flags].max() <= loss[~flags].min()


def test_strange_rows_neither_count_nor_teach(linear):
    model = linear(rows=20)
    model.draw.cells[[3, 8]] += 100.0
    loss = Robust(share=0.1, beta=0.5, warm_up=0.0)(model.draw).loss
    each = Elbo(beta=0.5)(model.draw)
    ordinary = torch.ones(20, dtype=torch.bool)
    ordinary[[3, 8]] = False
    torch.testing.assert_close(loss, (each.reconstruction + 0.5 * each.kl.sum(-1))[ordinary].mean())
    (gradient,) = torch.autograd.grad(loss, model.mean)
    assert torch.equal((gradient == 0).all(1), ~ordinary)


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (1.0, 1.0)])
def test_without_a_share_it_is_the_bound_with_its_warm_up(linear, progress, weight):
    draw = linear().draw
    terms = Robust(share=0.0, beta=2.0, warm_up=0.2)(draw, progress)
    torch.testing.assert_close(terms.loss, terms.reconstruction.mean() + 2 * weight * terms.kl.sum(-1).mean())
