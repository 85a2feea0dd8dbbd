"""More latents, a tighter bound; the doubly reparameterised gradient is the same on average and less noisy."""

import pytest
import torch
from torch.distributions import Normal, OneHotCategorical

from vaekit import rng
from vaekit.distributions import Columns, Delta
from vaekit.distributions.discrete import Categories
from vaekit.distributions.labelled import Labelled
from vaekit.distributions.side_by_side import SideBySide
from vaekit.errors import SpecError
from vaekit.objectives import Elbo, Importance
from vaekit.objectives.importance import bound
from vaekit.objectives.kl import monte_carlo
from vaekit.vae import Draw


def test_one_latent_is_the_evidence_lower_bound(linear):
    draw = linear().draw
    rate = monte_carlo(draw.posterior, draw.prior, draw.z).sum(-1)
    for gradient in ("dreg", "plain"):
        terms = Importance(samples=1, gradient=gradient)(draw)
        torch.testing.assert_close(terms.loss, (terms.reconstruction + rate).mean())


def test_the_bound_grows_with_the_latents_towards_the_evidence(linear):
    bounds = []
    for samples in (1, 5, 50, 500):
        model = linear(samples, 2_000, alike=True)
        bounds.append(-float(Importance(samples=samples)(model.draw).loss.detach()))
    evidence = float(model.evidence[0].detach())
    assert bounds[0] + 0.1 < bounds[1] < bounds[2] - 0.01 and bounds[2] < bounds[3] < evidence + 0.01
    assert bounds[3] == pytest.approx(evidence, abs=0.01)


def gradients(linear, gradient, samples=8, rows=20_000):
    model = linear(samples, rows, alike=True)
    loss = Importance(samples=samples, gradient=gradient)(model.draw).loss * rows
    return torch.autograd.grad(loss, [model.mean, model.log_std, model.weight])


def test_both_gradients_agree_on_average_and_the_double_one_is_less_noisy(linear):
    plain, doubly = (gradients(linear, name) for name in ("plain", "dreg"))
    for one, two in zip(plain[:2], doubly[:2], strict=True):
        error = ((one.var(0) + two.var(0)) / len(one)).sqrt()
        assert ((one.mean(0) - two.mean(0)).abs() < 4 * error).all()
        assert (two.var(0) < 0.7 * one.var(0)).all() and (two.mean(0).abs() > 4 * error).any()
    torch.testing.assert_close(plain[2], doubly[2])  # the decoder's is one and the same


def test_an_exact_posterior_leaves_the_encoder_without_noise(linear):
    """Every weight is then p(x), whatever latent was drawn: the double gradient is zero row by row, the plain one is not."""
    found = {}
    for name in ("plain", "dreg"):
        model = linear(4, 50)
        q = Normal(model.mean, model.log_std.exp(), validate_args=False)
        law = Normal(model.draw.posterior.mean.detach(), model.log_std.detach().exp(), validate_args=False)
        flat = Columns([Flat(model.draw.z, law)], [torch.arange(1)], torch.arange(1))
        one = torch.ones(50, 1)
        draw = Draw(model.draw.z, q, Normal(torch.zeros(2).double(), 1.0), flat, one, one > 0, one)
        (found[name],) = torch.autograd.grad(Importance(samples=4, gradient=name)(draw).loss, model.mean)
    assert found["dreg"].abs().max() < 1e-12 < 1e-3 < found["plain"].abs().max()


class Flat:
    """p(x|z) such that the posterior of every row is the law that it has: p(x|z) p(z) = q(z|x)."""

    def __init__(self, z, law):
        nats = law.log_prob(z).sum(-1) - Normal(torch.zeros(2).double(), 1.0).log_prob(z).sum(-1)
        self.nats, self.batch_shape = nats[..., None], nats[..., None].shape

    def log_prob(self, value):
        return self.nats


def test_a_posterior_that_enumerates_gives_the_log_density_itself(linear):
    model = linear(2)
    nats = model.draw.log_likelihood
    prior = OneHotCategorical(torch.tensor([0.25, 0.75]).double())
    for share in (0.1, 0.8):
        weights = torch.tensor([share, 1 - share]).double()[:, None].expand(2, 6)
        each = torch.eye(2).double()[:, None].expand(2, 6, 2)
        q = OneHotCategorical(weights.T)
        draw = Draw(each, q, prior, model.draw.likelihood, model.draw.cells, model.draw.observed, each, weights)
        expected = -(nats + prior.probs.log()[:, None]).logsumexp(0).mean()
        torch.testing.assert_close(Importance()(draw).loss, expected)


def test_without_gradients_the_loss_is_the_same(linear):
    draw = linear(7).draw
    loss = Importance(samples=7)(draw).loss
    with torch.no_grad():
        torch.testing.assert_close(Importance(samples=7)(draw).loss, loss.detach())
        torch.testing.assert_close(Importance(samples=7, gradient="plain")(draw).loss, loss.detach())


def test_the_bound_is_an_average_in_the_log():
    weight = rng.table(0, (9, 4))
    torch.testing.assert_close(bound(weight), weight.exp().mean(0).log())
    torch.testing.assert_close(bound(weight, torch.full((9, 4), 1 / 9)), bound(weight))


def test_a_point_has_no_weights(linear):
    draw = linear().draw
    with pytest.raises(SpecError, match="importance"):
        Importance()(Draw(draw.z, Delta(draw.z[0]), draw.prior, draw.likelihood, draw.cells, draw.observed, draw.z))


def test_values_that_are_listed_are_the_evidence_and_train_the_encoder_as_the_bound_does():
    q = torch.tensor([[0.3, -0.2, 0.9], [2.0, 0.1, -1.0]], dtype=torch.float64, requires_grad=True)
    means = torch.tensor([[0.5], [-1.0], [2.0]], dtype=torch.float64, requires_grad=True)
    cells, prior = torch.tensor([[0.4], [1.5]], dtype=torch.float64), Categories(torch.zeros(1, 3, dtype=torch.float64))

    def terms(objective):
        law = Categories(q[:, None], exact=True)
        z, weights = law.enumerated()
        return objective(
            Draw(z, law, prior, Normal(z @ means, 1.0), cells, torch.ones(2, 1, dtype=torch.bool), z, weights)
        )

    exact, lower = terms(Importance()), terms(Elbo())
    joint = Normal(means.T, 1.0).log_prob(cells) + torch.tensor(1 / 3).log()
    torch.testing.assert_close(exact.loss, -joint.logsumexp(1).mean())
    ours, theirs = (torch.autograd.grad(found.loss, q, retain_graph=True)[0] for found in (exact, lower))
    torch.testing.assert_close(ours, theirs)
    assert theirs.abs().max() > 0.01
    (decoder,) = torch.autograd.grad(exact.loss, means)
    torch.testing.assert_close(decoder, torch.autograd.grad(-joint.logsumexp(1).mean(), means)[0])


def test_a_label_that_is_known_leaves_no_number_undefined():
    law = Labelled(torch.zeros(2, 3), torch.zeros(2, 3, 1), torch.ones(2, 3, 1), torch.tensor([1, -1]))
    z, weights = law.enumerated()
    prior = SideBySide([Categories(torch.zeros(1, 3)), Normal(torch.zeros(1), 1.0)])
    each = Draw(
        z, law, prior, Normal(z[..., :1], 1.0), torch.zeros(2, 1), torch.ones(2, 1, dtype=torch.bool), z, weights
    )
    assert Importance()(each).loss.isfinite()
