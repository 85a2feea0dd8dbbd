"""Observed cells that an answer cannot give back as they came: the fitted type holds fewer digits."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vaekit.artifact import Fitted
from vaekit.errors import warn
from vaekit.modes.ask import Asked
from vaekit.schema import look
from vaekit.schema.types import in_words, is_moment, is_number, is_tick
from vaekit.schema.values import flat

EXACT = 1e-9  # sums of floats are off by less, relative to their size


def warn_rounded(fitted: Fitted, asked: Asked) -> None:
    """Tell of each column of decimals, dates or durations that rows hold more finely than it was fitted, and the first cell."""
    names = asked.table.names
    for column in fitted.schema.modelled:
        if column.kind == "image" or column.name not in names:
            continue
        raw, held = flat(asked.table.arrow[column.name]), flat(asked.arrow[column.name])
        row = None if raw.type == held.type else look.first_row(_differs(raw, held))
        if row is not None:
            warn(
                f"column {column.name!r}, row {row} (counted from 0): {look.cell(raw, row)} was given, "
                f"{look.cell(held, row)} comes back, as the column was fitted on {in_words(held.type)}"
            )


def _differs(raw: pa.Array, held: pa.Array) -> pa.Array:
    if pa.types.is_decimal(held.type) and is_number(raw.type):
        given, kept = raw.cast(pa.float64(), safe=False), held.cast(pa.float64())
        return pc.greater(pc.abs(pc.subtract(given, kept)), pc.multiply(pc.abs(given), EXACT))
    if (is_moment(held.type) and is_moment(raw.type)) or (is_tick(held.type) and is_tick(raw.type)):
        try:
            return pc.not_equal(held.cast(raw.type), raw)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a coarser type that holds more: nothing was cut off
            return pa.array([], pa.bool_())
    return pa.array([], pa.bool_())
