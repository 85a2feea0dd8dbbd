from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vaekit.modes import nearest
from vaekit.modes.ask import ask
from vaekit.modes.leave_out import leave_out
from vaekit.modes.ways import USUAL, WAYS, divided, reconstruction


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


@torch.no_grad()
def test_a_distance_divides_by_what_is_improbable_and_stays_what_it_is(mixed: Any) -> None:
    fitted, rows = mixed.model.fitted, ask(mixed.model.fitted, mixed.rows[:60])
    near = nearest.distance(fitted, rows.cells, rows.observed).double()
    nats = leave_out(fitted, rows.cells, rows.observed).nats
    own = divided(near, nats, torch.from_numpy(fitted.arrays[USUAL]))
    torch.testing.assert_close(own.sum(-1), near.sum(-1))
    assert (own >= 0).all() and (own[~rows.observed[:, : fitted.vae.K]] == 0).all()
    usual = (nats <= torch.from_numpy(fitted.arrays[USUAL])).all(-1)
    torch.testing.assert_close(own[usual], near[usual])
    nothing = torch.zeros(1, near.shape[1])
    assert (divided(nothing, nats[:1], torch.from_numpy(fitted.arrays[USUAL])) == 0).all()
