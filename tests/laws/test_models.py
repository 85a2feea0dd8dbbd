"""What holds for every net, posterior, prior and objective, alone and put together into a model."""

from __future__ import annotations

import itertools

import pytest
import torch

from vaekit import rng, spec
from vaekit.codec import Layout
from vaekit.codec.layout import window
from vaekit.distributions.latents import independent, place
from vaekit.errors import SpecError
from vaekit.goals import BoundGoal, PriorGoal, Rows, unfold
from vaekit.likelihoods import choose
from vaekit.nets import NETS
from vaekit.objectives import OBJECTIVES, Elbo, kl
from vaekit.objectives.kl import monte_carlo
from vaekit.posteriors import POSTERIORS
from vaekit.priors import PRIORS
from vaekit.vae import assemble

NET_CASES = {
    "residual": {"width": 16, "depth": 1},
    "mlp": {"hidden": [16, 12]},
    "conv": {"widths": [6, 8], "hidden": 16},
    "attention": {"width": 8, "depth": 1, "heads": 2, "queries": 2},
}
BLOCKS = [{"kind": "gaussian", "latent": 2}, {"kind": "categorical", "latent": 1, "classes": 3}, {"kind": "binary"}]
POSTERIOR_CASES = {
    "gaussian": {},
    "point": {},
    "flow": {"width": 8, "context": 4},
    "categorical": {"classes": 3},
    "binary": {"exact": False},
    "product": {"parts": BLOCKS},
    "labelled": {"width": 8},
    "ladder": {"top": 2, "width": 8},
}
PRIOR_CASES = {
    "normal": {},
    "conditional": {"width": 8},
    "flow_matching": {"width": 16, "depth": 1, "steps": 3},
    "mixture": {"components": 3, "covariance": "full"},
    "vamp": {"components": 3},
    "flow": {"width": 8, "steps": 2},
    "categorical": {"shares": "learned"},
    "bernoulli": {"shares": "learned"},
    "product": {"shares": "learned"},
    "labelled": {"shares": "learned"},
    "labelled_layer": {"above": 2, "width": 8, "depth": 2},
    "ladder": {},
}
OBJECTIVE_CASES = {
    "elbo": {},
    "total_correlation": {"beta": 1.0},
    "importance": {"samples": 1},
    "info": {"alpha": 0.0, "lam": 1.0},
    "semi_supervised": {},
    "robust": {"share": 0.0, "beta": 1.0},
}  # the options at which each is the bound
OWN = {getattr(kind, "prior", "normal") for kind in POSTERIORS.values()} - {
    "normal"
}  # priors that suit one posterior alone
LABEL = "city"  # of the columns of every kind, for posteriors that are told a class
MODELS = [
    *itertools.product(NET_CASES, ("gaussian", "point"), ("normal", "flow_matching")),
    *(("residual", "gaussian", prior) for prior in PRIOR_CASES if prior not in ("normal", "flow_matching", *OWN)),
    *itertools.product(("mlp", "conv", "attention"), ("gaussian",), ("vamp",)),
    *(("residual", kind, POSTERIORS[kind].prior) for kind in POSTERIOR_CASES if kind not in ("gaussian", "point")),
]  # every part, beside parts that suit it
LATENTS = 4
STEPS = 5  # a net on a grid sees the rows of the table five at a time, as windows


@pytest.mark.parametrize(
    ("cases", "registry"),
    [(NET_CASES, NETS), (POSTERIOR_CASES, POSTERIORS), (PRIOR_CASES, PRIORS), (OBJECTIVE_CASES, OBJECTIVES)],
)
def test_no_member_is_left_out(cases, registry):
    assert cases.keys() == registry.keys()


def model(every_kind, net="residual", posterior="gaussian", prior="normal", *, given=0, flags=True, start=False):
    """A model of every column kind in double precision, its weights moved off their start (where some are zero)."""
    fields = list(every_kind.fields.values())
    given = given or 2 * (prior == "conditional")
    split = len(fields) - given
    description = {
        "net": {"kind": net, **NET_CASES[net]}, "posterior": {"kind": posterior, **POSTERIOR_CASES[posterior]},
        "latent": LATENTS, "flags": flags, "label": LABEL,
        "prior": {"kind": prior, **PRIOR_CASES[prior]}, "likelihood": choose(fields[:split]), "gaps": None,
    }  # fmt: skip
    with rng.seeded(0):
        on_grid = getattr(NETS[net], "on_grid", False)
        columns = tuple(fields[:split]), tuple(fields[split:])
        vae = assemble(description, window(*columns, STEPS) if on_grid else Layout(*columns)).double()
        with torch.no_grad():
            for parameter in vae.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter) * (not start))
    return vae


@pytest.fixture(params=MODELS, ids="-".join)
def vae(request, every_kind):
    return model(every_kind, *request.param)


def bound(vae, cells, observed, context=None, objective=None, samples=1):
    with rng.seeded(1):
        return (objective or Elbo())(vae.draw(cells, observed, context, samples))


def rows(vae, every_kind):
    steps = Rows(every_kind.cells, every_kind.observed)
    if vae.layout.shape:
        steps = unfold(steps, torch.arange(len(steps)).reshape(-1, STEPS), len(vae.layout.channels))
    return steps.cells, steps.observed


def test_a_draw_has_the_shapes_of_the_glossary(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    draw = vae.draw(cells, observed, samples=3)
    B, K = len(cells), vae.K
    S, L = 3 if draw.weights is None else len(draw.weights), vae.latents
    assert draw.z.shape == (S, B, L) and draw.posterior.mean.shape == draw.posterior.stddev.shape == (B, L)
    assert draw.likelihood.batch_shape == draw.likelihood.log_prob(cells[:, :K]).shape == (S, B, K)
    terms = Elbo()(draw)
    apart = independent(draw.posterior, draw.prior)
    assert terms.loss.shape == () and terms.reconstruction.shape == (B,) and terms.kl.shape == (B, L if apart else 1)
    torch.testing.assert_close(terms.loss, terms.bound.mean())


def test_equal_noise_gives_every_row_the_latents_that_it_would_have_alone(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    noise = rng.table(3, (6, 1, vae.latents)).double()
    together = place(vae.posterior_of(cells, observed), noise)
    alone = place(vae.posterior_of(cells[4:5], observed[4:5]), noise)
    assert together.shape == (6, len(cells), vae.latents)
    torch.testing.assert_close(together[:, 4:5], alone, rtol=1e-9, atol=1e-9)
    empty = torch.arange(len(cells)) % 2 == 0
    with rng.seeded(0):
        z = vae.latents_from(vae.posterior_of(cells, observed), empty)
    assert z.shape == (len(cells), vae.latents) and z.isfinite().all()


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(vae, every_kind):
    every = Rows(*rows(vae, every_kind))
    with rng.seeded(2):
        loss, _ = BoundGoal(vae, Elbo(), hide=0.5).loss(every, 1.0)
        loss.backward()
        if vae.prior.learns:
            goal = PriorGoal(vae)
            goal.loss(goal.prepare(every), 1.0)[0].backward()
    for name, parameter in vae.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


def test_the_gradient_of_the_rate_is_not_zero_at_the_defaults(every_kind):
    """A posterior that ignores its row from the first step on is the commonest way in which such a model fails."""
    for net in NETS:
        vae = model(every_kind, net, start=True)
        draw = vae.draw(*rows(vae, every_kind))
        rate = kl(draw.posterior, draw.prior, draw.z).sum(-1).mean()
        rate.backward()
        assert rate > 1e-3
        assert vae.posterior.parameters_of.weight.grad.abs().sum() > 1e-3


def test_closed_form_and_monte_carlo_rates_agree(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    posterior, prior = vae.posterior_of(cells[:5], observed[:5]), vae.prior_law(cells[:5], observed[:5])
    z = posterior.rsample((40_000,))
    if not vae.posterior.density:
        assert (kl(posterior, prior, z) == 0).all()
        return
    closed, drawn = kl(posterior, prior, z), monte_carlo(posterior, prior, z)
    assert (closed.sum(-1) >= -0.02).all()
    torch.testing.assert_close(drawn, closed, atol=0.02, rtol=0.02)


def test_saved_and_loaded_it_answers_the_same(vae, every_kind, request):
    other = model(every_kind, *request.node.callspec.params["vae"], start=True)
    other.load_state_dict(vae.state_dict())
    for mine, theirs in zip(vae.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)
    first, second = (bound(each, *rows(vae, every_kind)) for each in (vae, other))
    assert torch.equal(first.reconstruction, second.reconstruction) and torch.equal(first.kl, second.kl)


def test_a_missing_cell_contributes_nothing(vae, every_kind):
    """Whatever stands in a missing cell, loss and gradients are the same to the last bit."""
    cells, observed = rows(vae, every_kind)
    shuffled = torch.where(observed, cells, cells.roll(7, 0))  # other legal cells of the same column
    assert not torch.equal(shuffled, cells)
    first, second = bound(vae, cells, observed), bound(vae, shuffled, observed)
    assert torch.equal(first.reconstruction, second.reconstruction) and torch.equal(first.kl, second.kl)
    parameters = [each for each in vae.parameters() if not vae.prior.learns or each.shape != ()]
    one = torch.autograd.grad(first.loss, parameters, allow_unused=True)
    two = torch.autograd.grad(second.loss, parameters, allow_unused=True)
    for a, b in zip(one, two, strict=True):
        assert (a is None and b is None) or torch.equal(a, b)


def test_a_row_without_any_cell_is_legal(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    terms = bound(vae, cells[:3] * 0, torch.zeros_like(observed[:3]))
    assert (terms.reconstruction == 0).all() and terms.kl.isfinite().all()
    terms.loss.backward()
    assert all(each.grad is None or each.grad.isfinite().all() for each in vae.parameters())


def test_a_hidden_cell_is_not_seen_and_is_asked_for(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    k = list(every_kind.fields).index("height")
    context = observed.clone()
    context[:, k] = False
    moved = cells.clone()
    moved[:, k] += 1.0
    first, second = bound(vae, cells, observed, context), bound(vae, moved, observed, context)
    assert torch.equal(first.kl, second.kl)
    seen = observed[:, k]
    assert (first.reconstruction[seen] != second.reconstruction[seen]).all()
    assert torch.equal(first.reconstruction[~seen], second.reconstruction[~seen])


def test_a_row_does_not_depend_on_its_neighbours(vae, every_kind):
    cells, observed = rows(vae, every_kind)
    together, alone = vae.posterior_of(cells, observed), vae.posterior_of(cells[5:6], observed[5:6])
    torch.testing.assert_close(together.mean[5:6], alone.mean, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(together.stddev[5:6], alone.stddev, rtol=1e-9, atol=1e-9)


def test_given_columns_reach_the_decoder_and_are_not_modelled(every_kind):
    vae = model(every_kind, given=2)
    cells, observed = rows(vae, every_kind)
    assert cells.shape[1] - 2 == vae.K
    z = torch.zeros(len(cells), LATENTS).double()
    law, other = (vae.likelihood_of(z, each, observed) for each in (cells, cells.roll(1, 0)))
    assert law.batch_shape == (len(cells), vae.K)
    assert not torch.equal(law.mean, other.mean)
    decoded = vae.decode(z, cells[:, vae.K :].where(observed[:, vae.K :], torch.nan))
    assert torch.equal(decoded, law.mean)


def objective_of(name, every_kind, **options):
    return spec.build("objective", {"kind": name, **options}, OBJECTIVES, rows=len(every_kind.cells))


@pytest.mark.parametrize("name", OBJECTIVE_CASES)
def test_an_objective_is_the_bound_where_it_has_no_say_of_its_own(name, every_kind):
    """With the rate in closed form or over the draw; the halves that it reports are the bound's."""
    vae = model(every_kind)
    terms, plain = (
        bound(vae, *rows(vae, every_kind), objective=each)
        for each in (objective_of(name, every_kind, **OBJECTIVE_CASES[name]), Elbo())
    )
    assert torch.equal(terms.reconstruction, plain.reconstruction) and torch.equal(terms.kl, plain.kl)
    with rng.seeded(1):
        draw = vae.draw(*rows(vae, every_kind))
    drawn = terms.reconstruction.mean() + monte_carlo(draw.posterior, draw.prior, draw.z).sum(-1).mean()
    assert min(abs(terms.loss - plain.loss), abs(terms.loss - drawn)) < 1e-9


@pytest.mark.parametrize("name", OBJECTIVE_CASES)
def test_at_its_defaults_an_objective_reaches_every_parameter(name, every_kind):
    vae = model(every_kind)
    with rng.seeded(2):
        loss, terms = BoundGoal(vae, objective_of(name, every_kind), hide=0.5).loss(Rows(*rows(vae, every_kind)), 1.0)
    assert {"reconstruction", "kl"} <= terms.keys() and all(term.isfinite().all() for term in terms.values())
    loss.backward()
    for part, parameter in vae.named_parameters():
        assert parameter.grad.isfinite().all() and (parameter.grad != 0).any(), part


@pytest.mark.parametrize("posterior", POSTERIOR_CASES)
@pytest.mark.parametrize("name", OBJECTIVE_CASES)
def test_an_objective_suits_a_posterior_or_says_why_not(name, posterior, every_kind):
    vae = model(every_kind, posterior=posterior, prior=getattr(POSTERIORS[posterior], "prior", "normal"))
    objective = objective_of(name, every_kind)
    try:
        terms = bound(vae, *rows(vae, every_kind), objective=objective, samples=getattr(objective, "samples", 1))
    except SpecError as refusal:
        assert posterior != "gaussian" and "posterior='gaussian'" in str(refusal.hint)
        return
    terms.loss.backward()
    for part, parameter in (*vae.net.named_parameters(), *vae.posterior.named_parameters()):
        assert parameter.grad.isfinite().all() and (parameter.grad != 0).any(), part
