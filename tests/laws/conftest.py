"""Columns of every kind with pixels among them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaekit.codec.field import Field

GRID = np.linspace(0, 1, 257)


def channel(name: str, cells: Any, std: float, resolution: float) -> Field:
    """A channel of pixels as its codec describes it."""
    distinct = np.unique(cells)
    return Field(
        name, "pixel", std=std, resolution=resolution, rows=len(cells), quantiles=np.quantile(cells, GRID),
        distinct=distinct if len(distinct) <= 256 else np.empty(0),
    )  # fmt: skip


@pytest.fixture(scope="session")
def any_kind(every_kind: Any) -> Any:
    """`every_kind`, and grey pixels of eight bits, others of three bits, and black and white ones."""
    import torch

    noise, rows = np.random.default_rng(1), len(every_kind.cells)
    grey = (noise.beta(0.7, 2.0, rows) * 255).round() / 255
    cells = {"grey": grey, "coarse": (noise.beta(2, 2, rows) * 7).round() / 7, "ink": (grey > 0.3).astype(float)}
    pixels = {
        name: channel(name, cells[name], std, 1.0) for name, std in (("grey", 255.0), ("coarse", 7.0), ("ink", 1.0))
    }
    both = torch.cat([every_kind.cells, torch.from_numpy(np.column_stack(list(cells.values())))], 1)
    return replace(every_kind, fields=every_kind.fields | pixels, cells=both)
