"""Cells and values one by one: what a few rows have, Python's own numbers tell in a tenth of the time that arrays take.

The answers are those of the columns' `encode` and `decode`, digit by digit. None stands for what is left to these: types that
are written in other ways, values that are refused or warned of, levels that are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.codec.decimals import EXACT
from vaekit.codec.field import FORWARD, INVERSE
from vaekit.codec.levels import Levels
from vaekit.codec.numeric import Numeric, legal
from vaekit.schema import arrow_type

MOST = 32  # cells; of more than so many arrays are faster


class Singly:
    """One fitted column, cell by cell.

    >>> from vaekit.schema import Column
    >>> ages = pa.array([30, 40, 50, None], pa.int8())
    >>> age = Singly(Numeric.fit(Column(name="age", kind="real", type="int8"), ages))
    >>> age.encode(pa.array([40, None])), age.decode([0.0, 1.2])
    (([0.0, 0.0], [True, False]), [40, 50])
    """

    def __init__(self, part: Numeric | Levels) -> None:
        self.part = part
        kind = arrow_type(part.column.type)
        self.cell: Callable[[Any], float | None] | None = None
        self.value: Callable[[float], Any] = self._level
        if isinstance(part, Levels):
            plain = kind.value_type if pa.types.is_dictionary(kind) else kind
            if pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_integer(plain):
                self.cell = self._place
        elif pa.types.is_integer(kind):
            self.cell, self.value = self._number, self._whole
        elif pa.types.is_float64(kind):
            self.cell, self.value = self._number, self._real
        else:
            self.value = _nothing

    def encode(self, array: pa.ChunkedArray | pa.Array) -> tuple[list[float], list[bool]] | None:
        """Cells, 0 where missing, and which are observed, of values of the fitted type."""
        if self.cell is None:
            return None
        values = array.to_pylist()
        cells = [0.0 if _missing(value) else self.cell(value) for value in values]
        return None if None in cells else (cells, [not _missing(value) for value in values])  # type: ignore[return-value]

    def decode(self, cells: Sequence[float]) -> list[Any] | None:
        """Values of the fitted type of observed cells, which lie where training cells do."""
        values = [self.value(cell) for cell in cells]
        return None if None in values else values

    # --- levels

    def _place(self, value: Any) -> float | None:
        part: Any = self.part
        place = part.places.get(value)
        return None if place is None else float(part.cell_of[place])

    def _level(self, cell: float) -> Any:
        at = min(max(round(cell), 0), len(self._levels) - 1)
        return self._levels[at] if at >= 0 else None

    @cached_property
    def _levels(self) -> list[Any]:
        """The value of each cell; None for rare levels, one of which is drawn."""
        part: Any = self.part
        if not len(part.known):
            return []
        drawn = part.draws(np.arange(part.field.levels, dtype=float))
        values = part.typed(pa.array(part.level_of)).to_pylist()
        return [None if rare else value for value, rare in zip(values, drawn.tolist(), strict=True)]

    # --- numbers

    def _number(self, value: float) -> float | None:
        part: Any = self.part
        if part.origin is not None:
            away = value - part.origin
            return away / part.field.std if abs(away) < EXACT else None
        field = part.field
        if not legal(field.transform, value) or not math.isfinite(value):
            return None
        return float((FORWARD[field.transform](float(value)) - field.mean) / field.std)

    def _whole(self, cell: float) -> Any:
        part: Any = self.part
        if (known := self._exact.get(cell)) is not None:
            return known
        origin, number = part.origin, cell * part.field.std
        found = round(float(part.field.value(cell))) if origin is None else origin + round(number)
        return min(max(found, part.low), part.high) if abs(found) < EXACT else None

    def _real(self, cell: float) -> Any:
        part: Any = self.part
        if (known := self._exact.get(cell)) is not None:
            return known
        number = part.decimals.one(float(INVERSE[part.field.transform](cell * part.field.std + part.field.mean)))
        low, high = self._ends
        return min(max(number, low), high) + 0.0  # no negative zeros

    @cached_property
    def _exact(self) -> dict[float, Any]:
        """The values of spikes and of few values, which come back to the last bit, by cell in double and single precision."""
        part: Any = self.part
        cells = np.concatenate([part.field.distinct, part.field.spikes])
        cells = np.concatenate([cells, cells.astype(np.float32)])
        return dict(zip(cells.tolist(), part.decode(cells, np.ones(len(cells), dtype=bool)).to_pylist(), strict=True))

    @cached_property
    def _ends(self) -> tuple[float, float]:
        part: Any = self.part
        low, high = part.ends
        return float(low), float(high)


def _missing(value: Any) -> bool:
    return value is None or value != value  # as not-a-number does


def _nothing(_: float) -> None:
    return None
