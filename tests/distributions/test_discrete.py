"""Classes and bits: hard draws with the right shares, densities that normalise, gradients of the relaxed draws."""

import pytest
import torch
from torch.distributions import Bernoulli, OneHotCategorical, kl_divergence

from vaekit import rng
from vaekit.distributions.discrete import Bits, Categories, within
from vaekit.errors import SpecError
from vaekit.posteriors import Binary, Product

LOGITS = rng.table(0, (3, 2, 4), dtype=torch.float64)
BITS = rng.table(1, (3, 4), dtype=torch.float64)
LAWS = {"categories": lambda **o: Categories(LOGITS, **o), "bits": lambda **o: Bits(BITS, **o)}
EVERY = pytest.mark.parametrize("name", LAWS)


@EVERY
def test_the_listed_values_have_the_probabilities_of_the_density(name):
    law = LAWS[name](exact=True)
    values, weights = law.enumerated()
    assert values.shape[1:] == law.batch_shape and len(values) == (16 if name == "categories" else 2**4)
    torch.testing.assert_close(weights.sum(0), torch.ones(3).double())
    torch.testing.assert_close(law.log_prob(values).sum(-1).exp(), weights)
    torch.testing.assert_close((weights[..., None] * values).sum(0), law.mean)
    assert LAWS[name](exact=False).enumerated is None


@EVERY
@pytest.mark.parametrize("temperature", [0.2, 5.0])
def test_draws_are_hard_and_have_the_law_at_any_temperature(name, temperature):
    law = LAWS[name](temperature=temperature)
    with rng.seeded(0):
        z = law.sample((40_000,))
    assert set(z.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(z.mean(0), law.mean, atol=0.01, rtol=0)
    torch.testing.assert_close(z.std(0), law.stddev, atol=0.01, rtol=0)


@EVERY
def test_placed_noise_has_the_law_and_no_noise_gives_the_mode(name):
    law = LAWS[name]()
    z = law.place(rng.table(5, (40_000, 1, law.batch_shape[-1]), dtype=torch.float64))
    torch.testing.assert_close(z.mean(0), law.mean, atol=0.01, rtol=0)
    still = law.place(torch.zeros(1, 1, law.batch_shape[-1]).double())[0]
    assert (law.log_prob(still).sum(-1) >= law.log_prob(z).sum(-1) - 1e-12).all()


def test_rates_are_those_of_torch():
    p = Categories(torch.zeros(2, 4).double())
    expected = kl_divergence(OneHotCategorical(logits=LOGITS), OneHotCategorical(logits=torch.zeros(2, 4).double()))
    found = kl_divergence(Categories(LOGITS), p)
    assert found.shape == (3, 8)
    torch.testing.assert_close(found.unflatten(-1, (2, 4)).sum(-1), expected)
    torch.testing.assert_close(
        kl_divergence(Bits(BITS), Bits(torch.zeros(4).double())),
        kl_divergence(Bernoulli(logits=BITS), Bernoulli(logits=torch.zeros(3, 4).double())),
    )


def test_the_gradient_is_that_of_the_relaxed_draw_and_nears_the_exact_one_when_cold():
    """d/dlogits E[f(z)], f linear: the exact gradient, and the average of the estimates, more biased when hot."""
    value = torch.tensor([3.0, -1.0, 0.5, 2.0]).double()

    def gap(temperature):
        logits = LOGITS[:1, :1].clone().requires_grad_()
        exact = torch.autograd.grad((Categories(logits).mean * value).sum(), logits)[0]
        with rng.seeded(0):
            drawn = Categories(logits, temperature).rsample((60_000,))
        return (torch.autograd.grad((drawn * value).sum(-1).mean(), logits)[0] - exact).norm() / exact.norm()

    assert gap(0.2) < 0.15 and gap(5.0) > 2 * gap(0.2)


def test_sure_laws_stay_finite():
    law = Bits(torch.tensor([[200.0, -200.0]], requires_grad=True))
    rate = kl_divergence(law, Bits(torch.zeros(2)))
    rate.sum().backward()
    assert rate.isfinite().all() and law.logits.grad.isfinite().all()
    sure = Categories(torch.tensor([[[500.0, 0.0]]]))
    assert kl_divergence(sure, Categories(torch.zeros(1, 2))).isfinite().all()
    assert within(16, "auto") and not within(17, "auto") and not within(2, False)


def test_more_values_than_can_be_gone_through_are_refused():
    with pytest.raises(SpecError, match="16,777,216 states"):
        Binary(8, 24, exact=True)
    parts = [{"kind": "binary", "latent": 8, "exact": True}, {"kind": "categorical", "latent": 2, "exact": True}]
    with pytest.raises(SpecError, match="25,600 states"):
        Product(8, 4, parts=parts)
    assert not Binary(8, 24).exact
