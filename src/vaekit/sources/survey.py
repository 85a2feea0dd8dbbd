"""One pass over files of any size: a uniform sample of the rows, those that no sample must lack, and counts of values.

```
piece after piece --words--> the rows of the least words: a sample    --> table, in the order of the files
                  --watch--> witnesses of extremes, digits and values -->
                         --> tallies
```

Words depend on seed and row number alone (`vaekit.rng.words`), so that the sample is the same however rows are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit import rng
from vaekit.errors import DataError
from vaekit.schema import clock
from vaekit.schema.look import listed
from vaekit.sources.pieces import Piece, moved, rows_known, walk
from vaekit.sources.watch import Tally, Watch

SPLIT = "split"  # the stream of words that orders rows: the least are held out, the next are sampled
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Survey:
    """What one pass over files found.

    Args:
        rows: how many there are.
        pieces: where they lie.
        table: sampled rows and witnesses, in the order of the files.
        numbers: the number of each of these rows, (n,).
        words: the word of each, (n,).
        sampled: flags of the sampled ones, (n,); the others are witnesses alone.
        tallies: the values of each column and how often each came, in all rows.
        text: columns of CSV that are read as text.
    """

    rows: int
    pieces: tuple[Piece, ...]
    table: pa.Table
    numbers: Numbers
    words: Words
    sampled: NDArray[np.bool_]
    tallies: dict[str, Tally]
    text: tuple[str, ...] = ()


def survey(
    paths: Sequence[str], size: int, seed: int = 0, text: Sequence[str] = (), watch: Callable[[int, int], None] | None = None
) -> Survey:  # fmt: skip
    """Go through the files once.

    Args:
        paths: Parquet and CSV files of the same columns.
        size: rows of the sample; all where there are fewer.
        seed: of the sample.
        text: columns of CSV that are read as text.
        watch: told how many rows are done, and how many there are.

    Raises:
        DataError: damaged or empty files, files whose columns differ, an infinity.
    """
    mixed: list[str] = []
    while True:
        try:
            found = _survey(paths, size, seed, (*text, *mixed), watch)
            return replace(found, table=clock.with_found(found.table, mixed))
        except _Mixed as more:  # a block of lines looked like numbers, a later one does not: the column is text
            mixed = [*mixed, *more.names]


class _Mixed(Exception):
    def __init__(self, names: list[str]) -> None:
        self.names = names


class _Sample:
    """The rows of the least words so far."""

    def __init__(self, size: int, rows: int | None) -> None:
        self.size, self.held = size, 0
        share = 1.0 if rows is None else min(1.0, (1.02 * size + 1000) / max(rows, 1))
        self.limit = np.uint64(2**64 - 1) if share == 1 else np.uint64(int(share * 2**64))
        self.parts: list[tuple[pa.Table, Numbers, Words]] = []

    def add(self, table: pa.Table, numbers: Numbers, words: Words) -> None:
        keep = words <= self.limit
        if not keep.any():
            return
        self.parts.append((table.filter(pa.array(keep)), numbers[keep], words[keep]))
        self.held += int(keep.sum())
        if self.held > self.size + self.size // 2:
            self.cut()

    def cut(self) -> None:
        """Keep no more than the size."""
        if self.held <= self.size:
            return
        every = np.concatenate([words for _, _, words in self.parts])
        self.limit, before, self.parts, self.held = np.partition(every, self.size - 1)[self.size - 1], self.parts, [], 0
        for part in before:
            self.add(*part)


def _survey(
    paths: Sequence[str], size: int, seed: int, text: tuple[str, ...], watch: Callable[[int, int], None] | None
) -> Survey:
    known = rows_known(paths)
    sample, pieces = _Sample(size, known), []
    kinds: dict[str, pa.DataType] = {}
    watches: dict[str, Watch] = {}
    witnesses: dict[tuple[str, str], tuple[pa.Table, int]] = {}
    done = 0
    for piece, tables in walk(paths, text):
        pieces.append(piece)
        for table in tables:
            _hold(kinds, table, piece)
            watches = watches or {name: Watch(name) for name in table.column_names}
            numbers = np.arange(done, done + table.num_rows)
            sample.add(table, numbers, rng.words(seed, numbers, SPLIT))
            for name, place, what in _seen(watches, table, done):
                witnesses[name, what] = table.slice(place, 1).take([0]), done + place
            done += table.num_rows
            if watch is not None:
                watch(done, known or done)
    sample.cut()
    few = {name: each.few is not None for name, each in watches.items()}
    chosen = [row for (name, what), row in witnesses.items() if few[name] or not what.startswith("value ")]
    joined = _joined(sample, chosen, seed)
    return Survey(done, tuple(pieces), *joined, {name: each.tally for name, each in watches.items()}, text)


def _seen(watches: dict[str, Watch], table: pa.Table, first: int) -> Iterator[tuple[str, int, str]]:
    for name, each in watches.items():
        try:
            found = each.see(table[name])
        except DataError as error:
            raise DataError(moved(error.message, first), hint=error.hint) from None
        yield from ((name, place, what) for what, place in found)


def _hold(kinds: dict[str, pa.DataType], table: pa.Table, piece: Piece) -> None:
    """Refuse other columns than before; note a column that was read as numbers in one place and as text in another."""
    if kinds and set(kinds) != set(table.column_names):
        other = sorted(set(kinds) ^ set(table.column_names))
        raise DataError(
            f"the files differ in their columns: {piece.path!r} differs from those before in {listed(other)}",
            hint="read files together only where they have the same columns",
        )
    mixed = []
    for column in table.schema:
        before = kinds.setdefault(column.name, column.type)
        if before != column.type:
            both = _both(before, column.type)
            if both is None:
                mixed.append(column.name)
            else:
                kinds[column.name] = both
    if mixed and piece.size:
        raise _Mixed(mixed)
    if mixed:
        raise DataError(
            f"column {mixed[0]!r} holds {table.schema.field(mixed[0]).type} in {piece.path!r} and "
            f"{kinds[mixed[0]]} in a file before, expected one type",
            hint="convert the column in one of the files",
        )


def _both(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    try:
        pair = [pa.schema([("x", one)]), pa.schema([("x", other)])]
        return pa.unify_schemas(pair, promote_options="permissive").field("x").type
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None


def _joined(
    sample: _Sample, witnesses: list[tuple[pa.Table, int]], seed: int
) -> tuple[pa.Table, Numbers, Words, NDArray[np.bool_]]:
    """Sampled rows and witnesses that are none of them, in the order of the files."""
    numbers = np.concatenate([numbers for _, numbers, _ in sample.parts])
    known = np.isin([number for _, number in witnesses], numbers)
    more = {number: row for (row, number), there in zip(witnesses, known, strict=True) if not there}
    table = pa.concat_tables([*(part[0] for part in sample.parts), *more.values()], promote_options="permissive")
    every = np.concatenate([numbers, np.array([*more], dtype=np.int64)])
    order = np.argsort(every, kind="stable")
    sampled = np.arange(len(every)) < len(numbers)
    table = table.combine_chunks() if len(order) and (np.diff(order) == 1).all() else table.take(pa.array(order))
    return table, every[order], rng.words(seed, every[order], SPLIT), sampled[order]
