"""What holds for every likelihood, including the next one: the table below fails when a likelihood is left out of it."""

from __future__ import annotations

import pytest
import torch

from vaekit import rng, spec
from vaekit.distributions import CELL_LAWS, Columns
from vaekit.distributions.columns import quantile
from vaekit.likelihoods import LIKELIHOODS, Mix, choose
from vaekit.likelihoods.mix import serves
from vaekit.likelihoods.narrow import across, narrow, of_pairs

FEATURES = 6

CASES = {
    "gaussian": [{}, {"scale": "shared"}, {"scale": "optimal"}, {"scale": 0.7071}, {"floor": 0.1}],
    "positive": [{}, {"scale": "shared"}],
    "bernoulli": [{}],
    "categorical": [{}],
    "ordinal": [{}],
    "count": [{}, {"floor": 0.1}],
    "spike": [{}],
    "histogram": [{}, {"bins": 8}],
    "discretised_logistic": [{}, {"components": 3}, {"floor": 2.0}],
    "logistic_mixture": [{}, {"components": 2}],
    "continuous_bernoulli": [{}],
    "student_t": [{}, {"floor": 0.1}],
    "gaussian_mixture": [{}, {"components": 2}, {"floor": 0.1}],
    "negative_binomial": [{}],
    "zero_inflated": [{}, {"counts": "poisson"}],
    "hurdle": [{}, {"counts": "poisson"}],
    "hierarchical_softmax": [{}, {"width": 3}, {"depth": 3}],
}
EVERY = [(kind, options) for kind, several in CASES.items() for options in several]


def test_no_likelihood_is_left_out():
    assert CASES.keys() == LIKELIHOODS.keys()
    assert {kind: set(options) for kind, options in spec.options(LIKELIHOODS).items()} == {
        "gaussian": {"scale", "mean", "floor"},
        "positive": {"scale", "mean", "floor"},
        "count": {"floor"},
        "spike": {"floor"},
        "histogram": {"bins"},
        "discretised_logistic": {"components", "floor"},
        "logistic_mixture": {"components", "floor"},
        "student_t": {"floor"},
        "gaussian_mixture": {"components", "floor"},
        "zero_inflated": {"counts"},
        "hurdle": {"counts"},
        "hierarchical_softmax": {"width", "depth"},
    } | {kind: set() for kind in ("bernoulli", "categorical", "ordinal", "continuous_bernoulli", "negative_binomial")}


@pytest.fixture(params=EVERY, ids=lambda pair: "-".join([pair[0], *map(str, pair[1].values())]))
def part(request, any_kind):
    """(likelihood in double precision with weights off their start, its fields, rows of cells)."""
    kind, options = request.param
    fields = [field for field in any_kind.fields.values() if serves({"kind": kind, **options}, field)]
    with rng.seeded(0):
        made = spec.build("likelihood", {"kind": kind, **options}, LIKELIHOODS, FEATURES, fields).double()
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return made, fields, any_kind.at(fields)


def features(*shape):
    return rng.table(0, (*shape, FEATURES), "features", dtype=torch.float64)


def test_it_answers_with_a_law_of_cells(part):
    made, fields, cells = part
    law = made(features(2, 1))
    assert isinstance(law, tuple(CELL_LAWS.values()))
    assert law.batch_shape == (2, 1, len(fields))
    assert law.log_prob(cells).shape == (2, len(cells), len(fields))
    assert law.log_prob(cells).isfinite().all()


def test_one_column_of_it_is_the_same_law(part):
    """`narrow` slices whatever lies along the columns: a likelihood that keeps something in another way fails here."""
    made, fields, cells = part
    whole, every = made(features(2, 1)), rng.table(0, (len(cells), FEATURES), "rows", dtype=torch.float64)
    for k in range(len(fields)):
        one = narrow(made, k)
        assert torch.allclose(one(features(2, 1)).log_prob(cells[:, [k]]), whole.log_prob(cells)[..., [k]])
        assert torch.equal(one.masses(cells[:, [k]]), made.masses(cells)[:, [k]])
        assert torch.allclose(one(every[None]).best(), made(every[None]).best()[:, [k]])
    several = list(range(len(fields)))[::-2]
    some = narrow(made, several)
    assert torch.allclose(some(features(2, 1)).log_prob(cells[:, several]), whole.log_prob(cells)[..., several])
    assert torch.equal(some.masses(cells[:, several]), made.masses(cells)[:, several])


def test_a_column_of_each_row_is_the_same_law(part):
    made, fields, _ = part
    rows, places = rng.table(0, (7, FEATURES), "rows", dtype=torch.float64), [k % len(fields) for k in range(7)][::-1]
    law, whole, each = of_pairs(made, rows, places), made(rows[None]), torch.arange(7)
    assert law.batch_shape == (1, 1, 7)
    torch.testing.assert_close(law.best()[0], whole.best()[each, places])
    wide = Columns([whole], [torch.arange(len(fields))], torch.arange(len(fields))).quantile(0.9)
    torch.testing.assert_close(quantile(law, torch.full((7,), 0.9, dtype=torch.float64))[0], wide[each, places])


def test_columns_that_see_features_of_their_own_have_the_same_law(part):
    made, fields, cells = part
    owner, blocks = (
        torch.arange(len(fields)) % 2,
        rng.table(0, (2, len(cells), FEATURES), "blocks", dtype=torch.float64),
    )
    law, whole, k = across(made, owner)(blocks), made(blocks), torch.arange(len(fields))
    assert law.batch_shape == (1, len(cells), len(fields))
    torch.testing.assert_close(law.log_prob(cells)[0], whole.log_prob(cells)[owner, :, k].T)


def test_local_features_have_laws_of_their_own(part):
    """Features (S, B, P, F) of the positions of a grid: whatever leads, each is answered as if it stood alone."""
    made, fields, cells = part
    S, B, P, C = 2, 3, 4, len(fields)
    local, value = features(S, B, P), cells[: B * P].reshape(B, P, C)
    law, flat = made(local), made(local.reshape(S, B * P, FEATURES))
    assert law.batch_shape == law.sample().shape == (S, B, P, C) and law.sample((5,)).shape == (5, S, B, P, C)
    assert law.best().shape == made.masses(value).shape == (B, P, C)
    alike = [
        (law.log_prob(value), flat.log_prob(cells[: B * P])), (law.cdf(value), flat.cdf(cells[: B * P])),
        (law.mean, flat.mean), (law.mode, flat.mode), (law.best()[None], flat.best()[None]),
        (law.pooled().cdf(value).mean(0, keepdim=True), flat.cdf(cells[: B * P]).mean(0, keepdim=True)),
    ]  # fmt: skip
    for wide, local in alike:
        torch.testing.assert_close(wide, local.reshape(wide.shape))
    joined = [Columns([each], [torch.arange(C)], torch.arange(C)).quantile(0.9) for each in (law, flat)]
    torch.testing.assert_close(joined[0], joined[1].reshape(B, P, C))


def test_levels_sum_to_one(part, request):
    made, fields, _ = part
    kind, _ = request.node.callspec.params["part"]
    law = made(features(3, 1))
    for k, field in enumerate(fields):
        if not field.levels or not hasattr(made, "padding" if kind == "ordinal" else "absent"):
            continue
        index = torch.zeros(field.levels, 1, 1, len(fields), dtype=torch.float64)
        index[..., k] = torch.arange(field.levels)[:, None, None]
        mass = law.log_prob(index)[..., k].exp().sum(0)
        torch.testing.assert_close(mass, torch.ones_like(mass))
        with rng.seeded(0):
            assert law.sample((5_000,))[..., k].max() < field.levels  # padding is never drawn


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(part):
    made, _, cells = part
    made(features(2, 1)).log_prob(cells).sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


def test_features_get_a_gradient(part):
    made, _, cells = part
    entering = features(2, 1).requires_grad_()
    made(entering).log_prob(cells).sum().backward()
    assert entering.grad.isfinite().all() and (entering.grad != 0).all()


def test_saved_and_loaded_it_answers_the_same(part, request):
    made, fields, cells = part
    kind, options = request.node.callspec.params["part"]
    other = spec.build("likelihood", {"kind": kind, **options}, LIKELIHOODS, FEATURES, fields).double()
    other.load_state_dict(made.state_dict())
    entering = features(2, 1)
    assert torch.equal(other(entering).log_prob(cells), made(entering).log_prob(cells))


def test_single_and_double_precision_agree(part, request):
    made, _, cells = part
    double = made(features(1, 1)).log_prob(cells).detach()
    single = made.float()(features(1, 1).float()).log_prob(cells.float())
    close = (single.double() - double).abs() <= 2e-3 + 2e-4 * double.abs()
    assert close.double().mean() > 0.995  # a cell may be rounded into the next bin
    assert request.node.callspec.params["part"][0] == "histogram" or close.all()


def test_a_column_alone_is_the_column_among_others(every_kind):
    """Padding to the widest column of a group changes nothing."""
    for kind, names in {
        "categorical": ["city", "breed"], "hierarchical_softmax": ["city", "breed"],
        "ordinal": ["grade", "mark"], "histogram": ["flat", "visits", "clicks", "gain"],
        "spike": ["gain", "debt"],
    }.items():  # fmt: skip
        fields = [every_kind.fields[name] for name in names]
        joint = LIKELIHOODS[kind](FEATURES, fields).double()
        wide = joint(torch.zeros(1, 1, FEATURES).double())
        for k, field in enumerate(fields):
            alone = LIKELIHOODS[kind](FEATURES, [field]).double()
            torch.testing.assert_close(
                alone(torch.zeros(1, 1, FEATURES).double()).log_prob(every_kind.at([field])),
                wide.log_prob(every_kind.at(fields))[..., k : k + 1], rtol=1e-6, atol=1e-6,
            )  # fmt: skip


def test_training_starts_at_the_marginals(part, request):
    """With features of zero a likelihood says what the column looks like on its own."""
    kind, options = request.node.callspec.params["part"]
    _, fields, _ = part
    law = LIKELIHOODS[kind](FEATURES, fields, **options).double()(torch.zeros(1, 1, FEATURES).double())
    for k, field in enumerate(fields):
        if field.levels and kind != "gaussian":
            index = torch.zeros(field.levels, 1, 1, len(fields), dtype=torch.float64)
            index[..., k] = torch.arange(field.levels)[:, None, None]
            shares = law.log_prob(index)[:, 0, 0, k].exp()
            torch.testing.assert_close(shares, torch.tensor(field.shares), atol=0.02, rtol=0)
        elif kind == "spike":
            torch.testing.assert_close(law.levels.probs[0, 0, k, 1], torch.tensor(field.shares[0]), atol=0.01, rtol=0)
        elif kind == "histogram":
            below = law.cdf(torch.tensor(field.quantiles[64], dtype=torch.float64).expand(1, len(fields)))[0, 0, k]
            spiked = sum(field.shares) * (field.spikes < field.quantiles[64] if field.spikes else False)
            atomic = len(field.distinct) and field.rows >= 20 * len(field.distinct)  # those start at equal shares
            assert atomic or below.item() == pytest.approx(spiked + 0.25 * (1 - sum(field.shares)), abs=0.15)


def test_the_default_choice_serves_every_column(every_kind):
    fields = list(every_kind.fields.values())
    mix = Mix(FEATURES, fields, choose(fields)).double()
    law = mix(features(2, 1))
    values = law.log_prob(every_kind.cells)
    assert values.shape == (2, 400, len(fields)) and values.isfinite().all()
    assert law.sample().shape == (2, 1, len(fields))
