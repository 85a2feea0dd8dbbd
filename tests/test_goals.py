"""Contexts hide the right share of the right cells, and goals weigh what they say."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from vaekit import rng
from vaekit.codec import Field, Layout
from vaekit.errors import SpecError
from vaekit.goals import BoundGoal, PriorGoal, Rows, hidden, noisy, places, unfold
from vaekit.likelihoods import choose
from vaekit.objectives import Elbo, SemiSupervised
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


# -- hiding on a grid ----------------------------------------------------------------------------------------------------

ONE, TWO = (
    Layout((), (), (12,), tuple(Field(f"c{k}", "real") for k in range(3))),
    Layout(
        (Field("digit", "categorical", levels=10),),
        (Field("sex", "binary", levels=2),),
        (6, 5),
        (Field("image", "pixel"),),
    ),
)
COLOUR = Layout((), (), (6, 5), tuple(Field(f"image.{c}", "pixel") for c in range(3)))
GRIDS = pytest.mark.parametrize("grid", [ONE, TWO, COLOUR], ids=["window", "grey", "colour"])


def shown(grid, rows=4_000):
    """What `places` shows, (B, positions, channels), and the same on the axes of the grid."""
    with rng.seeded(0):
        seen = places(rows, grid, torch.device("cpu"))
    assert seen.shape == (rows, grid.grid) and seen.dtype == torch.bool
    return seen.reshape(rows, grid.positions, -1)


def rectangle(flags):
    """Which (B, H, W) are one full rectangle, with at least one position in it."""
    rows, columns = flags.any(2), flags.any(1)
    full = rows[:, :, None] & columns[:, None]
    at_once = [(part[:, 1:] & ~part[:, :-1]).sum(1) + part[:, 0] <= 1 for part in (rows, columns)]
    return (flags == full).flatten(1).all(1) & at_once[0] & at_once[1] & flags.flatten(1).any(1)


@GRIDS
def test_every_way_of_hiding_occurs(grid):
    seen = shown(grid)
    whole = (seen == seen[..., :1]).all(-1).all(1)  # all channels of a position together
    flags = seen[..., 0].reshape(len(seen), -1, grid.shape[-1])
    ways = {
        "a rectangle is hidden": (whole & rectangle(~flags)).float().mean(),
        "all but a rectangle": (whole & rectangle(flags)).float().mean(),
        "everything": (~seen).flatten(1).all(1).float().mean(),
    }
    assert all(0.1 < share < 0.8 for share in ways.values()), ways
    alone = (
        (~whole & ~(seen == seen[:, :1]).flatten(1).all(1))
        if seen.shape[2] > 1
        else ~rectangle(~flags) & ~rectangle(flags)
    )
    assert alone.float().mean() > 0.08, "single cells"
    if seen.shape[2] > 1:
        channels = (seen == seen[:, :1]).flatten(1).all(1) & ~whole
        assert 0.05 < channels.float().mean() < 0.25, "whole channels"
        assert (~seen).any(-1).any(1).float().mean() > 0.8


@GRIDS
def test_every_cell_is_shown_and_hidden_about_equally_often(grid):
    share = shown(grid).float().mean(0)
    assert (share > 0.2).all() and (share < 0.65).all()
    axes = list(range(len(grid.shape)))
    share = share.reshape(*grid.shape, -1)
    torch.testing.assert_close(share, share.flip(axes), atol=0.05, rtol=0)
    assert share.flatten(0, -2).std(0).max() < 0.12


@GRIDS
def test_on_a_grid_a_context_shows_no_more_than_was_observed_and_all_that_is_given(grid):
    width = grid.K + len(grid.given)
    with rng.seeded(1):
        observed = torch.rand(2_000, width) < 0.7
        context, all_touched = hidden(observed, 0.5, grid), hidden(observed, 1.0, grid)
    for seen in (context, all_touched):
        assert (seen <= observed).all() and torch.equal(seen[:, grid.K :], observed[:, grid.K :])
    untouched = (context == observed).all(1).float().mean()
    assert 0.45 < untouched < 0.65
    assert torch.equal(hidden(observed, 0.0, grid), observed)
    plain = all_touched[:, grid.grid : grid.K].float().mean(0) / 0.7
    assert ((plain > 0.4) & (plain < 0.6)).all(), "what lies beside a grid is hidden half of the time"


def test_unfolding_lays_steps_side_by_side_and_what_is_given_last():
    steps = Rows(torch.arange(12.0).reshape(4, 3), torch.arange(12).reshape(4, 3) % 2 == 0)
    at = torch.tensor([[0, 1], [1, 2], [3, 0]])
    windows = unfold(steps, at, 2)
    assert windows.cells.tolist()[1] == [3.0, 4.0, 6.0, 7.0, 5.0, 8.0]
    assert windows.observed[0].tolist() == [True, False, False, True, True, False]
    assert windows.cells.shape == windows.observed.shape == (3, 6)


@GRIDS
def test_no_edge_is_hidden_more_than_the_other(grid):
    seen = shown(grid, 20_000)
    alike = (seen == seen[..., :1]).all(-1).all(1)
    flags = seen[..., 0].reshape(len(seen), -1, grid.shape[-1])
    for each in (flags, ~flags):
        share = each[alike & rectangle(each)].float().mean(0)
        torch.testing.assert_close(
            share, share.flip(0).flip(1) if len(grid.shape) == 2 else share.flip(1), atol=0.05, rtol=0
        )


def test_noise_moves_what_the_encoder_sees_and_not_what_is_asked_or_given():
    layout = Layout((Field("x", "real"), Field("c", "categorical", levels=3)), (Field("g", "real"),))
    with rng.seeded(0):
        cells = torch.cat([torch.randn(4_000, 1), torch.randint(3, (4_000, 1)).float(), torch.randn(4_000, 1)], 1)
        moved = noisy(cells, layout, 0.5)
    assert (moved[:, 0] - cells[:, 0]).std().item() == pytest.approx(0.5, abs=0.03)
    changed = (moved[:, 1] != cells[:, 1]).float().mean().item()  # a third of them, two of three times to another name
    assert changed == pytest.approx(1 / 3 * 2 / 3, abs=0.03) and set(moved[:, 1].tolist()) == {0.0, 1.0, 2.0}
    assert torch.equal(moved[:, 2], cells[:, 2])


# -- rows whose class is known ------------------------------------------------------------------------------------------


def labelled_model(posterior, prior):
    fields = [Field("x", "real", rows=100), Field("y", "real", rows=100), Field("kind", "binary", levels=2, rows=9)]
    posterior, prior = ({"kind": part} if isinstance(part, str) else part for part in (posterior, prior))
    description = {
        "net": {"kind": "mlp", "hidden": [8]}, "posterior": posterior, "latent": 2, "flags": True, "label": "kind",
        "prior": prior, "likelihood": choose(fields), "gaps": None,
    }  # fmt: skip
    with rng.seeded(0):
        vae = assemble(description, Layout(tuple(fields)))
    observed = torch.ones(30, 3, dtype=torch.bool)
    observed[3:, 2] = False
    cells = torch.cat([rng.table(0, (30, 2)), torch.arange(30)[:, None] % 2], 1)
    return vae, Rows(cells, observed)


def test_labelled_rows_go_beside_every_batch_in_training_alone():
    vae, rows = labelled_model("labelled", "labelled")
    seen = []
    goal = BoundGoal(vae, lambda draw, progress: (seen.append(draw), Elbo()(draw))[1], hide=0.9, rows=rows)
    assert goal.known is None, "the objective asked for none"
    objective = SemiSupervised(labelled=50)
    goal = BoundGoal(vae, objective, hide=0.9, rows=rows)
    assert len(goal.known) == 3
    law = goal._labelled(goal.known)
    assert len(law.label) == 50 and set(law.label.tolist()) == {0, 1}, "whatever is hidden, the label is known"
    with rng.seeded(0):
        unknown = rows[torch.arange(3, 30)]
        training, held_out = goal.loss(unknown, 1.0)[0], (vae.eval(), goal.loss(unknown, 1.0)[0])[1]
    training.backward()
    assert (vae.posterior.of_class.weight.grad != 0).any() and held_out.isfinite()


def test_the_encoder_never_sees_the_label():
    for parts in (("labelled", "labelled"), ("gaussian", "labelled_layer")):
        vae, rows = labelled_model(*parts)
        moved = rows.cells.clone()
        moved[:, 2] = 1 - moved[:, 2]
        one, two = (vae.posterior_of(cells, rows.observed) for cells in (rows.cells, moved))
        assert torch.equal(one.mean[:, -2:], two.mean[:, -2:]) == (parts[0] == "gaussian")
        assert vae.label_of(moved, rows.observed)[:4].tolist() == [1, 0, 1, -1]


def test_a_prior_that_is_told_labels_learns_from_rows_that_have_one():
    vae, rows = labelled_model("gaussian", {"kind": "labelled_layer", "alpha": 5.0})
    goal = PriorGoal(vae)
    ready = goal.prepare(rows)
    assert len(goal.known) == 3 and torch.equal(goal.known.target, ready.target[:3])
    unknown = ready[torch.arange(3, 30)]
    with rng.seeded(0):
        training = goal.loss(unknown, 1.0)[0]
    vae.prior.eval()
    with rng.seeded(0):
        held_out = goal.loss(unknown, 1.0)[0]
    assert training > held_out, "by the error of the classifier"
    assert ready.target.shape == (30, 4), "contexts are of no concern to it"
    _, terms = goal.loss(unknown, 1.0)
    torch.testing.assert_close(2 * terms["prior_loss"], terms["reconstruction"] + terms["kl"].sum())


def test_an_objective_for_labels_wants_a_part_that_is_told_them(toy):
    vae, rows = toy
    with pytest.raises(SpecError, match="no part of this model is told a label"):
        BoundGoal(vae, SemiSupervised(), hide=0.0, rows=rows)
