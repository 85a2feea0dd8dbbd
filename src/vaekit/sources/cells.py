"""Python objects to Arrow columns; a column that mixes types is refused with two rows that differ."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError

_FAMILIES: list[tuple[tuple[type, ...], str]] = [
    ((bool, np.bool_), "true or false"),
    ((int, float, decimal.Decimal, np.integer, np.floating), "a number"),
    ((str,), "text"),
    ((dt.date, np.datetime64), "a date"),
    ((dt.timedelta, np.timedelta64), "a duration"),
    ((dt.time,), "a time of day"),
]
_NEVER_NULL = {str, int, bool, type(None)}  # looked at by type alone, which is fast
_NULLS = {"NoneType", "NAType", "NaTType"}  # pandas' own markers, by name because pandas is never imported here


def column(name: str, values: Sequence[Any]) -> pa.Array:
    """One column of Python objects.

    Args:
        name: for messages.
        values: (B,) objects; None and not-a-number are missing.

    Raises:
        DataError: the objects are of different types, or of one that no column can hold.

    >>> column("x", [1, None, 2.5]).to_pylist()
    [1.0, None, 2.5]
    """
    given = set(map(type, values))
    cells = [None if _is_null(value) else value for value in values] if given - _NEVER_NULL else list(values)
    kinds = {kind: _family(kind) for kind in set(map(type, cells)) - {type(None)}}
    if len(set(kinds.values())) > 1:
        raise _mixed(name, cells, kinds)
    family = next(iter(kinds.values()), "")
    if family == "a number" and len(kinds) > 1:
        cells = [None if cell is None else float(cell) for cell in cells] if _has_fraction(kinds) else cells
    if family == "a date":
        cells = _same_moments(cells)
    return _build(name, cells)


def without_nan(table: pa.Table) -> pa.Table:
    """A table in which not-a-number is null, so that a missing value has one spelling."""
    for at, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            odd = pc.is_nan(table.column(at))
            if pc.any(odd).as_py():
                cleaned = pc.if_else(odd, pa.scalar(None, field.type), table.column(at))
                table = table.set_column(at, field, cleaned)
    return table


def _is_null(value: Any) -> bool:
    if value is None or type(value).__name__ in _NULLS:
        return True
    return isinstance(value, float | np.floating) and bool(value != value)


def _family(kind: type) -> str:
    return next((family for types, family in _FAMILIES if issubclass(kind, types)), f"a {kind.__name__}")


def _has_fraction(kinds: dict[type, str]) -> bool:
    return any(not issubclass(kind, int | np.integer) for kind in kinds)


def _mixed(name: str, cells: list[Any], kinds: dict[type, str]) -> DataError:
    first = next(row for row, cell in enumerate(cells) if cell is not None)
    family = kinds[type(cells[first])]
    other = next(row for row, cell in enumerate(cells) if cell is not None and kinds[type(cell)] != family)
    return DataError(
        f"column {name!r} mixes types: row {first} (counted from 0) holds {cells[first]!r}, {family}, "
        f"row {other} holds {cells[other]!r}, {kinds[type(cells[other])]}; one type was expected",
        hint="turn the column into one type, for example all text or all numbers, and make the rest missing (None)",
    )


def _same_moments(cells: list[Any]) -> list[Any]:
    plain = [cell for cell in cells if cell is not None]
    if len({isinstance(cell, dt.datetime) for cell in plain}) == 1 or any(isinstance(c, np.datetime64) for c in plain):
        return cells
    midnight = dt.time()
    return [dt.datetime.combine(c, midnight) if type(c) is dt.date else c for c in cells]


def _build(name: str, cells: list[Any]) -> pa.Array:
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        row, cell = next((row, cell) for row, cell in enumerate(cells) if cell is not None)
        raise DataError(
            f"column {name!r}: values such as {cell!r} (row {row}, counted from 0, a {type(cell).__name__}) were "
            f"given; expected numbers, text, true and false, or dates ({error})",
            hint="turn the column into such values, or drop it",
        ) from None
