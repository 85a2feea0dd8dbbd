"""How a stream is cut into windows: stored with a model, so that every mode can take the raw stream.

```
stream (N rows) --segments--> [rows of one machine, in time order, without a hole] --windows--> row numbers (W, T)
                                          --split--> stretches that train, stretches held out
```
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import DataError, SpecError, warn
from vaekit.schema.look import listed, nearest
from vaekit.schema.values import flat
from vaekit.sources.clock import HOLE, learn, pace, refuse_null, ticks

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """How a stream is cut into windows; `Cut.fit` learns the clock, the fields are ready for JSON.

    Args:
        size: steps of a window, T.
        stride: steps from the start of a window to the start of the next.
        time: the column of times; None when the order of the rows is the clock.
        by: the columns that tell machines apart.
        interval: the clock's usual step, in seconds (plain numbers: in their unit); None when nothing is usual.
        hole: the longest step that is no hole, in the same unit; None when there are no holes.
        own: machines differ in pace; `holes` says of each that was seen what `hole` says of all.
        holes: per machine the longest step that is no hole; one that was not seen shows its pace in its first window.
        dated: times are moments rather than plain numbers.
        format: the pattern of times that are text.

    >>> cut = Cut(size=2, stride=1, time="hour", interval=1.0)
    >>> segments = cut.segments(pa.table({"hour": [1, 2, 3, 8, 9]}))
    >>> cut.windows(segments).tolist()
    [[0, 1], [1, 2], [3, 4]]
    """

    size: int
    stride: int
    time: str | None = None
    by: tuple[str, ...] = ()
    interval: float | None = None
    hole: float | None = None
    own: bool = False
    holes: dict[str, float] = field(default_factory=dict, hash=False)
    dated: bool = False
    format: str | None = None

    @classmethod
    def fit(
        cls, table: pa.Table, size: int, stride: int | None = None, time: str | None = None,
        by: str | Iterable[str] | None = None,
    ) -> Cut:  # fmt: skip
        """Check what was asked for and learn the clock.

        Args:
            table: the stream (N rows).
            size: steps of a window, at least 2.
            stride: from 1 to size; an eighth of the size when None.
            time: a column of times.
            by: a column, or several, that tell machines apart.

        Raises:
            SpecError: size or stride is no whole number in its range.
            DataError: a column is absent, no time, or empty somewhere.

        >>> Cut.fit(pa.table({"t": [0, 10, 20, 90], "x": [1, 2, 3, 4]}), size=16, time="t").interval
        10.0
        """
        size = _whole("size", size, 2, None)
        stride = max(1, size // 8) if stride is None else _whole("stride", stride, 1, size)
        names = (by,) if isinstance(by, str) else tuple(dict.fromkeys(by or ()))
        if time in names:
            raise SpecError(
                f"windows: {time!r} is given as time= and as by=", hint="by= names what tells machines apart"
            )
        cut = cls(size, stride, time, names)
        cut._refuse_absent(table)
        cut.channels(table.column_names)
        order = cut._order(table)
        if time is None:
            return cut
        found = ticks(time, table.column(time))
        clock = learn(order.steps, order.starts, size)
        _warn_repeated(time, names, order.steps)
        cut = replace(cut, **clock._asdict(), dated=found.seconds is not None, format=found.format)
        seen = cut._holes(table, order) if clock.own else {}
        return replace(cut, holes={name: hole for name, hole in seen.items() if np.isfinite(hole)})

    @property
    def aside(self) -> tuple[str, ...]:
        """The columns that are no channels: the clock and the names of machines."""
        return (*(() if self.time is None else (self.time,)), *self.by)

    def channels(self, names: Iterable[str]) -> list[str]:
        """The columns that windows hold: all but time and the ones that tell machines apart.

        Raises:
            DataError: when none is left.

        >>> Cut(8, 1, "t", ("unit",)).channels(["unit", "t", "x"])
        ['x']
        """
        left = [name for name in names if name not in self.aside]
        if not left:
            raise DataError(
                f"no channel is left beside {listed(self.aside)}",
                hint="a stream needs at least one column that is measured",
            )
        return left

    def segments(self, table: pa.Table) -> list[Rows]:
        """The rows of each stretch of one machine without a hole, in time order.

        Args:
            table: a stream (N rows) in any order; rows of equal time keep theirs.

        Returns:
            Row numbers, one array a stretch; every row is in exactly one. Machines come in order of appearance.

        Raises:
            DataError: an absent column, an empty cell in the time or group columns, or times of another kind.

        >>> Cut(2, 1, by=("unit",)).segments(pa.table({"unit": ["a", "b", "a"]}))
        [array([0, 2]), array([1])]
        """
        self._refuse_absent(table)
        order = self._order(table)
        cuts = np.zeros(len(order.rows), dtype=bool)
        cuts[order.starts[1:]] = True
        if (longest := self._longest_step(table, order)) is not None:
            cuts |= order.steps > longest  # false for the not-a-number of a first row
        return np.split(order.rows, np.flatnonzero(cuts)) if len(cuts) else []

    def windows(self, segments: Sequence[Rows], stride: int | None = None) -> Rows:
        """The row numbers of every window, (W, T).

        The last window of a stretch ends at its last step, so that every step of a stretch of at least T is covered.

        Args:
            segments: from `segments`.
            stride: other than the cut's own: 1 makes a window end in every step from the T-th on.

        >>> Cut(3, 2).windows([np.arange(6)]).tolist()
        [[0, 1, 2], [2, 3, 4], [3, 4, 5]]
        """
        step = self.stride if stride is None else _whole("stride", stride, 1, self.size)
        inside = np.arange(self.size)
        cut = [
            rows[_starts(len(rows), self.size, step)[:, None] + inside] for rows in segments if len(rows) >= self.size
        ]
        return np.concatenate(cut) if cut else np.empty((0, self.size), dtype=np.int64)

    def count(self, steps: int) -> int:
        """How many windows a stretch of so many steps gives.

        >>> Cut(3, 2).count(6)
        3
        """
        return len(_starts(steps, self.size, self.stride)) if steps >= self.size else 0

    def uncovered(self, segments: Sequence[Rows]) -> Rows:
        """The rows that no window covers, sorted: those in stretches shorter than a window.

        >>> Cut(3, 1).uncovered([np.array([4, 1]), np.array([0, 2, 3])]).tolist()
        [1, 4]
        """
        short = [rows for rows in segments if len(rows) < self.size]
        return np.sort(np.concatenate(short)) if short else np.empty(0, dtype=np.int64)

    def warn_uncovered(self, segments: Sequence[Rows]) -> None:
        """Tell how many steps get no answer because they lie in stretches shorter than a window."""
        short = [len(rows) for rows in segments if len(rows) < self.size]
        if short:
            steps = "1 step lies" if sum(short) == 1 else f"{sum(short):,} steps lie"
            warn(f"{steps} in stretches of the stream shorter than a window of {self.size}; the answer there is null")

    def refuse_short(self, table: pa.Table, segments: Sequence[Rows], *, fitted: bool = False) -> None:
        """Refuse a stream in which no window fits.

        Args:
            table: the stream.
            segments: its stretches.
            fitted: a model was fitted to windows of this size, so that no other will do.

        Raises:
            DataError: the longest stretch, its length and its machine are named.
        """
        longest = max(segments, key=len, default=np.empty(0, dtype=np.int64))
        if len(longest) >= self.size:
            return
        unit = ", ".join(f"{name}={table.column(name)[int(longest[0])].as_py()!r}" for name in self.by if len(longest))
        where = f" ({unit})" if unit else ""
        without = " without a hole in time" if self.time else ""
        hint = f"size={len(longest)} is the largest that fits" if len(longest) > 1 else "does by= number the rows?"
        raise DataError(
            f"the stream is shorter than a window: {self.size} steps were expected, the longest of {len(segments)} "
            f"stretches{without}{where} has {len(longest)}",
            hint=hint if not fitted and (self.by or len(longest) > 1) else "give more rows of the stream",
        )

    def to_dict(self) -> dict[str, Any]:
        """The cut, ready for JSON.

        >>> Cut.from_dict(Cut(8, 1, by=("unit",)).to_dict())
        Cut(size=8, stride=1, time=None, by=('unit',), interval=None, hole=None, own=False, holes={}, dated=False,
        format=None)
        """
        return {**asdict(self), "by": list(self.by)}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Cut:
        """The cut that `to_dict` wrote."""
        return cls(**{**state, "by": tuple(state["by"])})

    def _longest_step(self, table: pa.Table, order: _Order) -> NDArray[np.float64] | float | None:
        """The longest step that is no hole: one for all, or one a row where machines differ in pace."""
        if not self.own:
            return self.hole if self.hole is not None or self.interval is None else HOLE * self.interval
        # only the steps inside the first window of a new machine decide: later rows never change what came before
        known, seen = self._holes(table, order, self.size), self.holes
        longest = [seen.get(name, known[name]) for name in self._names(table, order)]
        return np.repeat(longest, np.diff([*order.starts, len(order.rows)]))

    def _holes(self, table: pa.Table, order: _Order, most: int | None = None) -> dict[str, float]:
        paces = (pace(group[:most])[1] for group in np.split(order.steps, order.starts[1:]))
        holes = (np.inf if hole is None else hole for hole in paces)
        return dict(zip(self._names(table, order), holes, strict=True))

    def _names(self, table: pa.Table, order: _Order) -> list[str]:
        """Every machine's name, one text however many columns tell it."""
        firsts = table.select(self.by).take(pa.array(order.rows[order.starts]))
        return [json.dumps([str(value) for value in row.values()]) for row in firsts.to_pylist()]

    def _order(self, table: pa.Table) -> _Order:
        codes = _codes(table, self.by)
        if self.time is None:
            rows = np.argsort(codes, kind="stable")
            return _Order(rows, _firsts(codes[rows]), np.full(len(rows), np.nan))
        found = ticks(self.time, table.column(self.time), self.format)
        if (self.hole is not None or self.own) and self.dated != (found.seconds is not None):
            was, now = ("moments", "plain numbers") if self.dated else ("plain numbers", "moments")
            raise DataError(f"time column {self.time!r} holds {now}, {was} were fitted", hint=f"give it as {was}")
        rows = np.lexsort((found.values, codes))
        starts, values = _firsts(codes[rows]), found.values[rows]
        steps = np.diff(values, prepend=values[:1]).astype(np.float64) * (found.seconds or 1.0)
        steps[starts] = np.nan
        return _Order(rows, starts, steps)

    def _refuse_absent(self, table: pa.Table) -> None:
        for what, names in (("time", [self.time] if self.time is not None else []), ("by", self.by)):
            for name in names:
                if name not in table.column_names:
                    raise DataError(
                        f"windows: column {name!r} ({what}=) is absent; {listed(table.column_names)} were given",
                        hint=nearest(str(name), table.column_names),
                    )


class _Order(NamedTuple):
    """Rows sorted by machine and time, where each machine starts among them, and the time since the row before."""

    rows: Rows
    starts: Rows
    steps: NDArray[np.float64]


def _codes(table: pa.Table, by: Sequence[str]) -> Rows:
    """The number of each row's machine, counted in order of appearance."""
    codes = np.zeros(table.num_rows, dtype=np.int64)
    for name in by:
        refuse_null(name, table.column(name), "the name of a machine")
        values = flat(table.column(name)).dictionary_encode()
        more = values.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        codes = np.unique(codes * len(values.dictionary) + more, return_inverse=True)[1].reshape(-1)
    first = np.unique(codes, return_index=True)[1]
    return np.argsort(np.argsort(first))[codes]


def _firsts(codes: Rows) -> Rows:
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _starts(length: int, size: int, stride: int) -> Rows:
    last = length - size
    starts = np.arange(0, last + 1, stride)
    return starts if starts[-1] == last else np.append(starts, last)


def _whole(name: str, value: Any, least: int, most: int | None) -> int:
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if number < least or (most is not None and number > most):
        upto = f"of at least {least}" if most is None else f"from {least} to {most} (the size)"
        raise SpecError(
            f"windows: {name}={value!r}, a whole number of steps {upto} was expected", hint=f"{name}={least}"
        )
    return number


def _warn_repeated(time: str, by: Sequence[str], steps: NDArray[np.float64]) -> None:
    """Tell when most times repeat, which is what a stream of several machines looks like."""
    share = float((steps == 0).mean()) if len(steps) else 0.0
    if share >= 0.5:
        what = "another column" if by else "a column"
        warn(f"windows: {share:.0%} of the times in {time!r} repeat; if {what} tells machines apart, name it in by=")
