"""Rows of files in an order that is as good as random: from many places at once, and of large pieces some rows at a time.

```
files cut into lanes ---- lane 1: its pieces in a random order, each pass anew --a stretch-->
of equal meaning:    ---- lane 2: ...                                          --a stretch-->  one lot, shuffled by its reader
                     ---- ...                                                  --a stretch-->
```

A lot takes from every lane a stretch in proportion to its rows, so that it is a sample stratified over the files: where these
are sorted, a lot is still like the whole. Of row groups larger than `LARGE` each visit takes one row in some, and other rows
each time. Lots are numbered, and a lot's rows depend on nothing but its number and the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit import rng
from vaekit.sources.pieces import Piece

LANES = 16
LARGE = 1 << 16  # rows of a piece that are taken together
LEAST = 1 / 4  # of a large piece's rows taken at a visit: reading the others costs time
Read = Callable[[Piece], Iterator[pa.Table]]
Numbers = NDArray[np.int64]
Taken = tuple[int, int, pa.Table]


class Lanes:
    """Lots of rows out of pieces of files.

    Args:
        pieces: all of them, in the order of the files.
        read: the rows of a piece, in tables of some thousand.
        rows: of a lot, about.
        seed: of the order.
        but: rows whose word in the stream "split" is this or less are left out: they are held out.
        part: (this one, of how many) readers that share the rows among them.

    >>> table = pa.table({"x": np.arange(1000)})
    >>> pieces = [Piece("rows", at, 0, at * 100, 100) for at in range(10)]
    >>> lanes = Lanes(pieces, lambda piece: iter([table.slice(piece.first, piece.rows)]), rows=100)
    >>> lot = np.concatenate([numbers for numbers, _ in lanes.lot(0)])
    >>> len(lot), bool(400 < lot.mean() < 600)
    (100, True)
    """

    def __init__(
        self, pieces: Sequence[Piece], read: Read, *, rows: int, seed: int = 0, but: int = -1, part: tuple[int, int] = (0, 1)
    ) -> None:  # fmt: skip
        self.rows = sum(piece.rows for piece in pieces)
        self.own, self.others = part
        self.apart = (
            len(pieces) >= LANES * self.others
        )  # readers that have pieces of their own, not rows of every piece
        share = self.others if self.apart else 1
        lanes = _lanes(pieces, min(LANES, len(pieces)))
        self.lanes = [_Lane(lane[self.own :: share] or lane, read, seed, number) for number, lane in enumerate(lanes)]
        self.seed, self.but = seed, but
        typical = float(np.median([piece.rows for piece in pieces]))
        self.share = float(np.clip(LARGE / typical, LEAST, 1.0))
        taken = self.share * (1 if self.apart else 1 / self.others)
        whole = sum(lane.rows for lane in self.lanes)
        self.stretch = [max(1, round(min(rows / taken, whole) * lane.rows / whole)) for lane in self.lanes]

    def lot(self, number: int, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[Numbers, pa.Table]]:
        """The rows of a lot with their numbers, some thousand at a time, in no particular order."""
        for lane, stretch in zip(self.lanes, self.stretch, strict=True):
            for passed, first, table in lane.take(number * stretch, stretch):
                if stop():
                    return
                numbers = np.arange(first, first + table.num_rows)
                keep = self._kept(numbers, passed)
                yield (numbers, table) if keep.all() else (numbers[keep], table.filter(pa.array(keep)))

    def _kept(self, numbers: Numbers, passed: int) -> NDArray[np.bool_]:
        keep = np.ones(len(numbers), dtype=bool)
        if self.share < 1:
            keep &= rng.words(self.seed, numbers, "pass", passed) <= np.uint64(self.share * 2**64)
        if self.but >= 0:
            keep &= rng.words(self.seed, numbers, "split") > np.uint64(self.but)
        if not self.apart and self.others > 1:
            keep &= numbers % self.others == self.own
        return keep


def _lanes(pieces: Sequence[Piece], count: int) -> list[list[Piece]]:
    """Neighbouring pieces, cut where a lane has its part of the rows."""
    ends = np.cumsum([piece.rows for piece in pieces])
    of = np.minimum((ends - 1) * count // ends[-1], count - 1)
    lanes = [[piece for piece, lane in zip(pieces, of, strict=True) if lane == each] for each in range(count)]
    return [lane for lane in lanes if lane]


class _Lane:
    """The pieces of a lane one after another, in an order of its own each pass, which begins within a piece and ends there."""

    def __init__(self, pieces: Sequence[Piece], read: Read, seed: int, number: int) -> None:
        self.pieces, self.read, self.seed, self.number = pieces, read, seed, number
        self.rows = sum(piece.rows for piece in pieces)
        self.at = 0
        self.open: Iterator[Taken] = iter(())
        self.left: Taken | None = None

    def take(self, at: int, count: int) -> Iterator[Taken]:
        """So many rows from a place on, counted over all passes: pass, number of the first row, rows."""
        if at != self.at:
            self.at, self.open, self.left = at, iter(()), None
        while count:
            passed, first, table = self.left or next(self.open, None) or self._begin()
            some, rest = table.slice(0, count), table.slice(count)
            self.left = (passed, first + count, rest) if rest.num_rows else None
            self.at, count = self.at + some.num_rows, count - some.num_rows
            yield passed, first, some

    def _begin(self) -> Taken:
        """Open the piece, or the part of it, that lies at this place."""
        passed, within = divmod(self.at, self.rows)
        for piece, begin, end in self._order(passed):
            if within < end - begin:
                self.open = self._rows(passed, piece, begin + within, end)
                return next(self.open)
            within -= end - begin
        raise AssertionError("a place within the rows")

    def _order(self, passed: int) -> list[tuple[Piece, int, int]]:
        draw = rng.numpy(self.seed, "lane", self.number, passed)
        first, *rest = (self.pieces[number] for number in draw.permutation(len(self.pieces)))
        middle = int(draw.integers(first.rows))  # so that lanes of large pieces are not all at the beginning of theirs
        return [(first, middle, first.rows), *((piece, 0, piece.rows) for piece in rest), (first, 0, middle)]

    def _rows(self, passed: int, piece: Piece, begin: int, end: int) -> Iterator[Taken]:
        at = 0
        for table in self.read(piece):
            some = table.slice(max(begin - at, 0), max(end - max(at, begin), 0))
            if some.num_rows:
                yield passed, piece.first + max(begin, at), some
            at += table.num_rows
            if at >= end:
                return
