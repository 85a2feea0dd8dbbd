"""Convolutions on grids of one and two dimensions, of odd sizes too."""

import copy
import math

import pytest
import torch

from vaekit import rng
from vaekit.nets import Conv
from vaekit.nets.grid import GridSize

SIZES = [
    GridSize((28, 20), 2, 0), GridSize((7, 5), 1, 3), GridSize((1, 9), 4, 0), GridSize((33,), 3, 2), GridSize((2,), 1, 0)
]  # fmt: skip


@pytest.fixture(params=SIZES, ids=lambda size: f"{size.shape}-{size.local}-{size.beside}")
def net(request):
    with rng.seeded(0):
        return Conv(request.param, 6, widths=[4, 6], hidden=16)


def features(net, *lead):
    return rng.table(0, (*lead, net.size.features), "features")


def test_both_halves_keep_their_promises_at_any_size(net):
    assert net.encode(features(net, 3)).shape == (3, net.encoded)
    decoded = net.decode(torch.zeros(3, 6))
    assert decoded.shape == (3, net.decoded) and net.decoded == math.prod(net.size.shape) * net.local + net.beside


def test_whatever_leads_stands_alone(net):
    x, z = features(net, 2, 3), rng.table(0, (4, 2, 6), "z")
    net.eval()
    torch.testing.assert_close(net.encode(x), net.encode(x.flatten(0, 1)).unflatten(0, (2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(net.decode(z), net.decode(z.flatten(0, 1)).unflatten(0, (4, 2)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(net.decode(z)[1, 1], net.decode(z[1, 1][None])[0], rtol=1e-4, atol=1e-5)


def test_every_feature_and_latent_has_a_say_and_every_weight_a_gradient(net):
    net = copy.deepcopy(net).double()
    with rng.seeded(1), torch.no_grad():  # off the start, where blocks are the identity
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x, z = features(net, 5).double().requires_grad_(), rng.table(0, (5, 6), "z", dtype=torch.float64).requires_grad_()
    with rng.seeded(2):
        encoded, decoded = net.encode(x), net.decode(z)
        loss = (encoded * torch.randn_like(encoded)).sum() + (decoded * torch.randn_like(decoded)).sum()
    loss.backward()
    assert encoded.dtype == decoded.dtype == torch.float64
    assert (x.grad != 0).all() and (z.grad != 0).all()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and (parameter.grad != 0).any(), name


def test_training_and_answering_agree_about_as_far_as_their_precisions_do(net):
    x = features(net, 8)
    wide = net.train().encode(x)
    narrow = net.eval().encode(x)
    assert wide.dtype == narrow.dtype == torch.float32
    torch.testing.assert_close(wide, narrow, rtol=0.1, atol=0.05)


def test_saved_and_loaded_it_answers_the_same(net):
    with rng.seeded(5):
        other = Conv(net.size, 6, widths=[4, 6], hidden=16)
    assert not torch.equal(other.eval().encode(features(net, 2)), net.eval().encode(features(net, 2)))
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.encode(features(net, 2)), net.encode(features(net, 2)))
    assert torch.equal(other.decode(torch.ones(2, 6)), net.decode(torch.ones(2, 6)))
