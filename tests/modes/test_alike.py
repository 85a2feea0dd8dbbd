"""Kept rows are like a condition where they have its names and its numbers, or numbers beside these."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.modes import alike as alikes
from vaekit.modes.alike import ENOUGH, SPAN, alike

FIELDS = [Field("a", "categorical", levels=3), Field("x", "real"), Field("y", "real")]


@pytest.fixture
def fitted() -> Any:
    """10,000 rows: a name, a number that is 0 in half of the rows, and one that is a gap in a tenth of them."""
    noise = np.random.default_rng(0)
    a, x, y = noise.choice(3, 10_000, p=[0.7, 0.28, 0.02]), noise.normal(size=10_000), noise.normal(size=10_000)
    x[noise.random(10_000) < 0.5], y[noise.random(10_000) < 0.1] = 0.0, np.nan
    kept = np.column_stack([a, x, y]).astype(np.float32)
    return SimpleNamespace(fields=FIELDS, arrays={"neighbours.cells": kept}, dtype=torch.float32)


def found(fitted: Any, **asked: float) -> Any:
    names = [field.name for field in FIELDS]
    cells = torch.tensor([asked.get(name, 0.0) for name in names])
    return alike(fitted, cells, torch.tensor([name in asked for name in names]))


def test_names_are_those_asked_for_and_gaps_stay_gaps(fitted: Any) -> None:
    kept = fitted.arrays["neighbours.cells"]
    rows = found(fitted, a=1)
    assert len(rows) == (kept[:, 0] == 1).sum() and (rows.cells[:, 0] == 1).all()
    assert (~rows.observed[:, 2]).sum() == np.isnan(kept[kept[:, 0] == 1, 2]).sum() and rows.cells.isfinite().all()


def test_numbers_are_those_asked_for_or_the_nearest(fitted: Any) -> None:
    kept = fitted.arrays["neighbours.cells"]
    spike, near = found(fitted, a=0, x=0.0), found(fitted, y=0.5)
    assert (spike.cells[:, 1] == 0).all() and len(spike) == ((kept[:, 0] == 0) & (kept[:, 1] == 0)).sum()
    nearest = np.sort(np.abs(kept[:, 2] - 0.5))[:ENOUGH]
    assert len(near) == ENOUGH and near.observed[:, 2].all()
    assert (near.cells[:, 2] - 0.5).abs().max() == pytest.approx(nearest[-1], rel=0.1), "nearest by rank"
    both = found(fitted, x=0.0, y=0.5)
    assert (both.cells[:, 1] == 0).all() and len(both) == ENOUGH


@pytest.mark.parametrize("asked", [{"a": 2}, {"x": 0.01, "y": 0.5}, {"a": 1, "x": 1.0}, {"a": 0, "x": 9.0, "y": 9.0}])
def test_too_few_rows_are_none(fitted: Any, asked: dict[str, float]) -> None:
    """Of rare names there are few rows, and of two numbers at once: a `SPAN` on either side squared is a hundredth."""
    assert SPAN < 1 / 10 and found(fitted, **asked) is None


def test_a_file_without_rows_has_none_that_are_alike(fitted: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(alikes, "ENOUGH", 1)
    assert len(found(fitted, a=2)) == (fitted.arrays["neighbours.cells"][:, 0] == 2).sum()
    fitted.arrays = {}
    assert found(fitted, a=2) is None
