"""Contexts hide the right share of the right cells, and goals weigh what they say."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from vaekit import rng
from vaekit.codec import Field, Layout
from vaekit.goals import BoundGoal, PriorGoal, Rows, hidden
from vaekit.likelihoods import choose
from vaekit.objectives import Elbo
from vaekit.vae import assemble


def layout(columns):
    return Layout(tuple(Field(f"x{k}", "real") for k in range(columns)))


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 3), st.floats(0, 1), st.integers(0, 99))
def test_a_context_shows_no_more_than_was_observed_and_all_that_is_given(rows, modelled, given, share, seed):
    with rng.seeded(seed):
        observed = torch.rand(rows, modelled + given) < 0.7
        context = hidden(observed, share, layout(modelled))
    assert (context <= observed).all()
    assert torch.equal(context[:, modelled:], observed[:, modelled:])


def test_the_shares_are_right():
    observed = torch.ones(40_000, 9, dtype=torch.bool)
    with rng.seeded(0):
        context = hidden(observed, 0.5, layout(8))
    count = (~context[:, :8]).sum(1)
    # a touched row hides each number of its 8 cells equally often, 1 in 9; an untouched one none
    expected = torch.full((9,), 0.5 / 9)
    expected[0] += 0.5
    seen = torch.bincount(count, minlength=9) / len(count)
    torch.testing.assert_close(seen, expected, atol=0.006, rtol=0)
    torch.testing.assert_close(context[:, :8].float().mean(0), torch.full((8,), 0.75), atol=0.01, rtol=0)


def test_nothing_or_everything_is_touched():
    observed = torch.ones(2_000, 4, dtype=torch.bool)
    assert torch.equal(hidden(observed, 0.0, layout(4)), observed)
    with rng.seeded(0):
        assert hidden(observed, 1.0, layout(4)).float().mean() == pytest.approx(0.5, abs=0.03)


@pytest.fixture
def toy():
    fields = [Field(f"x{k}", "real", rows=100) for k in range(5)]
    description = {
        "net": {"kind": "mlp", "hidden": [8]}, "posterior": "gaussian", "latent": 2, "flags": True,
        "prior": {"kind": "flow_matching", "width": 8, "depth": 1}, "likelihood": choose(fields), "gaps": 0,
    }  # fmt: skip
    with rng.seeded(0):
        vae = assemble(description, Layout(tuple(fields)))
    cells = rng.table(0, (30, 5))
    observed = rng.table(1, (30, 5)) > -1
    return vae, Rows(cells * observed, observed, vae.gaps.target(observed))


def test_the_loss_is_the_bound_per_cell_and_the_gaps(toy):
    vae, rows = toy
    with rng.seeded(0):
        loss, terms = BoundGoal(vae, Elbo(beta=0.3), hide=0.0).loss(rows, 1.0)
    with rng.seeded(0):
        draw = vae.draw(rows.cells, rows.observed)
        expected = Elbo(beta=0.3)(draw)
    torch.testing.assert_close(loss, expected.loss / 5 + vae.gaps.loss(draw.features[0], rows.target))
    torch.testing.assert_close(terms["reconstruction"], expected.reconstruction.mean())
    torch.testing.assert_close(terms["kl"], expected.kl.mean(0))


def test_nothing_hidden_is_the_tutorial(toy):
    """With hide=0 no random number is spent on contexts: the encoder sees all that was observed."""
    vae, rows = toy
    seen = []
    vae.posterior_of, before = (
        lambda cells, context: (seen.append(context), before(cells, context))[1],
        vae.posterior_of,
    )
    BoundGoal(vae, Elbo(), hide=0.0).loss(rows, 1.0)
    BoundGoal(vae, Elbo(), hide=1.0).loss(rows, 1.0)
    assert torch.equal(seen[0], rows.observed) and not torch.equal(seen[1], rows.observed)


def test_the_goal_of_the_prior_trains_the_prior_alone(toy):
    vae, rows = toy
    goal = PriorGoal(vae)
    goal.loss(goal.prepare(rows), 1.0)[0].backward()
    own = {id(parameter) for parameter in goal.parameters}
    assert own == {id(parameter) for parameter in vae.prior.parameters()}
    assert all((parameter.grad is None) == (id(parameter) not in own) for parameter in vae.parameters())


def test_rows_are_taken_together(toy):
    _, rows = toy
    part = rows[torch.tensor([3, 1])]
    assert (
        len(part) == 2 and torch.equal(part.cells, rows.cells[[3, 1]]) and torch.equal(part.target, rows.target[[3, 1]])
    )
    assert np.array_equal(part.to("cpu").observed, rows.observed[[3, 1]])
