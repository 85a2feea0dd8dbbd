"""What every mode begins and ends with: rows become cells, contexts become laws of cells, answers become tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.sources import Table, give_back, read

CHUNK = 4096  # rows that pass through the network at once


@dataclass(frozen=True)
class Asked:
    """Rows that a mode was asked about: as given, as the fitted columns, as cells (B, K + G) and observed flags."""

    table: Table
    arrow: pa.Table
    cells: Tensor
    observed: Tensor

    def __len__(self) -> int:
        return len(self.cells)


def ask(fitted: Fitted, data: Any, *, partial: bool = False) -> Asked:
    """Read rows, hold them against the fitted schema, encode them.

    Args:
        fitted: the model.
        data: whatever `vaekit.sources.read` takes.
        partial: absent columns are missing rather than refused.

    Raises:
        DataError: as `read` and `Schema.conform` do.
    """
    array = fitted.form["flavour"] in ("numpy", "torch")
    table = read(data, names=list(fitted.schema.names) if array else None, text=fitted.schema.text)
    arrow = fitted.schema.conform(table.arrow, partial=partial)
    cells, observed = fitted.codec.encode(arrow)
    return Asked(table, arrow, torch.from_numpy(cells).float(), torch.from_numpy(observed))


def answer(table: pa.Table, like: Asked | Table | str) -> Any:
    """An Arrow answer in the type of the rows that were asked about."""
    return give_back(table, like.table if isinstance(like, Asked) else like)


def fitted_form(fitted: Fitted) -> Table:
    """The type of the table that was fitted, for answers that belong to no rows."""
    return Table(pa.table({}), fitted.form["flavour"], fitted.form["native"])


def chunks(count: int, size: int = CHUNK) -> Iterator[slice]:
    """Slices that cover `count` rows in order.

    >>> list(chunks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return (slice(at, min(at + size, count)) for at in range(0, count, size))


def latents(fitted: Fitted, cells: Tensor, context: Tensor, samples: int = 1, seed: int = 0) -> Tensor:
    """Latents (S, B, L) from q(z|context): its mean for one sample, else a noise table that all rows share.

    The table is antithetic, each row of noise followed by its negative, so that its average is exactly zero.
    """
    posterior = fitted.vae.posterior_of(cells, context)
    if samples == 1:
        return posterior.mean[None]
    noise = rng.table(seed, ((samples + 1) // 2, 1, fitted.vae.latents), "latents")
    noise = torch.stack([noise, -noise], 1).flatten(0, 1)[:samples]
    return posterior.mean + posterior.stddev * noise


def law_given(
    fitted: Fitted, cells: Tensor, observed: Tensor, context: Tensor, samples: int = 1, seed: int = 0
) -> Columns:
    """p(cell|context) as a mixture over S latents, batch shape (S, B, K)."""
    z = latents(fitted, cells, context, samples, seed)
    return fitted.vae.likelihood_of(z, cells, observed)


def decode_cells(fitted: Fitted, cells: Tensor, observed: Tensor | None = None, seed: int = 0) -> pa.Table:
    """The Arrow table of modelled (or all) cells."""
    mask = None if observed is None else observed.numpy()
    return fitted.codec.decode(cells.double().numpy(), mask, seed=seed)


def column_values(fitted: Fitted, k: int, cells: Tensor) -> pa.Array:
    """The values that cells (B,) of modelled column k stand for."""
    part: Any = fitted.codec.parts[fitted.names[k]]
    everything = np.ones(len(cells), dtype=bool)
    return part.decode(cells.double().numpy(), everything, rng.numpy(0, "decode", fitted.names[k]))
