from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vaekit.modes.ask import ask
from vaekit.modes.ways import WAYS, reconstruction


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
