"""The outside world to Arrow tables, and answers back.

```
frame, array, path, rows --read--> Table(arrow, flavour, native) ... give_back(answer, like=table) --> the same type
                                                                     write(answer, path)
```
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from vaekit.errors import DataError
from vaekit.sources import arrays, files, frames, images, rows, sql, windows
from vaekit.sources.back import give_back
from vaekit.sources.batches import Batch, batches, is_streamable
from vaekit.sources.cells import without_nan
from vaekit.sources.pipe import STREAMED, ahead, write_batches
from vaekit.sources.table import Table
from vaekit.sources.write import WRITERS, is_folder, whole_file, write

__all__ = [
    "SOURCES", "STREAMED", "WRITERS", "Batch", "Table", "ahead", "batches", "give_back", "is_folder", "is_streamable", "read",
    "whole_file", "write", "write_batches",
]  # fmt: skip

SOURCES: dict[str, tuple[Callable[[object], bool], Callable[..., Table]]] = {
    "pandas": (frames.is_pandas, frames.read_pandas),
    "polars": (frames.is_polars, frames.read_polars),
    "arrow": (frames.is_arrow, frames.read_arrow),
    "numpy": (arrays.is_numpy, arrays.read_numpy),
    "torch": (arrays.is_torch, arrays.read_torch),
    "images": (images.is_images, images.read_images),
    "windows": (windows.is_windows, windows.read_windows),
    "rows": (rows.is_rows, rows.read_rows),
    "file": (files.is_file, files.read_files),
    "sql": (sql.is_sql, sql.read_sql),
}
_NAMED = ("numpy", "torch")


def read(
    data: Any,
    *,
    names: Sequence[str] | None = None,
    text: Collection[str] = (),
    image: tuple[int, ...] | None = None,
    nan: bool = False,
) -> Table:
    """Rows from wherever they are.

    Args:
        data: a pandas, polars or Arrow table; a NumPy array or torch tensor of rows (2-D) or images (3-D, 4-D);
            `vaekit.images`; a path, a list of paths or a glob (CSV, Parquet, Feather, Arrow IPC, JSON Lines, also
            ``.gz``; ``.npy``, ``.npz``, IDX, PNG, JPEG or a folder of these), ``-`` for CSV on standard input; a row as a
            dict, a list of such rows, or a dict of columns; a `Table`, which comes back as it is.
        names: the columns of an array; ``x0``, ``x1``, ... otherwise.
        text: columns of CSV files whose cells stay text even where they look like numbers (`Schema.text`).
        image: (H, W, C) where arrays are images of this size; a single one is a row.
        nan: keep not-a-number apart from null.

    Returns:
        The rows, with not-a-number as null and what is needed to give answers back in the same type.

    Raises:
        DataError: nothing of these, no rows, no columns, a name twice, mixed types in a column, an unreadable file.

    >>> read({"age": [31, 44]}).arrow.num_rows
    2
    """
    if isinstance(data, Table):
        return data
    flavour = next((flavour for flavour, (accepts, _) in SOURCES.items() if accepts(data)), None)
    if flavour is None:
        raise _unknown(data)
    options: dict[str, Any] = {"text": text} if flavour == "file" else {}
    options |= {"names": names, "image": image} if flavour in _NAMED else {}
    table = SOURCES[flavour][1](data, **options)
    if not table.arrow.num_columns or not table.rows:
        raise DataError(
            f"the data are empty: {table.rows} rows and {table.arrow.num_columns} columns were given",
            hint="at least one row and one column are needed",
        )
    return table if nan else replace(table, arrow=without_nan(table.arrow))


def _unknown(data: Any) -> DataError:
    if frames.is_series(data):
        return DataError(
            "one column (a series) was given, a table was expected", hint="series.to_frame() is a table of one column"
        )
    if isinstance(data, list | tuple) and not data:
        return DataError("an empty list was given, rows or paths were expected", hint="give at least one")
    lists = "; numpy.array(data) makes an array of lists" if isinstance(data, list | tuple) else ""
    return DataError(
        f"data of type {type(data).__module__}.{type(data).__qualname__} were given",
        hint=f"give a pandas, polars or Arrow table, an array or tensor of rows or images, a path, or rows as dicts{lists}",
    )
