"""Every cell has a stratum, equally many rows lie in those of a column of numbers, and frequent names have their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.modes.ask import ask
from vaekit.modes.strata import GAP, LEVELS, PARTS, SOME, Strata

QUANTILES = np.linspace(-3, 3, 257)


def test_parts_of_numbers_hold_equally_many_rows() -> None:
    strata = Strata([Field("x", "real", quantiles=QUANTILES, rows=5_000)])
    cells = torch.linspace(-3, 3, 16_000)[:, None]
    counts = torch.bincount(strata(cells, torch.ones_like(cells, dtype=torch.bool))[0])
    assert len(counts) == PARTS and counts.min() > 900 and counts.max() < 1_100


def test_a_value_that_many_rows_have_ends_a_part_and_is_not_cut() -> None:
    field = Field("x", "mixed", quantiles=np.linspace(1, 2, 257), spikes=(0.0,), shares=np.array([0.7]), rows=5_000)
    strata = Strata([field])
    cells = torch.tensor([[0.0], [1e-6], [1.0], [1.99]])
    at = strata(cells, torch.ones_like(cells, dtype=torch.bool))[0].tolist()
    assert at[0] == at[1] == 0 and at[2] == 1 and at[3] > 2


def test_frequent_names_have_strata_of_their_own_and_a_gap_has_one() -> None:
    shares = rng.numpy(0).permutation(np.arange(1.0, 101.0))
    strata = Strata([Field("c", "categorical", levels=100, shares=shares / shares.sum(), rows=5_000)])
    cells = torch.arange(100.0)[:, None]
    at = strata(cells, torch.ones_like(cells, dtype=torch.bool))[0]
    often = torch.from_numpy(shares).argsort(descending=True)
    assert at[often[:LEVELS]].tolist() == [*range(LEVELS)] and (at[often[LEVELS:]] == LEVELS - 1).all()
    assert strata(cells[:1], torch.zeros(1, 1, dtype=torch.bool)).item() == strata.width - 1
    coarse = strata.coarse[0]
    assert coarse[:SOME].tolist() == [*range(SOME)] and (coarse[SOME:-1] == SOME - 1).all() and coarse[-1] == GAP


def test_columns_of_every_kind_have_them(mixed: Any) -> None:
    fitted = mixed.model.fitted
    asked = ask(fitted, mixed.fitted_on)
    strata = Strata(fitted.fields)
    at = strata(asked.cells, asked.observed)
    assert at.shape == (fitted.vae.K, len(asked.cells)) and at.min() == 0
    assert ((at == strata.width - 1) == ~asked.observed.T).all()
    assert strata.coarse.max() == GAP and (strata.coarse >= 0).all()
    for k, field in enumerate(fitted.fields):
        assert len(at[k].unique()) > min(field.levels or 6, 6) - 1, field.name
