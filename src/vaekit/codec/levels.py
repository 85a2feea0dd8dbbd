"""Binary, ordinal and categorical columns: cell = index of a level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vaekit.codec.field import Field, Floats
from vaekit.errors import DataError, warn
from vaekit.schema import Column, arrow_type, plain, restore
from vaekit.schema.types import value_type
from vaekit.schema.values import flat

MOST = 100_000  # levels of their own in one categorical column
SEEN = 3  # a level seen less often, and in under one row of twenty, is rare
SHARE = 0.05
FEW = 32  # values that are looked up one by one: to look up many, Arrow goes through all levels first


@dataclass(frozen=True, eq=False)
class Levels:
    """One column of levels. A categorical's rare levels share the last cell, "other", where new levels go too.

    Args:
        column: its schema.
        field: what nets and likelihoods see.
        known: every legal level as a plain value, in order, rare ones included, (N,).
        cell_of: the cell of each known level, (N,).
        counts: training rows of each known level, (N,).

    Example:
        >>> pets = pa.array(["cat", "dog", None, "cat"])
        >>> pet = Levels.fit(Column(name="pet", kind="binary", type="string"), pets)
        >>> cells, observed = pet.encode(pets)
        >>> cells.tolist(), observed.tolist(), pet.decode(cells, observed) == pets
        ([0.0, 1.0, 0.0, 0.0], [True, True, False, True], True)
    """

    column: Column
    field: Field
    known: pa.Array
    cell_of: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def fit(cls, column: Column, array: pa.ChunkedArray | pa.Array) -> Levels:
        """The levels of the training cells (B,) of a column, in declared or sorted order."""
        values = plain(column, array)
        return cls.counted(column, values, np.ones(len(values), dtype=np.int64))

    @classmethod
    def counted(cls, column: Column, values: pa.Array, rows: NDArray[np.int64]) -> Levels:
        """The levels of plain values (N,), each of which stands for so many training rows (N,)."""
        known = _known(column, values)
        found = pc.index_in(values, value_set=known)
        at, seen = found.fill_null(0).to_numpy(), found.is_valid().to_numpy(zero_copy_only=False)
        counts = np.bincount(at[seen], weights=rows[seen], minlength=len(known)).astype(np.int64)
        if column.kind == "categorical":
            cell_of, levels = _cells(counts)
        else:  # a coin has two sides even when only one was seen
            cell_of, levels = np.arange(len(known)), max(len(known), 2 if column.kind == "binary" else 1)
        return cls(column, _field(column, levels, cell_of, counts), known, cell_of, counts)

    def encode(self, array: pa.ChunkedArray | pa.Array) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells (0 where missing) and which are observed, both (B,).

        A new level becomes "other" in a categorical column and missing in all others, with a warning.

        Raises:
            DataError: a new level in a column declared with ``unseen="error"``.
        """
        values = plain(self.column, array)
        observed = values.is_valid().to_numpy(zero_copy_only=False)
        index = self.index(values)
        new = observed & (index < 0)
        if new.any():
            self._report(values.filter(pa.array(new)), int(np.flatnonzero(new)[0]))
        if self.column.kind != "categorical":
            observed = observed & ~new
        other = max(self.field.levels - 1, 0)
        cells = np.append(self.cell_of, other)[index].astype(float)  # index -1 is the appended one
        return np.where(observed, cells, 0.0), observed

    def new(self, array: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
        """Flags (B,) of the cells that hold a level which training rows never held."""
        values = plain(self.column, array)
        return values.is_valid().to_numpy(zero_copy_only=False) & (self.index(values) < 0)

    def decode(
        self, cells: Floats, observed: NDArray[np.bool_], generator: np.random.Generator | None = None
    ) -> pa.Array:
        """Values of the fitted type, (B,), null where not observed; "other" draws a rare level by its frequency."""
        if len(self.known) == 0:
            return pa.nulls(len(cells), arrow_type(self.column.type))
        index = self._level(np.where(observed, cells, 0.0), generator)
        return self.typed(pa.array(index, mask=~observed))

    def again(self, cells: Floats, observed: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells (B,) as `encode` reads what `decode` writes: those of legal levels."""
        if len(self.known) == 0:
            return np.zeros_like(cells), np.zeros_like(observed)
        own = self.cell_of[self.level_of][self._cell(cells)]
        return np.where(observed, np.where(self.draws(cells), self.field.levels - 1, own), 0.0), observed

    def _cell(self, cells: Floats) -> NDArray[np.int64]:
        return np.clip(np.rint(cells), 0, self.field.levels - 1).astype(np.int64)

    def log_jacobian(self, cells: Floats) -> Floats:
        """Zero: levels have probabilities, not densities."""
        return np.zeros_like(cells)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `from_state` needs: plain values, and arrays."""
        plain = {"known": self.known.to_pylist(), "levels": self.field.levels}
        return plain, {"cell_of": self.cell_of, "counts": self.counts}

    @classmethod
    def from_state(cls, column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Levels:
        """The codec that `state` described."""
        cell_of, counts = arrays["cell_of"], arrays["counts"]
        return cls(column, _field(column, plain["levels"], cell_of, counts), pa.array(plain["known"]), cell_of, counts)

    @cached_property
    def _rare(self) -> NDArray[np.int64]:
        """The known levels that share the cell "other"."""
        rare = self.column.kind == "categorical"
        return np.flatnonzero(self.cell_of == self.field.levels - 1) if rare else np.empty(0, dtype=np.int64)

    @cached_property
    def level_of(self) -> NDArray[np.int64]:
        """The known level of each cell; "other" stands for the most frequent level until a rare one is drawn."""
        most = int(np.argmax(self.counts)) if len(self.counts) else 0
        level_of = np.full(self.field.levels, most)
        own = self.cell_of < self.field.levels - (self.column.kind == "categorical")
        level_of[self.cell_of[own]] = np.flatnonzero(own)
        return level_of

    def index(self, values: pa.Array) -> NDArray[np.int64]:
        """The place of each plain value among the known levels (B,), -1 where it is none or missing."""
        if pa.types.is_null(values.type) or len(self.known) == 0:
            return np.full(len(values), -1)
        if values.type != self.known.type:
            values = values.cast(self.known.type, safe=False)
        if len(values) <= FEW:
            return np.array([self.places.get(value, -1) for value in values.to_pylist()], dtype=np.int64)
        return pc.index_in(values, value_set=self.known).fill_null(-1).to_numpy().astype(np.int64)

    @cached_property
    def places(self) -> dict[Any, int]:
        """The place of each plain value among the known levels."""
        return {value: place for place, value in enumerate(self.known.to_pylist())}

    def draws(self, cells: Floats) -> NDArray[np.bool_]:
        """Flags (B,) of the cells that stand for rare levels, one of which is drawn."""
        if not self.counts[self._rare].any():
            return np.zeros(cells.shape, dtype=bool)
        return np.asarray(np.rint(cells) >= self.field.levels - 1)

    def _level(self, cells: Floats, generator: np.random.Generator | None) -> NDArray[np.int64]:
        index = self.level_of[self._cell(cells)]
        other = self.draws(cells)
        if other.any():
            weights = self.counts[self._rare]
            generator = generator or np.random.default_rng(0)
            index[other] = generator.choice(self._rare, size=int(other.sum()), p=weights / weights.sum())
        return index

    @cached_property
    def _restored(self) -> pa.Array:
        target = value_type(arrow_type(self.column.type))
        return flat(restore(self.column.model_copy(update={"type": str(target)}), self.known))

    def typed(self, index: pa.Array) -> pa.Array:
        """Values of the fitted type at places among the known levels (B,), null where those are."""
        kind = arrow_type(self.column.type)
        if pa.types.is_dictionary(kind):  # keeps the order of the levels, and the unused ones
            return pa.DictionaryArray.from_arrays(index.cast(kind.index_type), self._restored, ordered=kind.ordered)
        return restore(self.column, self.known.take(index))

    def _report(self, new: pa.Array, row: int) -> None:
        names, fate = new.unique().to_pylist(), "other" if self.column.kind == "categorical" else "missing"
        shown = ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")
        what = f"column {self.column.name!r}: {len(names)} new level{'s' * (len(names) > 1)} ({shown})"
        if self.column.unseen == "error":
            legal = ", ".join(map(repr, self.known.to_pylist()[:8])) + (", ..." if len(self.known) > 8 else "")
            raise DataError(
                f"{what}, first in row {row}; expected one of {legal}",
                hint=f'declare {{"{self.column.name}": {{"unseen": "other"}}}} when fitting to accept new levels',
            )
        warn(f"{what} in {len(new)} rows count as {fate}")


def _known(column: Column, values: pa.Array) -> pa.Array:
    seen = values.drop_null().unique()
    if column.levels is None:
        return seen.take(pc.sort_indices(seen))
    declared = pa.array(column.levels)
    if pa.types.is_null(values.type):
        return declared
    declared = declared.cast(values.type)
    if column.kind != "categorical":
        return declared
    more = seen.filter(pc.invert(pc.is_in(seen, value_set=declared)))
    return pa.concat_arrays([declared, more.take(pc.sort_indices(more))])


def _cells(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """The cell of each level of a categorical (its own where it is frequent, else the last), and the number of cells.

    >>> _cells(np.array([50, 1, 30]))
    (array([0, 2, 1]), 3)
    """
    frequent = (counts >= SEEN) | (counts >= SHARE * max(counts.sum(), 1))
    ranks = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
    own = frequent & (ranks < MOST)
    return np.where(own, np.cumsum(own) - 1, own.sum()), int(own.sum()) + 1


def _field(column: Column, levels: int, cell_of: NDArray[np.int64], counts: NDArray[np.int64]) -> Field:
    rows = int(counts.sum())
    shares = np.bincount(cell_of, weights=counts, minlength=levels) / max(rows, 1)
    return Field(column.name, column.kind, levels=levels, shares=shares, rows=rows)
