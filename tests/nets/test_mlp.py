"""Fully connected layers of any depth, mirrored."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from vaekit.nets import Mlp


@pytest.mark.parametrize("hidden", [[], [7], [9, 5], [9, 5, 3]])
def test_the_decoder_walks_the_widths_backwards(hidden):
    net = Mlp(11, 2, hidden=hidden)
    assert net.encode(torch.zeros(4, 11)).shape == (4, net.encoded) == (4, hidden[-1] if hidden else 11)
    assert net.decode(torch.zeros(3, 4, 2)).shape == (3, 4, net.decoded) == (3, 4, hidden[0] if hidden else 2)
    widths = [(layer.in_features, layer.out_features) for layer in net.modules() if isinstance(layer, nn.Linear)]
    down, up = [11, *hidden], [2, *reversed(hidden)]
    assert widths == [*pairwise(down), *pairwise(up)]


def test_without_layers_it_is_linear():
    x = torch.randn(3, 11)
    assert torch.equal(Mlp(11, 2, hidden=[]).encode(x), x)


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "elu", "tanh"])
def test_activations_by_name(activation):
    net = Mlp(3, 2, hidden=[4], activation=activation)
    x = torch.randn(5, 3)
    expected = getattr(torch, activation, getattr(nn.functional, activation, None))(net._down[0](x))
    torch.testing.assert_close(net.encode(x), expected)


def test_dropout_is_for_training():
    net, x = Mlp(3, 2, hidden=[50], dropout=0.5), torch.ones(1, 3)
    assert not torch.equal(net.encode(x), net.encode(x))
    net.eval()
    assert torch.equal(net.encode(x), net.encode(x))


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2**0.5), ("silu", 2**0.5), ("tanh", 5 / 3)])
def test_it_can_begin_as_wide_as_keeps_sizes(activation, gain):
    torch.manual_seed(0)
    layers = [
        m
        for m in Mlp(300, 40, hidden=[200, 100], activation=activation, start="he").modules()
        if isinstance(m, nn.Linear)
    ]
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx(gain / layer.in_features**0.5, rel=0.05)
        assert not layer.bias.any()


def test_otherwise_it_begins_as_torch_does():
    torch.manual_seed(0)
    assert Mlp(300, 40, hidden=[200])._down[0].weight.std().item() == pytest.approx((3 * 300) ** -0.5, rel=0.05)
