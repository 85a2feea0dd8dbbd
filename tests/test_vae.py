"""The tutorials' model is a special case, equal to ten lines of plain torch; and linear models have known answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal
from torch.nn import functional as F

import vaekit
from vaekit import rng
from vaekit.codec import Layout
from vaekit.codec.field import Field
from vaekit.errors import SpecError
from vaekit.likelihoods import choose
from vaekit.objectives import Elbo
from vaekit.objectives.kl import monte_carlo
from vaekit.vae import assemble

K, HIDDEN, L = 12, 20, 4
BINARY = [Field(f"b{k}", "binary", levels=2, shares=np.array([0.5, 0.5]), rows=100) for k in range(K)]
REAL = [Field(f"x{k}", "real", rows=100) for k in range(K)]


class Tutorial(nn.Module):
    """The variational autoencoder of pytorch/examples, in its own words."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(K, HIDDEN), nn.Linear(HIDDEN, L), nn.Linear(HIDDEN, L)
        self.fc3, self.fc4 = nn.Linear(L, HIDDEN), nn.Linear(HIDDEN, K)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return self.fc4(F.relu(self.fc3(z)))


def rate(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def ours(fields, likelihood, *, net=None, latent=L, posterior="gaussian", prior="normal"):
    description = {
        "net": net or {"kind": "mlp", "hidden": [HIDDEN]}, "posterior": posterior, "prior": prior, "latent": latent,
        "likelihood": choose(fields, likelihood), "flags": False, "gaps": None,
    }  # fmt: skip
    with rng.seeded(0):
        return assemble(description, Layout(tuple(fields))).double()


def twins(fields, likelihood):
    """Our model and the tutorial's with the same weights, and the final layer's name."""
    vae, (theirs, _) = ours(fields, likelihood), (Tutorial().double(), rng.seeded(0))
    head = vae.likelihood.parts[0].head.linear
    with torch.no_grad():
        theirs.fc1.load_state_dict(vae.net._down[0].state_dict())
        theirs.fc3.load_state_dict(vae.net._up[0].state_dict())
        theirs.fc4.load_state_dict(head.state_dict())
        for layer, part in zip((theirs.fc21, theirs.fc22), (slice(0, L), slice(L, None)), strict=True):
            layer.weight.copy_(vae.posterior.parameters_of.weight[part])
            layer.bias.copy_(vae.posterior.parameters_of.bias[part])
    return vae, theirs


def batch(kind, count=50):
    cells = rng.table(0, (count, K), "batch", dtype=torch.float64)
    return (cells > 0).double() if kind == "binary" else cells


def one_draw(vae, x):
    draw = vae.draw(x, torch.ones_like(x, dtype=torch.bool))
    return draw, draw.z[0]


def gradients(loss, module):
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, module, retain_graph=True)])


@pytest.mark.parametrize("kind", ["binary", "real"])
def test_encode_decode_and_forward_are_the_tutorials(kind):
    fields, likelihood = (BINARY, "bernoulli") if kind == "binary" else (REAL, {"kind": "gaussian", "scale": 0.7071})
    vae, theirs = twins(fields, likelihood)
    final = torch.sigmoid if kind == "binary" else torch.nn.Identity()
    x = batch(kind)
    mu, logvar = vae.encode(x)
    assert mu.shape == logvar.shape == (50, L)
    torch.testing.assert_close((mu, logvar), theirs.encode(x))
    z = rng.table(1, (7, L), dtype=torch.float64)
    torch.testing.assert_close(vae.decode(z), final(theirs.decode(z)))
    vae.eval()
    recon, again, variance = vae(x)
    assert torch.equal(again, mu) and torch.equal(variance, logvar)
    torch.testing.assert_close(recon, final(theirs.decode(mu)))
    vae.train()
    with rng.seeded(5):
        noisy, _, _ = vae(x)
    with rng.seeded(5):
        expected = final(theirs.decode(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)))
    torch.testing.assert_close(noisy, expected)


def test_a_missing_cell_is_a_nan_to_the_tutorials_names():
    vae = ours(REAL, {"kind": "gaussian", "scale": 1.0})
    x = batch("real")
    x[0, 3] = torch.nan
    mu, logvar = vae.encode(x)
    recon, _, _ = vae.eval()(x)
    assert mu.isfinite().all() and logvar.isfinite().all() and recon.isfinite().all()


def test_cross_entropy_and_rate_are_the_bernoulli_bound():
    vae, theirs = twins(BINARY, "bernoulli")
    x = batch("binary")
    draw, z = one_draw(vae, x)
    mu, logvar = theirs.encode(x)
    bce = F.binary_cross_entropy(torch.sigmoid(theirs.decode(z)), x, reduction="sum")
    terms = Elbo()(draw)
    torch.testing.assert_close(terms.reconstruction.sum(), bce)
    torch.testing.assert_close(terms.kl.sum(), rate(mu, logvar))
    torch.testing.assert_close(terms.loss * len(x), bce + rate(mu, logvar))


def test_summed_squares_and_rate_are_the_gaussian_bound_of_variance_one_half():
    vae, theirs = twins(REAL, {"kind": "gaussian", "scale": math.sqrt(0.5)})
    x = batch("real")
    draw, z = one_draw(vae, x)
    mu, logvar = theirs.encode(x)
    squares = F.mse_loss(theirs.decode(z), x, reduction="sum")
    constant = x.numel() * 0.5 * math.log(2 * math.pi * 0.5)
    terms = Elbo()(draw)
    torch.testing.assert_close(terms.reconstruction.sum(), squares + constant)
    loss = squares + rate(mu, logvar)
    torch.testing.assert_close(terms.loss * len(x), loss + constant)
    # the same gradient, hence the same training: of the squares on our decoder, whose draw came from our encoder
    again = F.mse_loss(draw.likelihood.mean[0], x, reduction="sum") + rate(*vae.encode(x))
    weights = list(vae.net.parameters())
    torch.testing.assert_close(gradients(terms.loss * len(x), weights), gradients(again, weights))


@pytest.mark.parametrize("reduction", ["rows", "everything"])
def test_mean_reduced_losses_are_a_rescaled_beta(reduction):
    """mse.mean() + KL.mean() over rows weighs the rate K times; over rows and latents, K / L times."""
    vae, theirs = twins(REAL, {"kind": "gaussian", "scale": math.sqrt(0.5)})
    x = batch("real")
    draw, z = one_draw(vae, x)
    mu, logvar = theirs.encode(x)
    parts = len(x) if reduction == "rows" else len(x) * L
    loss = F.mse_loss(theirs.decode(z), x) + rate(mu, logvar) / parts
    beta = K * len(x) / parts
    constant = 0.5 * math.log(math.pi)
    torch.testing.assert_close(Elbo(beta=beta)(draw).loss / K, loss + constant)


def test_a_plain_autoencoder_is_the_squared_error_alone():
    vae = ours(REAL, {"kind": "gaussian", "scale": math.sqrt(0.5)}, posterior="point")
    x = batch("real")
    terms = Elbo()(vae.draw(x, torch.ones_like(x, dtype=torch.bool)))
    recon, mu, logvar = vae(x)
    constant = K * 0.5 * math.log(math.pi)
    torch.testing.assert_close(terms.loss, (recon - x).square().sum(1).mean() + constant)
    assert (logvar == -torch.inf).all() and torch.equal(recon, vae.decode(mu))


# -- probabilistic principal components: everything in closed form


@pytest.fixture(scope="module")
def linear():
    """(model whose posterior is exact, rows, their log evidence): x = W z + b + s e, columns of W orthogonal."""
    s = 0.6
    vae = ours(REAL, {"kind": "gaussian", "scale": s}, net={"kind": "mlp", "hidden": []})
    W = torch.linalg.qr(rng.table(0, (K, L), "W", dtype=torch.float64))[0] * torch.tensor([2.0, 1.5, 1.0, 0.3])
    b = rng.table(0, (K,), "b", dtype=torch.float64)
    precision = W.T @ W / s**2 + torch.eye(L, dtype=W.dtype)
    to_mean = torch.linalg.solve(precision, W.T / s**2)
    with torch.no_grad():
        head, encoder = vae.likelihood.parts[0].head.linear, vae.posterior.parameters_of
        head.weight.copy_(W), head.bias.copy_(b)
        encoder.weight.copy_(torch.cat([to_mean, torch.zeros(L, K)])), encoder.bias.zero_()
        encoder.bias[:L] = -to_mean @ b
        encoder.bias[L:] = -precision.diagonal().log()
    x = rng.table(1, (40, K), dtype=torch.float64) * 1.3 + b
    evidence = MultivariateNormal(b, W @ W.T + s**2 * torch.eye(K, dtype=W.dtype)).log_prob(x)
    return vae, x, evidence


def test_the_bound_of_the_exact_posterior_is_the_evidence(linear):
    """log p(x|z) + log p(z) - log q(z|x) is the evidence for every z; the bound is, on average over z."""
    vae, x, evidence = linear
    seen = torch.ones_like(x, dtype=torch.bool)
    draw = vae.draw(x, seen)
    pointwise = draw.likelihood.log_prob(x).sum(-1)[0] - monte_carlo(draw.posterior, draw.prior, draw.z).sum(-1)
    torch.testing.assert_close(pointwise, evidence, rtol=1e-9, atol=1e-9)
    with rng.seeded(0):
        terms = Elbo()(vae.draw(x, seen, samples=20_000))
    torch.testing.assert_close(-terms.bound, evidence, rtol=0, atol=0.05)
    assert -terms.loss.item() == pytest.approx(evidence.mean().item(), abs=0.01)


def test_any_other_posterior_has_a_lower_bound(linear):
    vae, x, evidence = linear
    seen = torch.ones_like(x, dtype=torch.bool)
    for change in (0.3, -0.3):
        with torch.no_grad():
            vae.posterior.parameters_of.bias += change
        with rng.seeded(0):
            bound = -Elbo()(vae.draw(x, seen, samples=5_000)).bound
        with torch.no_grad():
            vae.posterior.parameters_of.bias -= change
        assert (bound < evidence - 0.02).all()


# -- assembling


class Own(nn.Module):
    def __init__(self, encoded=8, decoded=8, promised=8):
        super().__init__()
        self.down, self.up = nn.Linear(K, encoded), nn.Linear(L, decoded)
        self.encoded = self.decoded = promised

    def encode(self, features):
        return self.down(features)

    def decode(self, latents):
        return self.up(latents)


def own(net):
    description = {
        "net": {"kind": "own", "name": "Own"}, "posterior": "gaussian", "prior": "normal", "latent": L,
        "likelihood": choose(REAL), "flags": False, "gaps": None,
    }  # fmt: skip
    return assemble(description, Layout(tuple(REAL)), net=net)


def test_a_users_own_net_takes_part():
    vae = own(Own())
    recon, mu, _ = vae(torch.zeros(3, K))
    assert recon.shape == (3, K) and mu.shape == (3, L)


def test_a_net_that_does_not_fit_is_refused():
    with pytest.raises(SpecError, match=r"returned \(3, 8\), expected one tensor \(3, 9\)"):
        own(Own(promised=9))


def test_a_net_begins_several_models_and_stays_what_it_was():
    net = Own()
    first, second = own(net), own(net)
    with torch.no_grad():
        first.net.down.weight.zero_()
    assert net.down.weight.any() and second.net.down.weight.any()


def test_latents_of_an_empty_context_are_new_rows():
    vae = ours(REAL, {"kind": "gaussian", "scale": 1.0})
    x = batch("real", 4_000)
    with rng.seeded(0):
        z = vae.latents_given(x, torch.zeros_like(x, dtype=torch.bool))
        cold = vae.latents_given(x, torch.zeros_like(x, dtype=torch.bool), temperature=0.1)
        seen = vae.latents_given(x, torch.ones_like(x, dtype=torch.bool), temperature=0.0)
    assert z.mean().abs() < 0.05 and abs(z.std() - 1) < 0.05 and abs(cold.std() - 0.1) < 0.01
    torch.testing.assert_close(seen, vae.encode(x)[0])


def test_in_training_forward_draws_from_the_posterior_whatever_its_latents_are():
    """Bits stay bits, and classes one-hot: what the decoder is shown is a value of the latents."""
    vae, shown = ours(BINARY, "bernoulli", posterior="binary", prior="bernoulli"), []
    vae.decode, before = lambda z, given=None: (shown.append(z), before(z, given))[1], vae.decode
    x = batch("binary")
    _, mu, _ = vae.train()(x)
    vae.eval()(x)
    assert ((shown[0] == 0) | (shown[0] == 1)).all() and not torch.equal(shown[0], mu)
    assert torch.equal(shown[1], mu)


def test_a_draw_in_training_tells_the_likelihood_of_its_rows():
    """An optimal scale is that of the batch in training, and does not move when rows are only looked at."""
    vae, cells = ours(REAL, {"kind": "gaussian", "scale": "optimal"}), 0.1 * rng.table(0, (16, K), "cells").double()
    seen = torch.ones(16, K) > 0
    with rng.seeded(0):
        law = vae.train().draw(cells, seen).likelihood.laws[0]
    torch.testing.assert_close(law.scale[0, 0], (cells - law.loc[0]).square().mean(0).sqrt())
    part = vae.likelihood.parts[0]
    before = part.error.clone()
    vae.eval().draw(cells, seen)
    assert torch.equal(part.error, before) and (before < 1).all()


@pytest.mark.parametrize("prior", ["mixture", "flow"])
def test_a_prior_that_points_could_not_teach_is_refused(prior):
    rows = pd.DataFrame(rng.table(0, (60, 2)).numpy(), columns=["a", "b"])
    with pytest.raises(SpecError, match="points have no rate"):
        vaekit.fit(rows, "ae", prior=prior, train={"epochs": 1}, progress=False)
