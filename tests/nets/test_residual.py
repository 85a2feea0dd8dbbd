"""Residual blocks are the identity at first."""

import pytest
import torch

from vaekit.nets import ResidualMlp
from vaekit.nets.residual import Block


def test_a_block_begins_as_the_identity():
    x = torch.randn(4, 8)
    assert torch.equal(Block(8)(x), x)


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_any_depth_begins_as_the_same_map(depth):
    net, x = ResidualMlp(6, 3, width=8, depth=depth), torch.randn(4, 6)
    torch.testing.assert_close(net.encode(x), torch.nn.functional.layer_norm(net._down[0](x), (8,)))
    assert net.decode(torch.zeros(2, 4, 3)).shape == (2, 4, net.decoded) and net.encoded == net.decoded == 8


def test_dropout_is_for_training():
    net, x = ResidualMlp(3, 2, width=32, depth=1, dropout=0.5), torch.ones(1, 3)
    torch.nn.init.normal_(net._down[1].down.weight)
    assert not torch.equal(net.encode(x), net.encode(x))
    net.eval()
    assert torch.equal(net.encode(x), net.encode(x))
