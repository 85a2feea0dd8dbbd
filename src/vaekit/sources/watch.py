"""What one pass over a column remembers: how often each value came, and the rows that a sample must not lack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vaekit.schema import look
from vaekit.schema.numbers import decimals
from vaekit.schema.types import is_moment, is_text, is_tick
from vaekit.schema.values import flat

MOST = 2**18  # values of one column that are counted
FEW = 256  # values of a column each of which a sample must hold
DIGITS = 6  # after the point; see `vaekit.schema.numbers.decimals`


@dataclass
class Tally:
    """How often each value of a column came, exactly while there are at most `most` of them.

    Of more values text keeps the more frequent half: a value then counts at most `lost` rows too few, which is at most
    2 rows / most (Misra and Gries 1982, doi 10.1016/0167-6423(82)90012-0, in rounds). Numbers are no longer counted.

    >>> tally = Tally()
    >>> tally.add(pa.array(["b", "a", "b", None]))
    >>> [array.to_pylist() for array in tally.counted()]
    [['a', 'b'], [1, 2]]
    """

    most: int = MOST
    lost: int = 0
    closed: bool = False
    parts: list[pa.Table] = field(default_factory=list)
    waiting: int = 0

    def add(self, values: pa.Array) -> None:
        """Count the values of some rows (B,), nulls left out."""
        if self.closed or not len(values):
            return
        found = pc.value_counts(values)
        self.parts.append(pa.table({"value": found.field("values"), "rows": found.field("counts")}))
        self.waiting += len(found)
        if self.waiting > 2 * self.most:
            self._settle()

    def counted(self) -> tuple[pa.Array, pa.Array] | None:
        """The values in order and the rows of each; None where there were too many numbers."""
        self._settle()
        if self.closed:
            return None
        if not self.parts:
            return pa.array([], pa.null()), pa.array([], pa.int64())
        table = self.parts[0].sort_by("value")
        return flat(table["value"]), flat(table["rows"])

    def _settle(self) -> None:
        if self.closed or not self.parts:
            return
        joined = pa.concat_tables(self.parts, promote_options="permissive")
        table = joined.group_by("value", use_threads=False).aggregate([("rows", "sum")])
        table = table.rename_columns({"rows_sum": "rows"}).filter(pc.field("value").is_valid())
        if table.num_rows > self.most:
            if not is_text(table["value"].type):
                self.closed, self.parts, self.waiting = True, [], 0
                return
            table = self._frequent(table)
        self.parts, self.waiting = [table], table.num_rows

    def _frequent(self, table: pa.Table) -> pa.Table:
        """The counts less that of the value in the middle, without those that have none left.

        Each value loses as much as at least most / 2 others do, so that all rounds together take at most 2 rows / most of it.
        """
        rows = table["rows"].to_numpy()
        middle = int(np.partition(rows, len(rows) - self.most // 2)[len(rows) - self.most // 2])
        self.lost += middle
        left = table.set_column(table.column_names.index("rows"), "rows", pa.array(rows - middle))
        return left.filter(pc.field("rows") > 0)


@dataclass
class Watch:
    """One column in one pass: its tally, and which rows show what the column can hold.

    Witnesses are the rows of the least and the greatest number, or of the last of the longest texts; of each value while there
    are few; of the first number that needs more digits after the point, and of the first moment off the grid of all before.
    """

    name: str
    tally: Tally = field(default_factory=Tally)
    few: pa.Array | None = field(default_factory=lambda: pa.array([], pa.null()))
    ends: dict[str, Any] = field(default_factory=dict)
    digits: int | None = 0
    grid: int = 0

    def see(self, column: pa.ChunkedArray) -> list[tuple[str, int]]:
        """The witnesses among some rows (B,): what each shows, and its place; a later one of a name stands for an earlier.

        Raises:
            DataError: an infinity.
        """
        array = flat(column)
        if not _is_plain(array.type):
            return []
        array = look.finite(self.name, array)
        array = (
            array.cast(pa.string()) if is_text(array.type) else array
        )  # of the three types of text one can be counted
        self.tally.add(array.drop_null())
        found = self._fresh(array)
        if is_text(array.type):
            return found + self._longest(array)
        if pa.types.is_boolean(array.type) or array.null_count == len(array):
            return found
        numbers = _whole(array)
        found += self._extremes(numbers)
        if pa.types.is_floating(array.type):
            found += self._finer(numbers)
        return found + (self._off_grid(numbers) if is_moment(array.type) else [])

    def _fresh(self, array: pa.Array) -> list[tuple[str, int]]:
        """The first row of each new value, while there are few values."""
        if self.few is None:
            return []
        values = array.drop_null().unique()
        if len(self.few):
            values = values.filter(pc.invert(pc.is_in(values, value_set=self.few.cast(values.type, safe=False))))
        if not len(values):
            return []
        if len(self.few) + len(values) > FEW:
            self.few = None
            return []
        known = self.few.cast(values.type, safe=False) if len(self.few) else pa.array([], values.type)
        self.few = pa.concat_arrays([known, values])
        return [(f"value {value}", int(pc.index(array, value).as_py())) for value in values]

    def _longest(self, array: pa.Array) -> list[tuple[str, int]]:
        """The last in order of the longest texts: of numbered ones, that with the greatest number."""
        lengths = pc.utf8_length(array)
        longest = pc.max(lengths).as_py()
        if longest is None or longest < self.ends.get("length", 0):
            return []
        last = pc.max(array.filter(pc.equal(lengths, longest))).as_py()
        if (longest, last) <= (self.ends.get("length", -1), self.ends.get("last", "")):
            return []
        self.ends = {"length": longest, "last": last}
        return [("last", int(pc.index(array, last).as_py()))]

    def _extremes(self, numbers: pa.Array) -> list[tuple[str, int]]:
        ends, found = pc.min_max(numbers).as_py(), []
        if "least" not in self.ends or ends["min"] < self.ends["least"]:
            self.ends["least"] = ends["min"]
            found.append(("least", _place(numbers, ends["min"])))
        if "greatest" not in self.ends or ends["max"] > self.ends["greatest"]:
            self.ends["greatest"] = ends["max"]
            found.append(("greatest", _place(numbers, ends["max"])))
        return found

    def _finer(self, numbers: pa.Array) -> list[tuple[str, int]]:
        """The first number that the digits after the point, as many as all before needed, do not write."""
        if self.digits is None:
            return []
        values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
        off = np.flatnonzero(np.round(values.astype(np.float64), self.digits).astype(values.dtype) != values)
        if not len(off):
            return []
        self.digits = decimals(np.unique(values))
        finest = off[_needs(values[off])]
        return [(f"digits {self.digits}", int(finest))]

    def _off_grid(self, numbers: pa.Array) -> list[tuple[str, int]]:
        ticks, found = numbers.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64), []
        while len(off := np.flatnonzero(ticks % self.grid if self.grid else ticks)):
            self.grid = int(np.gcd(self.grid, ticks[off[0]]))
            found.append((f"grid {self.grid}", int(off[0])))
        return found


def _needs(values: NDArray[Any]) -> int:
    """The place of a number that needs as many digits as any."""
    for digits in range(DIGITS, -1, -1):
        off = np.flatnonzero(np.round(values.astype(np.float64), digits).astype(values.dtype) != values)
        if len(off):
            return int(off[0])
    return 0


def _place(numbers: pa.Array, value: Any) -> int:
    return int(pc.index(numbers, pa.scalar(value, numbers.type)).as_py())


def _whole(array: pa.Array) -> pa.Array:
    """Numbers, those of moments and times in their ticks, of decimals as floats."""
    if pa.types.is_decimal(array.type):
        return array.cast(pa.float64())
    if is_moment(array.type) or is_tick(array.type):
        return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return array


def _is_plain(kind: pa.DataType) -> bool:
    """Whether cells can be counted and compared; columns of lists and the like are for others to refuse."""
    return not (pa.types.is_nested(kind) or pa.types.is_null(kind) or isinstance(kind, pa.BaseExtensionType))
