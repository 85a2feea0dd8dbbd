"""What the story is told about, and how it shows rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit import api
from vaekit.report import table

BRIEF = ["month", "weekday", "hour", "carrier", "origin", "dest", "distance", "dep_delay", "arr_delay", "air_time"]


@dataclass(frozen=True, eq=False)
class Told:
    """What the story is about: the model and its file, the rows it was fitted to, rows it never saw, evaluate's page."""

    model: api.Model
    file: Path
    known: pa.Table
    new: pa.Table
    evaluation: Path

    @cached_property
    def scores(self) -> Any:
        return self.model.score(self.new)

    @cached_property
    def complete(self) -> pa.Table:
        """New rows without a gap in the columns that the story shows."""
        there = [pc.is_valid(self.new[name]) for name in BRIEF]
        mask = there[0]
        for each in there[1:]:
            mask = pc.and_(mask, each)
        return self.new.filter(mask)


def rows_of(
    rows: pa.Table, front: dict[str, Sequence[Any]] | None = None, caption: str = "", mark: Sequence[Any] = ()
) -> str:
    """The columns that the story shows, with some before them."""
    front = front or {}
    columns = [*front.values(), *(rows[name].to_pylist() for name in BRIEF)]
    return table([*front, *BRIEF], list(zip(*columns, strict=True)), caption, mark)


def middle(column: pa.ChunkedArray) -> Any:
    """The median of numbers, the most frequent text with its share."""
    present = column.drop_null()
    if not len(present):
        return None
    if pa.types.is_string(column.type):
        top = pc.mode(present.dictionary_encode().combine_chunks().indices)[0]
        value = present.dictionary_encode().combine_chunks().dictionary[top["mode"].as_py()]
        return f"{value} {top['count'].as_py() / len(present):.0%}"
    return float(np.median(present.to_numpy()))


def with_values(row: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """The rows with one column's values replaced."""
    at = row.column_names.index(name)
    return row.set_column(at, name, pa.array(values, row.schema.field(name).type))
