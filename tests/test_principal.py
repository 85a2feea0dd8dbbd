"""A model with a linear path begins as probabilistic principal components."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.codec import Field, Layout
from vaekit.likelihoods.mix import choose, suiting_channels
from vaekit.objectives import Elbo
from vaekit.principal import begin, components
from vaekit.vae import VAE, assemble

T, C, LATENTS = 12, 3, 4


def waves(rows: int = 400) -> torch.Tensor:
    """Windows of three channels that follow two hidden waves, and noise."""
    generator = np.random.default_rng(0)
    phase, size = generator.random((rows, 1, 1)) * 6, 3 * generator.normal(size=(rows, 1, 1))
    wave = size * np.sin(np.arange(T)[:, None] / 2 + phase + np.arange(C))
    return torch.from_numpy((wave + generator.normal(size=wave.shape)).reshape(rows, T * C)).float()


def model(net: object = None) -> VAE:
    fields = tuple(Field(f"x{c}", "real") for c in range(C))
    description = {
        "net": net or {"kind": "conv", "widths": [4, 4], "hidden": 8, "straight": True}, "posterior": "gaussian",
        "latent": LATENTS, "prior": "normal", "flags": True, "gaps": None,
        "likelihood": choose(fields, usual=suiting_channels),
    }  # fmt: skip
    with rng.seeded(0):
        return assemble(description, Layout((), shape=(T,), channels=fields)).eval()


def test_the_bound_at_the_start_is_the_evidence_of_the_linear_model():
    """With unit noise and as many latents as directions beyond it, the evidence lower bound has no gap."""
    vae, cells = model(), waves()
    observed = torch.ones_like(cells, dtype=torch.bool)
    begin(vae, cells, observed)
    W, m = vae.net.straight.weight.flatten(0, 1), vae.net.straight.mean.flatten()
    law = torch.distributions.MultivariateNormal(m, W @ W.T + torch.eye(T * C))
    with rng.seeded(1), torch.no_grad():
        bound = Elbo()(vae.draw(cells, observed, samples=200)).bound
    assert float(bound.mean()) == pytest.approx(float(-law.log_prob(cells).mean()), rel=0.01)


def test_means_through_the_latents_are_the_projection_shrunk():
    vae, cells = model(), waves()
    observed = torch.ones_like(cells, dtype=torch.bool)
    begin(vae, cells, observed)
    mean, directions, variance = components(cells, LATENTS)
    with torch.no_grad():
        back = vae.likelihood_of(vae.posterior_of(cells, observed).mean).mean
    wanted = mean + ((cells - mean) @ directions * (1 - 1 / variance)) @ directions.T
    torch.testing.assert_close(back, wanted, atol=1e-3, rtol=1e-3)


def test_hidden_steps_follow_from_the_others():
    vae, cells = model(), waves()
    observed = torch.ones_like(cells, dtype=torch.bool)
    begin(vae, cells, observed)
    context = observed.clone()
    context[:, 5 * C : 7 * C] = False
    with torch.no_grad():
        back = vae.likelihood_of(vae.posterior_of(cells, context).mean).mean
    hidden = ~context
    assert (back - cells)[hidden].square().mean() < 0.6 * cells[hidden].square().mean()


def test_training_leaves_the_line_alone_and_other_nets_have_none():
    vae = model()
    assert not any(name.startswith("net.straight") for name, _ in vae.named_parameters())
    plain = model({"kind": "conv", "widths": [4], "hidden": 8})
    before = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    begin(plain, waves(), torch.ones(400, T * C, dtype=torch.bool))
    assert all(torch.equal(before[name], tensor) for name, tensor in plain.state_dict().items())


def test_a_switch_that_is_seldom_on_does_not_count_as_a_giant():
    generator = np.random.default_rng(0)
    stream = {
        "level": generator.normal(size=600),
        "switch": (np.arange(600) % 200 == 0).astype(float),
        "still": [7.0] * 600,
    }
    fitted = vaekit.fit(vaekit.windows(stream, size=16), train={"epochs": 1, "prior_epochs": 1}).fitted
    assert [field.std for field in fitted.layout.channels][1:] == [1.0, 1.0]
    assert [column.kind for column in fitted.schema.modelled] == ["real"] * 3
