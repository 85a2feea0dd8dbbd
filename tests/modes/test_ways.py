from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from vaekit.codec import Field, Layout
from vaekit.modes.ask import ask
from vaekit.modes.ways import BLOCKS, WAYS, blocks, leave_out, reconstruction


@pytest.mark.parametrize("K", [1, 5, BLOCKS, BLOCKS + 1, 500])
def test_every_column_is_left_out_once(K: int) -> None:
    parts = blocks(Layout(tuple(Field(f"x{k}", "real") for k in range(K))))
    assert sorted(k for part in parts for k in part) == list(range(K)) and len(parts) <= BLOCKS
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_cell_left_out_is_not_seen(mixed: Any) -> None:
    """-log p(cell | others) of two values of one cell differ by what the same law says of both."""
    asked = ask(mixed.model.fitted, mixed.rows.dropna()[:5])
    vae, k = mixed.model.module, mixed.model.fitted.names.index("height")
    context = asked.observed.clone()
    context[:, k] = False
    moved = asked.cells.clone()
    moved[:, k] += 2
    with torch.no_grad():
        z = vae.posterior_of(asked.cells, context).mean
        assert torch.equal(z, vae.posterior_of(moved, context).mean)
        wanted = -vae.likelihood_of(z[None]).log_prob(moved)[0, :, k]
        got = leave_out(mixed.model.fitted, moved, asked.observed).cells[:, k]
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_missing_cells_are_zero_in_every_way(mixed: Any) -> None:
    asked = ask(mixed.model.fitted, mixed.rows[:40])
    for way in WAYS.values():
        with torch.no_grad():
            assert not way(mixed.model.fitted, asked.cells, asked.observed).cells[~asked.observed].any()


def test_reconstruction_is_the_squared_error_of_numbers(numbers: Any) -> None:
    rows = numbers.rows[:20]
    with torch.no_grad():
        asked = ask(numbers.model.fitted, rows)
        raw = reconstruction(numbers.model.fitted, asked.cells, asked.observed).cells.numpy()
    back = numbers.model.reconstruct(rows)
    deviation = np.array([field.std for field in numbers.model.fitted.fields])
    np.testing.assert_allclose(raw, ((rows - back) / deviation) ** 2, rtol=1e-3, atol=1e-5)


def test_wide_tables_are_left_out_in_blocks() -> None:
    import vaekit

    noise = np.random.default_rng(0)
    rows = noise.normal(size=(80, 1)) + 0.5 * noise.normal(size=(80, 60))
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1, "batch": 40}, latent=2)
    scores = model.score(pa.table({f"x{k}": rows[:4, k] for k in range(60)}), alpha=0.2)
    assert scores.cells.shape == (4, 60) and (scores.cells != 0).all()
