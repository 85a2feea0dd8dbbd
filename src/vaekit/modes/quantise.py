"""Values as symbols of a finite alphabet, and what a symbol leaves open as a whole number.

```
value --ranks--> rank --book--> symbol (an interval of ranks: a level, one number, a bin), offset within the interval
```

A law gives a symbol its probability through its distribution function at the symbol's edges. Within a symbol all ranks count as
equally probable. A value outside the book, or one that its rank does not give back to the last bit, has no symbol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.codec import ranks, ticks
from vaekit.codec.field import Field, Floats
from vaekit.codec.levels import Levels
from vaekit.codec.numeric import Numeric
from vaekit.codec.pixels import Pixels
from vaekit.codec.ranks import Ranks
from vaekit.schema import plain

MOST = 600  # whole numbers that have a symbol each; wider ranges are binned
BEYOND = 0.25  # share of the training range that the outer symbols reach past it
NEAR = 7e-7  # of a cell: twice as far as a law looks for an atom in single precision
Symbols = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Book:
    """The alphabet of one column: symbol m stands for the ranks first[m] ... first[m] + count[m] - 1.

    Args:
        first: smallest rank of each symbol, in order, (M,).
        count: how many ranks, (M,); none where no value has that symbol.
        centre: the cell that a net is shown, (M,).
        edges: the cells between a symbol and the next, (M - 1,).

    >>> book = Book(np.array([0, 1], np.uint64), np.array([1, 9], np.uint64), np.zeros(2), np.zeros(1))
    >>> symbol, offset, known = book.look_up(np.array([0, 4, 10], np.uint64))
    >>> symbol.tolist(), offset.tolist(), known.tolist()
    ([0, 1, 1], [0, 3, 9], [True, True, False])
    """

    first: Ranks
    count: Ranks
    centre: Floats
    edges: Floats

    def __len__(self) -> int:
        return len(self.first)

    def look_up(self, ranked: Ranks) -> tuple[Symbols, Ranks, NDArray[np.bool_]]:
        """Symbol, offset and whether there is one, of ranks (B,)."""
        found = np.searchsorted(self.first, ranked, side="right") - 1
        symbol = np.clip(found, 0, len(self) - 1)
        offset = ranked - self.first[symbol]
        return symbol.astype(np.int32), offset, (found >= 0) & (offset < self.count[symbol])

    def rank(self, symbol: Symbols, offset: Ranks) -> Ranks:
        """The inverse of `look_up`."""
        return self.first[symbol] + offset


@dataclass(frozen=True, eq=False)
class _Line:
    """What the book of a column of numbers is made from: the way from cells to ranks, and back."""

    field: Field
    ranks: Callable[[Floats], Ranks]
    cells: Callable[[Ranks], Floats]


def book_of(part: Numeric | Levels | Pixels, channel: int = 0) -> Book:
    """The book of a column's codec, of images of one channel."""
    if isinstance(part, Levels):
        return _levels(part)
    line = _of_pixels(part, channel) if isinstance(part, Pixels) else _of_numbers(part)
    return _numbers(line) if line.field.rows else _empty()


def ranks_of(part: Numeric | Levels, array: pa.Array) -> tuple[Ranks, NDArray[np.bool_]]:
    """Ranks of the cells of a column in the fitted type (B,), and flags of those that have one."""
    if isinstance(part, Levels):
        return _level_ranks(part, array)
    raw, observed = ticks.read(part.column, array)
    finite = np.isfinite(raw)
    found, exact = ranks.ranks(part, np.where(finite, raw, raw.dtype.type(0)))
    return found, exact & observed & finite


def column_of(part: Numeric | Levels, ranked: Ranks, coded: NDArray[np.bool_]) -> pa.Array:
    """The column in the fitted type (B,), null where it is not coded: the inverse of `ranks_of`."""
    if isinstance(part, Levels):
        order = np.argsort(part.cell_of, kind="stable")
        place = np.where(coded, ranked, 0).astype(np.int64)
        return part.typed(pa.array(order[place] if len(order) else place, mask=~coded))
    return ticks.write(part.column, ranks.values(part, ranked), coded)


def _level_ranks(part: Levels, array: pa.Array) -> tuple[Ranks, NDArray[np.bool_]]:
    """The place of each level when all levels are sorted by their cells: rare ones stand together."""
    index, order = part.index(plain(part.column, array)), np.argsort(part.cell_of, kind="stable")
    known = index >= 0
    if not len(order):
        return np.zeros(len(index), np.uint64), known
    return np.argsort(order)[np.where(known, index, 0)].astype(np.uint64), known


def _levels(part: Levels) -> Book:
    """One symbol a cell; the levels that share the cell "other" are told apart by their offset."""
    M = max(part.field.levels, 2)
    count = np.bincount(part.cell_of, minlength=M).astype(np.uint64)
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.uint64)
    return Book(first, count, np.arange(M, dtype=float), np.arange(0.5, M - 1))


def _empty() -> Book:
    """A column of which training saw no value: nothing has a symbol."""
    return Book(np.zeros(2, np.uint64), np.zeros(2, np.uint64), np.zeros(2), np.zeros(1))


def _of_numbers(part: Numeric) -> _Line:
    def find(cells: Floats) -> Ranks:
        return ranks.ranks(part, part.raw_of(cells))[0]

    def cells(ranked: Ranks) -> Floats:
        return part.cells_of(ranks.values(part, ranked))

    return _Line(part.field, find, cells)


def _of_pixels(part: Pixels, channel: int) -> _Line:
    field, dtype = part.fields[channel], part.dtype

    def find(cells: Floats) -> Ranks:
        shown = field.value(cells)
        if dtype.kind != "f":
            low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            shown = np.clip(np.rint(shown), low, high)
        return ranks.in_order(shown.astype(dtype))

    def cells(ranked: Ranks) -> Floats:
        return np.asarray(field.cell(ranks.from_order(ranked, dtype).astype(float)))

    return _Line(field, find, cells)


def _numbers(line: _Line) -> Book:
    """One symbol a number where there are few, else atoms for repeated numbers and bins between the quantiles."""
    first = _cuts(line)
    first, count = first[:-1], np.diff(first)
    below, above = line.cells(first), line.cells(first + count - np.uint64(1))
    return Book(first, count, (below + above) / 2, _edges(below, above, count == 1))


def _cuts(line: _Line) -> Ranks:
    """The first rank of each symbol, and the rank past the last."""
    field = line.field
    atoms = np.asarray(field.distinct if len(field.distinct) else field.spikes, dtype=float)
    known = np.concatenate([atoms, field.quantiles, np.asarray(field.spikes, dtype=float)])
    room = BEYOND * max(float(np.ptp(known)), 1.0)
    ends = np.array([known.min() - room, known.max() + room])
    low, high = (int(rank) for rank in line.ranks(ends))
    if high - low < MOST:
        return np.arange(low, high + 2, dtype=np.uint64)
    one = np.uint64(1)
    single = line.ranks(atoms)
    cuts = np.concatenate([line.ranks(known), [line.ranks(known).max() + one], single, single + one])
    return np.unique(np.concatenate([cuts, np.array([low, high + 1], np.uint64)]))


def _edges(below: Floats, above: Floats, single: NDArray[np.bool_]) -> Floats:
    """Half-way between the last cell of a symbol and the first of the next, but as far from an atom as a law looks for it."""
    middle = (above[:-1] + below[1:]) / 2
    near = NEAR * np.abs(below) + 1e-11
    edges = np.where(single[1:], np.minimum(middle, below[1:] - near[1:]), middle)
    edges = np.where(single[:-1], np.maximum(middle, above[:-1] + near[:-1]), edges)
    return np.maximum.accumulate(edges)
