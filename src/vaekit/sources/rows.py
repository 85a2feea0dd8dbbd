"""Python's own rows and columns: a row as a dict, a list of rows, a dict of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

import pyarrow as pa

from vaekit.errors import DataError
from vaekit.sources.cells import column
from vaekit.sources.frames import refuse_twice
from vaekit.sources.table import Table


def is_rows(data: object) -> bool:
    """True for a dict, or a list of dicts."""
    return isinstance(data, Mapping) or (
        isinstance(data, list | tuple) and len(data) > 0 and all(isinstance(row, Mapping) for row in data)
    )


def read_rows(data: Any) -> Table:
    """One row ``{column: value}``, rows ``[{column: value}, ...]``, or columns ``{column: [values]}``.

    A key that a row lacks is null there.
    """
    if not isinstance(data, Mapping):
        return Table(_from_rows(data), "rows")
    lengths = {name: len(values) for name, values in data.items() if _is_column(values)}
    if not lengths:
        return Table(_from_rows([data]), "rows", {"": {"dtype": "row"}})
    if len(lengths) < len(data):
        odd = next(name for name in data if name not in lengths)
        raise DataError(
            f"column {odd!r} holds the single value {shorten(repr(data[odd]), 60)}, while column {next(iter(lengths))!r} "
            "holds a list",
            hint="give one value for every column (a row), or a list for every column",
        )
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise DataError(
            f"the columns differ in length: {short!r} has {lengths[short]} values, {long!r} has {lengths[long]}",
            hint="give as many values in every column, None where one is missing",
        )
    refuse_twice([str(name) for name in data])
    return Table(pa.table({str(name): _column(str(name), values) for name, values in data.items()}), "arrow")


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    refuse_twice([str(name) for name in names])
    return pa.table({str(name): column(str(name), [row.get(name) for row in rows]) for name in names})


def _is_column(values: Any) -> bool:
    """Whether these are values one below the other: a list, an array, a tensor, a series."""
    if isinstance(values, str | bytes | Mapping):
        return False
    return isinstance(values, Sequence | pa.Array | pa.ChunkedArray) or (
        _listed(values) is not None and _has_length(values)
    )


def _has_length(values: Any) -> bool:
    return getattr(values, "ndim", 1) > 0 and hasattr(values, "__len__")


def _listed(values: Any) -> Any:
    """The method that makes a list of them, None where there is none."""
    return getattr(values, "tolist", None) or getattr(values, "to_list", None)


def _column(name: str, values: Any) -> Any:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    made = _listed(values)
    return column(name, values if made is None else made())
