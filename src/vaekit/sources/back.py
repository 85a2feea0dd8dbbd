"""Answers in the type that was given."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.schema.tensors import is_tensor
from vaekit.schema.types import is_number
from vaekit.sources import pixels
from vaekit.sources.arrays import to_torch
from vaekit.sources.images import from_table
from vaekit.sources.table import Table

_WITHOUT_NULL = {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}


def give_back(table: pa.Table, like: Table | str) -> Any:
    """An Arrow table as what the user gave.

    Args:
        table: (B, F) the answer.
        like: the table that was given, or its flavour. Columns of the same name get the same native type (a pandas
            category, ``Int64``, a polars Enum); an answer with as many rows gets the pandas index.

    Returns:
        A pandas or polars frame, an Arrow table (also for files), an array or tensor (floats where all columns are
        numbers, otherwise an object array), a list of dicts, or a dict where one row was given. Images come back as the
        array or tensor that was given, `Images` where there are columns beside them, or where they were files.

    >>> give_back(pa.table({"x": [1]}), "rows")
    [{'x': 1}]
    """
    form = Table(table, like) if isinstance(like, str) else like
    return BACK[form.flavour](table, form)


def _pandas(table: pa.Table, form: Table) -> Any:
    frame = table.to_pandas()
    for at, name in enumerate(table.column_names):
        native, column = form.native.get(name), table.column(at)
        if native is not None:
            exact = column.null_count > 0 and pa.types.is_integer(column.type) and native["dtype"] not in _WITHOUT_NULL
            given = column.to_pandas(integer_object_nulls=True) if exact else frame[name]  # floats end at 2**53
            frame[name] = _series(given, native, column.null_count)
    if form.index is not None and len(form.index) == table.num_rows:
        frame.index = form.index
    labels = [form.native.get(name, {}).get("label", name) for name in table.column_names]
    if labels != table.column_names:
        frame.columns = labels
    return frame


def _series(series: Any, native: dict[str, Any], nulls: int) -> Any:
    dtype = native["dtype"]
    if nulls and dtype in _WITHOUT_NULL:
        return series  # NumPy's integers and booleans have no null: pandas' own choice stands
    if dtype == "category":
        series = series if str(series.dtype) == "category" else series.astype("category")
        known = native.get("categories")
        return series if known is None else series.cat.set_categories(known, ordered=native["ordered"])
    if str(series.dtype) == dtype:
        return series
    try:
        return series.astype(dtype)
    except (TypeError, ValueError, NotImplementedError):
        return series  # a dtype whose name does not make it (an extension's own): the values stand, in Arrow's type


def _polars(table: pa.Table, form: Table) -> Any:
    import narwhals as nw

    frame = nw.from_arrow(table, backend="polars")
    known = {name: native["categories"] for name, native in form.native.items() if name in table.column_names}
    enums = [nw.col(name).cast(nw.Enum(levels)) for name, levels in known.items()]
    return (frame.with_columns(enums) if enums else frame).to_native()


def _arrow(table: pa.Table, _: Table) -> pa.Table:
    return table


def _images(table: pa.Table, form: Table) -> Any:
    """`Images` where there are some, otherwise (scores, latents) a table."""
    return from_table(table, form.native) if {pixels.NAME} <= {*table.column_names} & {*form.native} else table


def _numpy(table: pa.Table, form: Table) -> Any:
    if pixels.NAME in table.column_names and is_tensor(table.schema.field(pixels.NAME).type):
        return _array(table, form)
    kinds = {np.dtype(kind) for kind in _kinds(form)}
    kind, rows = kinds.pop() if len(kinds) == 1 else np.dtype(float), _stacked(table)
    return rows if rows.dtype == object or (kind.kind != "f" and not _whole(rows)) else rows.astype(kind)


def _stacked(table: pa.Table) -> NDArray[Any]:
    """All columns as one array: of integers, which floats hold up to 2**53 only, of floats, or else of objects."""
    types = [field.type for field in table.schema]
    if not all(is_number(kind) or pa.types.is_boolean(kind) for kind in types):
        return np.array([column.to_pylist() for column in table.columns], dtype=object).reshape(table.num_columns, -1).T
    if not types:
        return np.empty((table.num_rows, 0))
    if (
        len(set(types)) == 1
        and pa.types.is_integer(types[0])
        and not any(column.null_count for column in table.columns)
    ):
        return np.column_stack([column.to_numpy() for column in table.columns])
    return np.column_stack([column.cast(pa.float64(), safe=False).to_numpy() for column in table.columns])


def _whole(rows: NDArray[Any]) -> bool:
    """Whether integers hold the same numbers: latents and scores of whole numbers are none."""
    return rows.dtype.kind in "iu" or bool((rows == np.rint(rows)).all())


def _array(table: pa.Table, form: Table) -> Any:
    about = form.native.get(pixels.NAME) or pixels.plain_native(table.schema.field(pixels.NAME).type)
    if table.num_columns > 1:
        library = {"library": "torch"} if form.flavour == "torch" else {}
        return from_table(table, {pixels.NAME: {**about, **library}})
    column = table[pixels.NAME]
    return to_torch(column, about) if form.flavour == "torch" else pixels.back(column, about)


def _kinds(form: Table) -> set[str]:
    return {native["dtype"] for name, native in form.native.items() if name != pixels.NAME}


def _torch(table: pa.Table, form: Table) -> Any:
    torch = import_module("torch")
    if pixels.NAME in table.column_names and is_tensor(table.schema.field(pixels.NAME).type):
        return _array(table, form)
    rows = _stacked(table)
    if rows.dtype == object:
        return rows
    kinds = _kinds(form)
    kind = getattr(torch, kinds.pop()) if len(kinds) == 1 else torch.get_default_dtype()
    tensor = torch.from_numpy(rows)
    return tensor.to(kind) if kind.is_floating_point or _whole(rows) else tensor


def _rows(table: pa.Table, form: Table) -> Any:
    rows = table.to_pylist()
    return rows[0] if "" in form.native and len(rows) == 1 else rows


BACK: dict[str, Callable[[pa.Table, Table], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "arrow": _arrow,
    "file": _images,
    "images": _images,
    "numpy": _numpy,
    "torch": _torch,
    "rows": _rows,
}
