"""pandas, polars and Arrow tables; pandas and polars are never imported here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.errors import DataError
from vaekit.schema.look import listed
from vaekit.sources.cells import column
from vaekit.sources.table import Table


def is_pandas(data: object) -> bool:
    """True for a pandas DataFrame."""
    return _is(data, "pandas_dataframe")


def is_polars(data: object) -> bool:
    """True for a polars DataFrame or LazyFrame."""
    return _is(data, "polars_dataframe", "polars_lazyframe")


def is_arrow(data: object) -> bool:
    """True for an Arrow table or record batch."""
    return isinstance(data, pa.Table | pa.RecordBatch)


def is_series(data: object) -> bool:
    """True for one column of pandas or polars, which is no table."""
    return _is(data, "pandas_series", "polars_series")


def _is(data: object, *kinds: str) -> bool:
    """Whether it is one of these; narwhals, which knows, is imported for what pandas or polars made and for nothing else."""
    if not any(base.__module__.partition(".")[0] in ("pandas", "polars") for base in type(data).__mro__):
        return False
    dependencies = import_module("narwhals.dependencies")
    return any(getattr(dependencies, f"is_{kind}")(data) for kind in kinds)


def read_pandas(data: Any) -> Table:
    """A pandas DataFrame; its dtypes are noted so that answers carry them, its index is kept beside."""
    if data.columns.nlevels > 1:
        raise DataError(
            f"the columns have {data.columns.nlevels} levels, one level of names was expected",
            hint="flatten them: frame.columns = ['_'.join(map(str, name)) for name in frame.columns]",
        )
    names = [str(name) for name in data.columns]
    refuse_twice(names)
    arrays = [_from_series(name, data.iloc[:, at]) for at, name in enumerate(names)]
    native = {
        name: _pandas_native(data.iloc[:, at].dtype, label)
        for at, (name, label) in enumerate(zip(names, data.columns.tolist(), strict=True))
    }
    return Table(_table(arrays, names), "pandas", native, data.index)


def read_polars(data: Any) -> Table:
    """A polars DataFrame or LazyFrame; the closed levels of an Enum are noted, Arrow keeps the rest."""
    frame: Any = data.collect() if _is(data, "polars_lazyframe") else data
    native: dict[str, dict[str, Any]] = {
        name: {"dtype": "Enum", "categories": dtype.categories.to_list()}
        for name, dtype in frame.schema.items()
        if type(dtype).__name__ == "Enum"
    }
    arrays = [_from_polars(name, frame.get_column(name)) for name in frame.columns]
    return Table(_table(arrays, frame.columns), "polars", native)


def read_arrow(data: Any) -> Table:
    """An Arrow table or record batch."""
    table = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
    refuse_twice(table.column_names)
    return Table(table.replace_schema_metadata(None), "arrow")


def refuse_twice(names: Sequence[str]) -> None:
    """Refuse column names that occur more than once."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise DataError(
            f"column names must differ, but {listed(twice)} occur more than once among {len(names)} columns",
            hint="rename or drop one of them",
        )


def _table(arrays: list[pa.Array], names: Sequence[str]) -> pa.Table:
    return pa.table(arrays, names=list(names)) if arrays else pa.table({})


def _from_series(name: str, series: Any) -> pa.Array:
    if str(series.dtype) == "object":
        return column(name, series.tolist())
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError):
        return column(name, series.tolist())  # dtypes that Arrow does not know: sparse, interval, an extension's own


def _from_polars(name: str, series: Any) -> pa.Array:
    if str(series.dtype).startswith("Object"):
        return column(name, series.to_list())
    array = series.to_arrow()
    if pa.types.is_dictionary(array.type) and array.type.ordered:
        # an Enum is closed rather than graded (Arrow says ordered of every Enum): the user declares what is ordinal
        return array.cast(pa.dictionary(array.type.index_type, array.type.value_type))
    return array


def _pandas_native(dtype: Any, label: Any) -> dict[str, Any]:
    native: dict[str, Any] = {"dtype": str(dtype)}
    if native["dtype"] == "category":
        levels = dtype.categories.tolist()
        if all(isinstance(level, bool | int | float | str) for level in levels):
            native |= {"categories": levels, "ordered": bool(dtype.ordered)}
    if not isinstance(label, str):
        number = isinstance(label, float) and math.isfinite(label)
        native["label"] = int(label) if isinstance(label, int | np.integer) else label if number else str(label)
    return native
