"""What each cell costs given others: blocks, what a pass sees, and which columns are left out together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.codec import Field, Layout
from vaekit.modes.ask import ask
from vaekit.modes.leave_out import ALONE, BLOCKS, LEFT_OUT, TOGETHER, apart, blocks, blocks_of, dependence, leave_out

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 40}


@pytest.mark.parametrize("K", [1, 5, BLOCKS, BLOCKS + 1, 500])
def test_every_column_is_left_out_once(K: int) -> None:
    parts = blocks(Layout(tuple(Field(f"x{k}", "real") for k in range(K))))
    assert sorted(k for part in parts for k in part) == list(range(K)) and len(parts) <= BLOCKS
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_cell_left_out_is_not_seen(mixed: Any, one_by_one: bool) -> None:
    """-log p(cell | others) of two values of one cell differ by what the same law says of both."""
    fitted, k = mixed.model.fitted, mixed.model.fitted.names.index("height")
    asked, vae = ask(fitted, mixed.rows.dropna()[:5]), mixed.model.module
    rest = [i for i in range(fitted.vae.K) if i != k]
    several = blocks(fitted.layout) if one_by_one else [rest[2:], [k, *rest[:2]]]
    context = asked.observed.clone()
    context[:, next(block for block in several if k in block)] = False
    moved = asked.cells.clone()
    moved[:, k] += 2
    with torch.no_grad():
        z = vae.posterior_of(asked.cells, context).mean
        assert torch.equal(z, vae.posterior_of(moved, context).mean)
        wanted = -vae.likelihood_of(z[None]).log_prob(moved)[0, :, k]
        found = leave_out(fitted, moved, asked.observed, several)
        b = next(b for b, block in enumerate(several) if k in block)
        features = vae.decoded(z[None], asked.cells, asked.observed)
    torch.testing.assert_close(found.nats[:, k], wanted, rtol=1e-4, atol=1e-4)
    rows = torch.tensor([1, 4])
    torch.testing.assert_close(found.of(b, rows), features[:, rows], rtol=1e-4, atol=1e-4)


def chain(rows: int, columns: int) -> Any:
    """Pairs of columns that follow one another closely, the first of each pair a name."""
    noise = np.random.default_rng(0)
    first = noise.integers(0, 3, (rows, columns // 2))
    second = first + 0.1 * noise.normal(size=first.shape)
    made = {f"name_{i}": np.array(["a", "b", "c"])[first[:, i]] for i in range(columns // 2)}
    return pa.table(made | {f"x{i}": second[:, i] for i in range(columns // 2)})


def test_a_table_of_several_columns_is_left_out_in_a_few_blocks() -> None:
    rows = chain(120, 12)
    model = vaekit.fit(rows, train=BRIEF, latent=2)
    found = blocks_of(model.fitted)
    assert sorted(k for block in found for k in block) == list(range(12)) and len(found) == TOGETHER
    names = model.fitted.names
    for i in range(6):
        pair = {names.index(f"name_{i}"), names.index(f"x{i}")}
        assert not any(pair <= set(block) for block in found), "who tells of a column is seen when it is left out"
    scores = model.score(rows.slice(0, 4), alpha=0.2)
    assert scores.cells.shape == (4, 12) and (scores.cells != 0).all()


def test_a_few_columns_and_models_that_saw_whole_rows_are_left_out_one_by_one() -> None:
    few = vaekit.fit(chain(60, ALONE), train=BRIEF, latent=2).fitted
    whole = vaekit.fit(chain(60, 12), "vae", train={"epochs": 1, "batch": 40}, latent=2).fitted
    for fitted in (few, whole):
        assert LEFT_OUT not in fitted.arrays and blocks_of(fitted) == [[k] for k in range(fitted.vae.K)]


def test_dependence_sees_numbers_names_and_gaps() -> None:
    noise = np.random.default_rng(0)
    name = noise.integers(0, 3, 500)
    cells = torch.tensor(np.column_stack([name, 5.0 * (name == 1), noise.normal(size=500), np.ones(500)]))
    fields = [Field("a", "categorical", levels=3), Field("b", "real"), Field("c", "real"), Field("d", "real")]
    observed = torch.ones(500, 4, dtype=torch.bool)
    observed[:50, 1] = False
    found = dependence(fields, cells, observed)
    assert np.isfinite(found).all() and np.array_equal(found, found.T) and not found[3].any()
    assert found[0, 1] > 0.5 > 5 * found[0, 2]


def test_blocks_are_equally_large() -> None:
    found = apart(np.random.default_rng(0).random((10, 10)), 4)
    assert np.bincount(found, minlength=4).max() <= 3 and len(np.unique(found)) == 4


def test_a_wide_table_costs_no_more_passes() -> None:
    noise = np.random.default_rng(0)
    rows = noise.normal(size=(80, 1)) + 0.5 * noise.normal(size=(80, 60))
    model = vaekit.fit(rows, train=BRIEF, latent=2)
    scores = model.score(pa.table({f"x{k}": rows[:4, k] for k in range(60)}), alpha=0.2)
    assert len(blocks_of(model.fitted)) == TOGETHER
    assert scores.cells.shape == (4, 60) and (scores.cells != 0).all()


def test_few_rows_are_told_the_same_as_many(mixed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, rows = mixed.model.fitted, ask(mixed.model.fitted, mixed.rows[:9])
    with torch.no_grad():
        few = leave_out(fitted, rows.cells, rows.observed)
        monkeypatch.setattr("vaekit.modes.leave_out.FEW", 0)
        many = leave_out(fitted, rows.cells, rows.observed)
        assert few.mean is not None and many.mean is None
        torch.testing.assert_close(
            few.mean, fitted.vae.posterior_of(rows.cells, rows.observed).mean, rtol=1e-5, atol=1e-6
        )
    torch.testing.assert_close(few.nats, many.nats, rtol=1e-5, atol=1e-5)
    block, which = torch.tensor([1, 0, 1]), torch.tensor([8, 2, 5])
    torch.testing.assert_close(few.of(block, which)[0, 1], many.of(0, which[1:2])[0, 0], rtol=1e-5, atol=1e-6)
