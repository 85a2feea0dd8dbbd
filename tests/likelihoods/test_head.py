"""Where the decoder starts."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.likelihoods.head import Head, log_shares, positive, units


def test_the_bias_is_the_start_and_padding_starts_at_zero():
    start = torch.tensor([[1.0, -torch.inf], [0.5, 2.0]])
    head = Head(3, start)
    assert torch.equal(head(torch.zeros(2, 5, 3))[1, 4], torch.tensor([[1.0, 0.0], [0.5, 2.0]]))
    assert head(torch.zeros(2, 5, 3)).shape == (2, 5, 2, 2)


def test_shares_have_half_a_row_added():
    fields = [
        Field("a", "categorical", levels=2, shares=np.array([0.25, 0.75]), rows=4),
        Field("b", "categorical", levels=3),
    ]
    shares = log_shares(fields, [2, 3]).exp()
    torch.testing.assert_close(shares, torch.tensor([[0.3, 0.7, 0.0], [1 / 3] * 3]))


@pytest.mark.parametrize("floor", [0.02, 0.5])
def test_a_scale_starts_at_one_above_its_floor_and_never_falls_below(floor):
    raw = torch.tensor([-1e4, 0.0, 1e4], requires_grad=True)
    scale = positive(raw, floor)
    assert scale.tolist() == pytest.approx([floor, 1 + floor, 1e4 + floor], rel=1e-3)
    scale.sum().backward()
    assert raw.grad.isfinite().all()


def test_units_are_the_columns_own():
    scale = units([Field("a", "positive", mean=2.0, std=0.5, transform="log"), Field("b", "real", mean=7.0, std=3.0)])
    torch.testing.assert_close(scale.number(torch.tensor([1.0, 1.0])), torch.tensor([np.exp(2.5), 10.0]).float())
