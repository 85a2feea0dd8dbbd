"""How far rows of a table lie from training rows, divided over the columns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import vaekit
from vaekit.errors import ModeUnavailable
from vaekit.modes import nearest
from vaekit.modes.ask import ask
from vaekit.modes.ways import MIX

BRIEF = {"epochs": 2, "prior_epochs": 1, "batch": 64}


@pytest.fixture(scope="module")
def normal():
    """Three columns of normal numbers, 400 rows to fit, and the model."""
    rows = np.random.default_rng(0).normal(size=(400, 3)) * [1.0, 5.0, 0.1] + [0.0, 100.0, -3.0]
    return rows, vaekit.fit(rows, train=BRIEF, likelihood="gaussian")


def asked(model, rows):
    found = ask(model.fitted, rows)
    return model.fitted, found.cells, found.observed


def test_the_distance_is_that_of_a_search_among_standardised_rows(normal):
    _, model = normal
    other = np.random.default_rng(1).normal(size=(50, 3)) * [1.0, 5.0, 0.1] + [0.0, 100.0, -3.0]
    kept, _ = nearest.kept(model.fitted)
    fitted, cells, observed = asked(model, other)
    every = (cells[:, None] - kept[None]) / kept.std(0, correction=0)
    expected = (
        (2**0.5 * every.norm(dim=-1)).sort(-1).values[:, : nearest.NEAREST].mean(1)
    )  # cell and value are one here
    found = nearest.distance(fitted, cells, observed)
    torch.testing.assert_close(found.sum(-1), expected, rtol=1e-3, atol=1e-4)
    assert (found >= 0).all()


def test_a_column_that_is_off_carries_the_distance(normal):
    rows, model = normal
    moved = rows[:20].copy()
    moved[:, 1] += 100.0
    share = nearest.distance(*asked(model, moved))
    assert (share[:, 1] / share.sum(-1) > 0.95).all()


def test_a_row_is_not_its_own_neighbour(normal):
    rows, model = normal
    fitted, cells, observed = asked(model, rows)
    mine = nearest.distance(fitted, cells, observed).sum(-1)
    beside = nearest.distance(fitted, cells + 1e-4, observed).sum(-1)
    assert (mine > 0.01).all()
    closer = (mine > beside + 0.02).float().mean()  # of training rows moved a little the kept ones find themselves
    assert closer > 0.8


def test_a_missing_cell_is_no_distance_and_hides_none(normal):
    rows, model = normal
    holes = rows[:10].copy()
    holes[:, 0] = np.nan
    found = nearest.distance(*asked(model, holes))
    assert (found[:, 0] == 0).all()
    far = rows[:10].copy()
    far[:, 0] = 50.0
    together = nearest.distance(*asked(model, far))
    assert (together.sum(-1) > found.sum(-1)).all()


def test_names_differ_by_how_rare_they_are(fitted):
    model = fitted("mixed").model
    names, cells, observed = model.fitted.names, *nearest.kept(model.fitted)
    k = names.index("member")
    where = nearest.space(model.fitted)
    row = int(observed[:, k].nonzero()[0])
    one, seen = cells[row : row + 1], observed[row : row + 1]
    other = one.clone()
    other[:, k] = 1 - one[:, k]
    moved = where.place(other, seen)[0] - where.place(one, seen)[0]
    p = float(cells[observed[:, k], k].mean())
    assert moved.square().sum().item() == pytest.approx(1 + 1 / (p * (1 - p)), rel=0.05)


def test_the_default_score_is_the_weighed_sum_of_both(normal):
    rows, model = normal
    assert model.fitted.arrays[MIX].shape == (2,)
    scores = model.score(rows[:30], alpha=0.1)
    total = scores.cells.sum(1) + sum(scores.parts.values())
    np.testing.assert_allclose(total, scores.total, rtol=1e-9)
    far = rows[:1] + np.array([[0.0, 400.0, 0.0]])
    assert model.score(far, alpha=0.1).total[0] > scores.total.max()


def test_a_model_may_keep_no_rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(300, 2))
    model = vaekit.fit(rows, train=BRIEF, store_rows=False)
    assert model.card["kept_training_rows"] == 0 and not any(
        name.startswith("neighbours") for name in model.fitted.arrays
    )
    loaded = vaekit.load(model.save(tmp_path / "bare.vae"))
    assert np.isfinite(loaded.score(rows[:5], alpha=0.1).total).all()
    with pytest.raises(ModeUnavailable, match="latents of training rows"):
        loaded.cluster(rows)


def test_conditions_are_asked_for_where_no_rows_of_them_are_kept():
    table = {"x": np.random.default_rng(0).normal(size=200), "c": np.repeat(["a", "b"], 100)}
    import pandas as pd

    model = vaekit.fit(pd.DataFrame(table), given=["c"], train=BRIEF, store_rows=False)
    with pytest.raises(ModeUnavailable, match="keeps no rows"):
        model.sample(3)
    assert len(model.sample(3, given={"c": "a"})) == 3


@pytest.mark.parametrize("rows", [3, 120, 417])
def test_the_smallest_are_found_block_by_block(rows):
    values = torch.randn(30, rows, generator=torch.Generator().manual_seed(0))
    found = nearest.smallest(values, 2)
    expected = values.topk(2, largest=False).values
    torch.testing.assert_close(values.gather(1, found).sort(1).values, expected, rtol=0, atol=0)


@pytest.mark.parametrize("gaps", [False, True])
def test_strange_rows_among_those_that_train_do_not_vouch_for_one_another(gaps):
    """Eight rows of a hundred are a group of their own, each within a hair of the others."""
    noise = np.random.default_rng(0)
    rows = np.r_[noise.normal(size=(460, 3)), 4 + 0.01 * noise.normal(size=(40, 3))]
    if gaps:
        rows[noise.random(rows.shape) < 0.1] = np.nan
    strange = np.arange(500) >= 460
    found = {}
    for preset in (None, "robust"):
        model = vaekit.fit(
            rows, preset, train={"epochs": 1, "prior_epochs": 1, "ratio_epochs": 0, "batch": 64}, validation=0
        )
        distance = nearest.distance(*asked(model, rows)).sum(-1).numpy()
        found[preset] = (distance[strange][:, None] > distance[~strange][None]).mean()
        kept, _ = nearest.kept(model.fitted)
        assert len(kept) == (400 if preset else 500)
    assert found["robust"] > 0.95 and found[None] < 0.6


def test_few_rows_find_the_neighbours_that_many_find(mixed, monkeypatch):
    fitted, cells, observed = asked(mixed.model, mixed.rows[:12])
    observed = observed.clone()
    observed[1], observed[2, ::2] = False, False
    few = nearest.distance(fitted, cells, observed)
    monkeypatch.setattr(nearest, "FEW", 0)
    assert (few > 0).any() and (few[1] == 0).all()
    torch.testing.assert_close(few, nearest.distance(fitted, cells, observed), rtol=1e-4, atol=1e-5)
