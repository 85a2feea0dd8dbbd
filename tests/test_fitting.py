from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.errors import SpecError
from vaekit.fitting import HELD_OUT, blame, choose_device, split
from vaekit.goals import Rows


@pytest.mark.parametrize(("rows", "validation"), [(100, 0.1), (1, 0.1), (3, 0.5), (10, 0.0), (300_000, 0.5)])
def test_every_row_trains_or_is_held_out(rows: int, validation: float) -> None:
    kept, apart = split(rows, validation, 0)
    assert len(apart) == min(round(rows * validation), HELD_OUT) and len(kept) >= 1
    assert np.array_equal(np.sort(np.concatenate([kept, apart])), np.arange(rows))
    again, other = split(rows, validation, 0)[1], split(rows, validation, 1)[1]
    assert np.array_equal(apart, again) and (len(apart) < 5 or not np.array_equal(apart, other))


def test_some_row_must_be_left_to_train() -> None:
    with pytest.raises(SpecError, match="leaves none of 200 rows to train on"):
        split(200, 0.999, 0)


@pytest.mark.parametrize("validation", [-0.1, 1, 1.5, "0.1", None, True])
def test_a_share_held_out_is_a_share(validation: Any) -> None:
    with pytest.raises(SpecError, match="validation="):
        split(10, validation, 0)


def test_scarce_rows_are_held_out_last():
    scarce = np.arange(100) % 10 == 0
    kept, apart = split(100, 0.2, 0, scarce)
    assert len(apart) == 20 and not scarce[apart].any() and sorted([*kept, *apart]) == list(range(100))
    assert scarce[split(100, 0.95, 0, scarce)[1]].sum() == 5


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device("cpu").type == "cpu" and choose_device("auto").type in ("cpu", "cuda")
    for name in ("gpu", "cuda:99"):
        with pytest.raises(SpecError, match=name) as refusal:
            choose_device(name)
        assert "auto" in refusal.value.hint


def test_the_column_at_fault_is_named(mixed: Any) -> None:
    vae, names = mixed.model.module, mixed.model.fitted.names
    cells = torch.zeros(4, len(names))
    cells[2, names.index("income")] = float("inf")
    assert blame(vae, Rows(cells, torch.ones(cells.shape, dtype=torch.bool)), names) == "column 'income'"


def test_pseudo_inputs_begin_alike_and_leave_the_users_random_state() -> None:
    rows = pd.DataFrame(rng.table(0, (80, 3)).numpy(), columns=list("abc"))
    fits = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        fits.append(vaekit.fit(rows, "vamp", latent=2, train={"epochs": 1}, progress=False))
        assert before.equal(torch.get_rng_state())
    first, second = (model.module.prior.inputs for model in fits)
    assert first.equal(second)
