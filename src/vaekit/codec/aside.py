"""Columns that the model never sees: constants come back, identifiers are made anew, ignored columns are null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import warn
from vaekit.schema import Column, arrow_type, plain, restore
from vaekit.schema.types import value_type

_NUMBERED = r"^(?P<prefix>.*?)(?P<number>[0-9]{1,18})$"


@dataclass(frozen=True)
class Constant:
    """The one value of a column, or null where every training cell was null.

    Example:
        >>> version = Constant.fit(Column(name="v", kind="constant", type="int8"), pa.array([7, None], pa.int8()))
        >>> version.generate(2).to_pylist()
        [7, 7]
    """

    column: Column
    value: bool | int | float | str | None

    @classmethod
    def fit(cls, column: Column, array: pa.ChunkedArray | pa.Array) -> Constant:
        """The first value of the training cells (B,)."""
        values = plain(column, array).drop_null()
        return cls(column, values[0].as_py() if len(values) else None)

    def generate(self, rows: int, generator: np.random.Generator | None = None) -> pa.Array:
        """The value, repeated in so many rows."""
        if self.value is None:
            return pa.nulls(rows, arrow_type(self.column.type))
        return restore(self.column, pa.repeat(self.value, rows))

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `from_state` needs: plain values, and arrays."""
        return {"value": self.value}, {}

    @classmethod
    def from_state(cls, column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Constant:
        """The codec that `state` described."""
        return cls(column, plain["value"])


@dataclass(frozen=True)
class Identifier:
    """New identifiers for new rows: numbers go on after the largest seen, texts carry on their prefix and numbering.

    No training identifier is kept, and none is given out: the numbers start past the last one, and texts without a
    common numbering get a prefix that no training text begins with.

    Args:
        column: its schema.
        last: the largest number seen.
        prefix: what stands before the number in a text; None for numbers.
        width: digits of the number, filled up with zeros.

    Example:
        >>> fitted = Identifier.fit(Column(name="id", kind="identifier", type="string"), pa.array(["A-007", "A-012"]))
        >>> fitted.generate(2).to_pylist()
        ['A-013', 'A-014']
    """

    column: Column
    last: int
    prefix: str | None
    width: int

    @classmethod
    def fit(cls, column: Column, array: pa.ChunkedArray | pa.Array) -> Identifier:
        """The last number and the pattern of the training cells (B,)."""
        values = plain(column, array).drop_null()
        if pa.types.is_string(values.type):
            return cls(column, *_pattern(values))
        highest = pc.max(values).as_py() if len(values) else 0
        return cls(column, int(np.ceil(float(highest))) if isinstance(highest, float) else int(highest or 0), None, 0)

    def generate(self, rows: int, generator: np.random.Generator | None = None) -> pa.Array:
        """So many fresh identifiers; null, with a warning, past the last one that the column's type can hold."""
        kind = arrow_type(self.column.type)
        fits = min(rows, _room(kind, self.last))
        if fits < rows:
            message = (
                f"column {self.column.name!r}: type {kind} holds {fits} new identifiers of {rows}; the others are null"
            )
            warn(message)
        fresh = restore(self.column, self._texts(self.last + np.arange(1, fits + 1, dtype=np.int64)))
        return pa.concat_arrays([fresh, pa.nulls(rows - fits, kind)]) if fits < rows else fresh

    def _texts(self, numbers: Any) -> pa.Array:
        if self.prefix is None:
            return pa.array(numbers)
        digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), self.width, "0")
        return pc.binary_join_element_wise(self.prefix, digits, "")

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `from_state` needs: plain values, and arrays."""
        return {"last": self.last, "prefix": self.prefix, "width": self.width}, {}

    @classmethod
    def from_state(cls, column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Identifier:
        """The codec that `state` described."""
        return cls(column, **plain)


@dataclass(frozen=True)
class Ignored:
    """A column that was left out: null in every row."""

    column: Column

    def generate(self, rows: int, generator: np.random.Generator | None = None) -> pa.Array:
        """So many nulls of the fitted type."""
        return pa.nulls(rows, arrow_type(self.column.type))


def _pattern(texts: pa.Array) -> tuple[int, str, int]:
    """The last number, the common prefix and the width of its digits.

    >>> _pattern(pa.array(["u8", "u9"])), _pattern(pa.array(["7-xyz", "new-1"]))
    ((9, 'u', 1), (0, 'new-new-', 6))
    """
    parts = pc.extract_regex(texts, _NUMBERED).drop_null()
    prefixes = pc.struct_field(parts, "prefix").unique()
    if len(parts) == len(texts) and len(prefixes) == 1:
        digits = pc.struct_field(parts, "number")
        return pc.max(digits.cast(pa.int64())).as_py(), prefixes[0].as_py(), pc.min(pc.utf8_length(digits)).as_py()
    prefix = "new-"
    while pc.any(pc.starts_with(texts, prefix)).as_py():
        prefix += "new-"
    return 0, prefix, 6


def _room(kind: pa.DataType, last: int) -> int:
    """How many numbers after the last one the type can hold, or how many entries a dictionary can."""
    if pa.types.is_dictionary(kind):
        return min(int(np.iinfo(str(kind.index_type)).max), _room(value_type(kind), last))
    word = np.iinfo(str(kind) if pa.types.is_integer(kind) else "int64")
    return max(min(int(word.max), np.iinfo(np.int64).max) - last, 0)
