"""A stream of sensors and how it is cut into windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from vaekit.errors import DataError
from vaekit.schema.tensors import is_tensor
from vaekit.sources.cut import Cut, Rows
from vaekit.sources.table import Table


@dataclass(frozen=True)
class Windows:
    """A stream (N steps) and its cut; its length is the number of windows.

    Args:
        table: the stream as it was read.
        cut: how it is cut.

    >>> import pyarrow as pa
    >>> Windows(Table(pa.table({"x": [1.0, 2.0, 3.0]}), "arrow"), Cut(2, 1))
    Windows(2 windows of 2 steps, stride 1; 3 steps of 1 channel)
    """

    table: Table
    cut: Cut

    @cached_property
    def segments(self) -> list[Rows]:
        """The rows of each stretch of one machine without a hole, in time order."""
        return self.cut.segments(self.table.arrow)

    @property
    def channels(self) -> list[str]:
        """The columns that the windows hold."""
        return self.cut.channels(self.table.names)

    def __len__(self) -> int:
        return sum(self.cut.count(len(rows)) for rows in self.segments)

    def __repr__(self) -> str:
        parts = [f"{_many(self.table.rows, 'step')} of {_many(len(self.channels), 'channel')}"]
        groups = self.table.arrow.group_by(list(self.cut.by)).aggregate([]).num_rows if self.cut.by else 1
        holes = len(self.segments) - groups
        parts += [_many(groups, "group")] if self.cut.by else []
        parts += [_many(holes, "hole") + " in time"] if holes else []
        windows = f"{_many(len(self), 'window')} of {self.cut.size} steps, stride {self.cut.stride}"
        return f"Windows({windows}; {', '.join(parts)})"


def windows(
    data: Any, size: int, stride: int | None = None, time: str | None = None, by: str | Iterable[str] | None = None
) -> Windows:
    """A stream of sensors, cut into windows that never cross a machine's end or a hole in time.

    A fitted model keeps the cut, so that every mode takes the raw stream and answers per step. A hole is a step longer
    than 1.5 usual ones (2.5 on a clock that often misses a tick); where no step is usual, one far beyond the longest.

    Args:
        data: whatever `vaekit.fit` takes for a table; its rows are steps, in any order where `time` is given.
        size: steps of a window, at least 2.
        stride: steps from one window's start to the next one's, at most size; an eighth of the size when None.
        time: the column of times: dates, dates with times, or numbers; the order of the rows when None.
        by: the column, or columns, that tell machines apart.

    Returns:
        Windows, for `vaekit.fit`. The columns of `time` and `by` are no channels.

    Raises:
        SpecError: size or stride is no whole number in its range.
        DataError: a column is absent, no time, or empty somewhere, no window fits, or images were given.

    >>> stream = {"unit": ["a"] * 4 + ["b"] * 4, "hour": [0, 1, 2, 3, 0, 1, 2, 9], "load": [5.0] * 8}
    >>> windows(stream, size=2, stride=1, time="hour", by="unit")
    Windows(5 windows of 2 steps, stride 1; 8 steps of 1 channel, 2 groups, 1 hole in time)
    """
    from vaekit.sources import read

    table = data.table if isinstance(data, Windows) else read(data)
    if any(is_tensor(kind) for kind in table.arrow.schema.types):
        raise DataError("windows: images were given, a table was expected whose rows are the steps of a stream",
                        hint="images are fitted as they are, without windows")  # fmt: skip
    cut = Cut.fit(table.arrow, size, stride, time, by)
    made = Windows(replace(table, cut=None), cut)
    cut.refuse_short(table.arrow, made.segments)
    return made


def is_windows(data: object) -> bool:
    """True for what `windows` returns."""
    return isinstance(data, Windows)


def read_windows(data: Windows) -> Table:
    """The stream, with its cut."""
    return replace(data.table, cut=data.cut)


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}" + ("s" if count != 1 else "")
