"""New rows, and new rows given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import DataError, ModeUnavailable, SpecError, warn
from vaekit.modes.ask import Asked, answer, ask, decode_cells, fitted_form, is_one
from vaekit.modes.contradictions import contradictions_of
from vaekit.modes.draw import draw
from vaekit.modes.options import number, whole
from vaekit.modes.stream import numbered
from vaekit.schema.look import listed
from vaekit.schema.tensors import is_tensor
from vaekit.sources import Table
from vaekit.vae import shared

DEFAULT = 1000
BATCH = 16_384  # rows of one lot


def sample(fitted: Fitted, n: int | None = None, given: Any = None, seed: int = 0, temperature: float = 1.0) -> Any:
    """Draw rows; see `vaekit.Model.sample`."""
    number("sample: temperature", temperature, 0, 10, "a number from 0 to 10", "1.0 draws as learned", closed=True)
    made = [drawn(fitted, count, given, own, temperature) for count, own in batches(fitted, n, given, seed)]
    rows = made[0].rows if len(made) == 1 else pa.concat_tables([each.rows for each in made])
    return answer(numbered(fitted, rows, sum(each.size for each in made)), made[0].form)


def batches(fitted: Fitted, n: int | None, given: Any, seed: int) -> list[tuple[int | None, int]]:
    """How many rows are drawn together, and the seed of each lot: many rows of a table come in lots of `BATCH`.

    The first lot has the seed that was given, so that fewer rows are the same whatever the number of lots. One after another
    are rows of a table of conditions, and those with identifiers, which count on.
    """
    together = fitted.layout.shape or any(column.kind == "identifier" for column in fitted.schema)
    together = together or not (given is None or is_one(given))
    if n is None or together or whole("sample: n", n, 1) <= BATCH:
        return [(n, seed)]
    sizes = [BATCH] * (n // BATCH) + ([n % BATCH] if n % BATCH else [])
    seeds = [seed, *(int(rng.numpy(seed, "lot", i).integers(2**62)) for i in range(1, len(sizes)))]
    return list(zip(sizes, seeds, strict=True))


class Drawn(NamedTuple):
    """New rows as the fitted columns (of windows their steps), how many rows or windows, and the type to give them back in."""

    rows: pa.Table
    size: int
    form: Table


def drawn(fitted: Fitted, n: int | None, given: Any, seed: int, temperature: float = 1.0) -> Drawn:
    """New rows before they are given back; arguments as of `sample`."""
    cells, context, form, conditions = _conditions(fitted, n, given, seed)
    _warn_of_contradictions(fitted, cells, context)
    with rng.seeded(seed, "sample"):
        values, observed = draw(fitted, cells, context, temperature)
    table = decode_cells(fitted, values, observed, seed)
    return Drawn(table if conditions is None else _restore(fitted, table, conditions), len(values), form)


def _conditions(fitted: Fitted, n: int | None, given: Any, seed: int) -> tuple[Tensor, Tensor, Table, pa.Table | None]:
    """Cells and context of the rows to draw, the type of table to give back, and the conditions as they were given."""
    n = None if n is None else whole("sample: n", n, 1)
    form = fitted_form(fitted)
    if given is None or (is_one(given) and not given):
        return *_unconditional(fitted, n or DEFAULT, seed), form, None
    if one := is_one(given):
        _check_names(fitted, given)
    whole_row = [dict(given)] * max(1, fitted.steps) if one else given  # of a window the value holds at every step
    asked = ask(fitted, whole_row, partial=True, strict=True)
    if not one and n is not None and n != len(asked):
        raise SpecError(
            f"sample: n={n} beside a table of {len(asked)} conditions, which draws one row for each",
            hint="leave n out, or repeat the conditions",
        )
    rows = np.zeros(n or DEFAULT, dtype=np.int64) if one else np.arange(len(asked))
    at = torch.from_numpy(rows)
    each = rows if asked.at is None else asked.at[rows].ravel()
    return (
        asked.cells[at],
        asked.observed[at],
        form if one else _wanted(fitted, asked),
        asked.arrow.take(pa.array(each)),
    )


def _warn_of_contradictions(fitted: Fitted, cells: Tensor, context: Tensor) -> None:
    """Say which conditions contradict one another, by what columns determine among training rows; they are kept."""
    K, rules = fitted.vae.K, contradictions_of(fitted) if context.any() else None
    if rules is None:
        return
    one = shared(cells, context)
    own, given = cells[: 1 if one else None, :K], context[: 1 if one else None, :K]
    told, known, beyond = rules.dependencies.spread(own, given)
    blame = (rules(own, given).blame > 0) | beyond
    # what some of them determine may contradict others: all that anything is said of may be to blame
    spoken = torch.zeros(K, dtype=torch.bool).index_fill(0, rules.cells.flatten(), True)
    blame |= given & spoken & ((rules(told, known).blame > 0).any(1) & ~blame.any(1))[:, None]
    if (wrong := blame.any(1).nonzero()[:, 0]).numel():
        about = [fitted.names[k] for k in range(K) if blame[:, k].any()]
        rows = "the conditions contradict" if one else f"{len(wrong):,} conditions (row {wrong[0]}) contradict"
        warn(
            f"sample: {rows} what columns determine among training rows: {listed(about)} cannot have such values together; "
            "new rows have them all the same"
        )


def _wanted(fitted: Fitted, asked: Asked) -> Table:
    """Rows come back as the conditions came, but images as images where the conditions have none."""
    images = {column.name for column in fitted.schema.modelled if column.kind == "image"}
    return asked.table if images <= {*asked.table.names} else fitted_form(fitted)


def _unconditional(fitted: Fitted, n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Empty contexts; the columns that the model is given are drawn from the training rows that were kept for this."""
    width = fitted.layout.K + len(fitted.layout.given)
    cells, context = torch.zeros(n, width), torch.zeros(n, width, dtype=torch.bool)
    if width > fitted.vae.K:
        if "given.cells" not in fitted.arrays:
            raise ModeUnavailable(
                "sample: the model is conditioned on columns, and its file keeps no rows of them to draw from",
                hint="give values: given={column: value}",
            )
        kept, seen = fitted.arrays["given.cells"], fitted.arrays["given.observed"]
        pick = rng.numpy(seed, "given").integers(len(kept), size=n)
        cells[:, fitted.vae.K :] = torch.from_numpy(kept[pick]).float()
        context[:, fitted.vae.K :] = torch.from_numpy(seen[pick])
    return cells, context


def _check_names(fitted: Fitted, given: Mapping[str, Any]) -> None:
    aside = {column.name: column.reason for column in fitted.schema.set_aside}
    if refused := [name for name in given if name in aside]:
        raise DataError(
            f"sample: no modelled column {refused[0]!r} to condition on: it was set aside ({aside[refused[0]]})",
            hint=f"columns: {listed(fitted.codec.names)}",
        )


def _restore(fitted: Fitted, drawn: pa.Table, conditions: pa.Table) -> pa.Table:
    """Conditions come back as they were given, not as the codec rounds them or draws one of several rare levels."""
    for name in (name for name in fitted.codec.names if not is_tensor(conditions[name].type)):
        given, place = conditions[name].combine_chunks(), drawn.schema.get_field_index(name)
        column = pc.if_else(given.is_valid(), given, drawn[name].combine_chunks())
        drawn = drawn.set_column(place, name, column)
    return drawn
