"""New rows, and new rows given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import DataError, SpecError
from vaekit.modes.ask import answer, ask, chunks, fitted_form
from vaekit.modes.options import number, whole
from vaekit.sources import Table

DEFAULT = 1000


def sample(fitted: Fitted, n: int | None = None, given: Any = None, seed: int = 0, temperature: float = 1.0) -> Any:
    """Draw rows; see `vaekit.Model.sample`."""
    number("sample: temperature", temperature, -1e-300, 10, "a number from 0 to 10", hint="1.0 draws as learned")
    cells, context, form = _conditions(fitted, n, given, seed)
    with rng.seeded(seed, "sample"):
        drawn = [_draw(fitted, cells[at], context[at], temperature) for at in chunks(len(cells))]
    values, observed = (torch.cat(part) for part in zip(*drawn, strict=True))
    table = fitted.codec.decode(values.double().numpy(), observed.numpy(), seed=seed)
    return answer(_restore(fitted, table, given), form)


def _draw(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Cells and observed flags of new rows: conditions stay, the rest is drawn, gaps fall as they did in training."""
    vae = fitted.vae
    features = vae.decoded(vae.latents_given(cells, context, temperature), cells, context)
    drawn = vae.likelihood(features[None]).sample()[0]
    known = context[:, : vae.K]
    present = torch.ones_like(known) if vae.gaps is None else vae.gaps.sample(features)
    values = torch.cat([drawn.where(~known, cells[:, : vae.K]), cells[:, vae.K :]], -1)
    return values, torch.cat([present | known, context[:, vae.K :]], -1)


def _conditions(fitted: Fitted, n: int | None, given: Any, seed: int) -> tuple[Tensor, Tensor, Table]:
    """Cells and context of the rows to draw, and the type of table to give back."""
    n = None if n is None else whole("sample: n", n, 1)
    form = fitted_form(fitted)
    if given is None:
        return *_unconditional(fitted, int(n or DEFAULT), seed), form
    one = isinstance(given, Mapping) and not any(
        isinstance(value, list | tuple | np.ndarray) for value in given.values()
    )
    if one:
        _check_names(fitted, given)
    asked = ask(fitted, [dict(given)] if one else given, partial=True)
    if not one and n is not None and n != len(asked):
        raise SpecError(
            f"sample: n={n} beside a table of {len(asked)} conditions, which draws one row for each",
            hint="leave n out, or repeat the conditions",
        )
    times = int(n or DEFAULT) if one else 1
    cells, context = asked.cells.repeat(times, 1), asked.observed.repeat(times, 1)
    _refuse_unknown(fitted, asked.arrow, context)
    return cells, context, form if one else asked.table


def _unconditional(fitted: Fitted, n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Empty contexts; the columns that the model is given are drawn from the training rows that were kept for this."""
    width = len(fitted.codec.columns)
    cells, context = torch.zeros(n, width), torch.zeros(n, width, dtype=torch.bool)
    if width > fitted.vae.K:
        kept, seen = fitted.arrays["given.cells"], fitted.arrays["given.observed"]
        pick = rng.numpy(seed, "given").integers(len(kept), size=n)
        cells[:, fitted.vae.K :] = torch.from_numpy(kept[pick]).float()
        context[:, fitted.vae.K :] = torch.from_numpy(seen[pick])
    return cells, context


def _check_names(fitted: Fitted, given: Mapping[str, Any]) -> None:
    known = fitted.codec.names
    if unknown := [name for name in given if name not in known]:
        aside = {column.name: column.reason for column in fitted.schema.set_aside}
        why = f": it was set aside ({aside[unknown[0]]})" if unknown[0] in aside else ""
        raise DataError(
            f"sample: no modelled column {unknown[0]!r} to condition on{why}", hint=f"columns: {', '.join(known)}"
        )


def _refuse_unknown(fitted: Fitted, conditions: pa.Table, context: Tensor) -> None:
    """A condition that the model cannot represent must not silently become no condition."""
    for k, name in enumerate(fitted.codec.names):
        lost = conditions[name].is_valid().to_numpy(zero_copy_only=False) & ~context[: conditions.num_rows, k].numpy()
        if lost.any():
            value = conditions[name][int(lost.argmax())].as_py()
            raise DataError(f"sample: column {name!r} never held {value!r} in training, so it cannot be a condition")


def _restore(fitted: Fitted, table: pa.Table, given: Any) -> pa.Table:
    return table.select(list(fitted.schema.names))
