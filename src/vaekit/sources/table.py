"""What every source is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """Rows as Arrow, with what is needed to give answers back as they came.

    Args:
        arrow: (B, F) the rows; a float's not-a-number is null.
        flavour: what was given: pandas, polars, arrow, numpy, torch, file or rows.
        native: per column what Arrow does not keep (``{"age": {"dtype": "Int64"}}``), ready for JSON.
        index: the pandas index of the rows, carried to answers of as many rows; never stored with a model.
        cut: how a stream is cut into windows (`vaekit.sources.cut.Cut`).

    >>> Table(pa.table({"x": [1.0]}), "arrow").rows
    1
    """

    arrow: pa.Table
    flavour: str
    native: dict[str, dict[str, Any]] = field(default_factory=dict)
    index: Any = field(default=None, compare=False)
    cut: Any = field(default=None, compare=False)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.arrow.num_rows)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.arrow.column_names)
