"""Half precision rounds products, not what goes in and comes out, and only where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vaekit
from vaekit.precision import half, has_fast_half, rounded


def test_products_are_rounded_within_it_alone() -> None:
    net, x = torch.nn.Linear(64, 8), torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
    exact = net(x)
    assert rounded(net, x).equal(exact)
    with half(True):
        coarse = rounded(net, x)
        with half(False):
            assert rounded(net, x).equal(exact)
    assert coarse.dtype == x.dtype and not coarse.equal(exact)
    torch.testing.assert_close(coarse, exact, rtol=0.02, atol=0.02)
    assert rounded(net, x).equal(exact)


def test_gradients_reach_the_weights_in_their_own_precision() -> None:
    net, x = torch.nn.Linear(64, 8), torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
    with half(True):
        rounded(net, x).square().sum().backward()
    assert net.weight.grad is not None and net.weight.grad.dtype == torch.float32
    torch.testing.assert_close(net.weight.grad, 2 * net(x).T.detach() @ x, rtol=0.05, atol=0.3)


def test_a_processor_can_be_asked() -> None:
    assert has_fast_half() in (True, False)


@pytest.mark.parametrize("preset", ["vae", "iwae", "vamp", "vade", "beta-tc-vae", "info-vae", "discrete", "ae"])
def test_a_model_trained_in_half_precision_is_as_good(preset: str) -> None:
    """Bounds on held-out rows are in single precision whatever the training was in."""
    images = (np.random.default_rng(0).random((300, 6, 6)) < np.linspace(0.1, 0.9, 6)).astype(np.float32)
    net = {"kind": "mlp", "hidden": [32]}
    found = []
    for wanted in (False, True):
        train = {"epochs": 6, "batch": 64, "half": wanted}
        model = vaekit.fit(images, preset, net=net, latent=4, train=train, likelihood="bernoulli", progress=False)
        found.append(min(row["validation"] for row in model.history if row["stage"] == "model"))
        assert all(weight.dtype == torch.float32 for weight in model.module.parameters())
    assert found[0] != found[1] and found[1] == pytest.approx(found[0], rel=0.02)
