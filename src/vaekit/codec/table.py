"""All columns of a table as one matrix of cells, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit import rng
from vaekit.codec.aside import Constant, Identifier, Ignored
from vaekit.codec.field import Field, Floats
from vaekit.codec.layout import Layout, window
from vaekit.codec.levels import Levels
from vaekit.codec.numeric import Numeric
from vaekit.codec.pixels import Pixels
from vaekit.codec.singly import Singly
from vaekit.errors import ArtifactError
from vaekit.schema import Column, Schema, arrow_type

Part = Numeric | Levels | Pixels | Constant | Identifier | Ignored
Counted = tuple[pa.Array, NDArray[np.int64]]

FEW = 16  # rows: for so few cells are faster one by one

CODECS: dict[str, type[Numeric] | type[Levels] | type[Pixels] | type[Constant] | type[Identifier]] = {
    "real": Numeric,
    "positive": Numeric,
    "count": Numeric,
    "mixed": Numeric,
    "datetime": Numeric,
    "binary": Levels,
    "ordinal": Levels,
    "categorical": Levels,
    "image": Pixels,
    "constant": Constant,
    "identifier": Identifier,
}


@dataclass(frozen=True, eq=False)
class Codec:
    """A fitted table's way to cells (B, K + G) and back: the modelled columns, pixels first, then the given ones.

    Args:
        schema: the fitted columns.
        parts: the fitted codec of every column.

    Example:
        >>> table = pa.table({"age": [31, 44, None, 27], "sex": ["f", "m", "f", None]})
        >>> codec = fit(table, Schema.infer(table))
        >>> cells, observed = codec.encode(table)
        >>> cells.shape, codec.decode(cells, observed) == table
        ((4, 2), True)
    """

    schema: Schema
    parts: Mapping[str, Part]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that have cells, in their order."""
        return (*sorted(self.schema.modelled, key=lambda column: column.kind != "image"), *self.schema.given)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that have cells."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def spans(self) -> Mapping[str, slice]:
        """Which cells each column has."""
        ends = np.cumsum([0, *(_width(part) for part in self._cells)]).tolist()
        return {name: slice(*ends[i : i + 2]) for i, name in enumerate(self.names)}

    @cached_property
    def width(self) -> int:
        """How many cells a row has, K + G."""
        return sum(_width(part) for part in self._cells)

    @cached_property
    def modelled(self) -> int:
        """How many of the cells the model explains (K); the others are given."""
        return sum(_width(self.parts[column.name]) for column in self.schema.modelled)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What nets and likelihoods see of each cell of a row (K + G)."""
        layout = self.layout()
        return (*layout.fields, *layout.given)

    def layout(self, steps: int | None = None) -> Layout:
        """How the cells are arranged: of windows of so many steps, of images, or of the rows of a table."""
        parts = dict(zip(self.names, self._cells, strict=True))
        given = tuple(parts[column.name].field for column in self.schema.given)  # type: ignore[union-attr]
        plain = tuple(parts[c.name].field for c in self.columns[: len(self.schema.modelled)] if c.kind != "image")  # type: ignore[union-attr]
        if steps is not None:
            return window(plain, given, steps)
        image = next((part for part in self._cells if isinstance(part, Pixels)), None)
        return Layout(plain, given) if image is None else Layout(plain, given, image.shape[:2], image.fields)

    def encode(self, table: pa.Table) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells and observed mask of a table that conforms to the schema.

        Args:
            table: (B, F), as `Schema.conform` returns it.

        Returns:
            cells (B, K + G) in standard deviations, indices of levels or shares of full brightness, 0 where missing;
            observed, same shape.

        Raises:
            DataError: an infinity, or a new level where the column refuses them.
        """
        if table.num_rows <= FEW and (few := self._encode_few(table)) is not None:
            return few
        images = any(isinstance(part, Pixels) for part in self._cells)
        cells = np.zeros((table.num_rows, self.width), dtype=np.float32 if images else np.float64)
        observed = np.zeros(cells.shape, dtype=bool)
        for (name, at), part in zip(self.spans.items(), self._cells, strict=True):
            own, seen = part.encode(table[name])
            shape = (len(cells), at.stop - at.start)
            cells[:, at], observed[:, at] = own.reshape(shape), seen.reshape(shape)
        return cells, observed

    def again(self, cells: Floats, observed: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells (B, K + G) and observed mask as `encode` reads what `decode` writes, without the table between."""
        own, seen = np.empty_like(cells), np.empty_like(observed)
        for at, part in zip(self.spans.values(), self._cells, strict=True):
            place = at if isinstance(part, Pixels) else at.start
            own[:, place], seen[:, place] = part.again(cells[:, place], observed[:, place])
        return own, seen

    def _encode_few(self, table: pa.Table) -> tuple[Floats, NDArray[np.bool_]] | None:
        """The same of few rows, cell by cell; None where there is none of them, or a column has pixels."""
        if not table.num_rows or not self.singly or len(self.singly) < len(self.names):
            return None
        cells: list[Any] = []
        observed: list[Any] = []
        for name, one in self.singly.items():
            own = one.encode(table[name]) or self.parts[name].encode(table[name])  # type: ignore[union-attr]
            cells.append(own[0])
            observed.append(own[1])
        return np.array(cells).T, np.array(observed).T

    @cached_property
    def singly(self) -> Mapping[str, Singly]:
        """The columns of numbers and of levels that have cells, cell by cell."""
        parts = zip(self.names, self._cells, strict=True)
        return {name: Singly(part) for name, part in parts if not isinstance(part, Pixels)}

    def decode(self, cells: Floats, observed: NDArray[np.bool_] | None = None, *, seed: int = 0) -> pa.Table:
        """The table of cells: the fitted columns in their order and types.

        Args:
            cells: (B, K + G), or (B, K): given columns are null then.
            observed: same shape; cells that are not become null. All are when None.
            seed: for the draws of rare levels, and of numbers that cells do not tell apart.

        Returns:
            (B, F); constants are restored, identifiers are new, ignored columns are null.
        """
        cells = np.asarray(cells, dtype=np.float64)
        observed = np.ones(cells.shape, dtype=bool) if observed is None else np.asarray(observed, dtype=bool)
        assert cells.shape[1] in (self.modelled, self.width), "cells are (B, K + G) or (B, K)"
        assert not np.isnan(cells[observed]).any(), "observed cells are numbers"
        arrays = []
        for column in self.schema.columns:
            part, at = self.parts[column.name], self.spans.get(column.name, slice(0, 0))
            # rare levels and identifiers are, and numbers that cells do not tell apart
            drawn = part.draws if isinstance(part, Numeric) else not isinstance(part, Pixels)
            draw = rng.numpy(seed, "decode", column.name) if drawn else None
            if isinstance(part, Pixels):
                arrays.append(part.decode(cells[:, at], observed[:, at]))
            elif isinstance(part, Numeric | Levels) and at.stop <= cells.shape[1]:
                arrays.append(part.decode(cells[:, at.start], observed[:, at.start], draw))
            elif isinstance(part, Numeric | Levels):
                arrays.append(pa.nulls(len(cells), arrow_type(column.type)))
            else:
                arrays.append(part.generate(len(cells), draw))
        return pa.Table.from_arrays(arrays, names=list(self.schema.names))

    def log_jacobian(self, cells: Floats) -> Floats:
        """Nats of |d cell / d value|, so that log p(value) = log p(cell) + log_jacobian.

        Args:
            cells: (B, K + G) or (B, K).

        Returns:
            Nats, same shape; 0 for levels. It applies where a likelihood has a density rather than a probability
            (`masses`). Values are in original units: seconds for timestamps, days for dates.
        """
        slopes = np.zeros(cells.shape)
        for name, part in zip(self.names, self._cells, strict=True):
            at = self.spans[name]
            if at.stop <= cells.shape[1]:
                own = cells[:, at] if isinstance(part, Pixels) else cells[:, at.start]
                slopes[:, at] = part.log_jacobian(own).reshape(len(cells), _width(part))
        return slopes

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What `from_state` needs: a dict that JSON can hold, and arrays by name."""
        columns: list[dict[str, Any]] = []
        arrays: dict[str, NDArray[Any]] = {}
        for index, column in enumerate(self.schema.columns):
            part = self.parts[column.name]
            plain, own = ({}, {}) if isinstance(part, Ignored) else part.state()
            columns.append(plain)
            arrays |= {f"{index}.{name}": array for name, array in own.items()}
        return {"schema": self.schema.model_dump(mode="json"), "columns": columns}, arrays

    @classmethod
    def from_state(cls, plain: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Codec:
        """The codec that `state` described.

        Raises:
            ArtifactError: the state is not one that `state` wrote.
        """
        try:
            schema = Schema.model_validate(plain["schema"])
            own: list[dict[str, Any]] = [{} for _ in schema.columns]
            for key, array in arrays.items():
                index, _, name = key.partition(".")
                own[int(index)][name] = array
            states = zip(schema.columns, plain["columns"], own, strict=True)
            return cls(schema, {column.name: _from_state(column, *state) for column, *state in states})
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ArtifactError(
                f"the codec's state does not fit together: {error!r}", hint="fit the model again"
            ) from error

    @cached_property
    def _cells(self) -> tuple[Numeric | Levels | Pixels, ...]:
        parts = (self.parts[name] for name in self.names)
        return tuple(part for part in parts if isinstance(part, Numeric | Levels | Pixels))


def fit(
    table: pa.Table, schema: Schema, *, every: pa.Table | None = None, counted: Mapping[str, Counted] | None = None
) -> Codec:
    """The codec of a table: scales, levels and resolutions of its columns.

    Args:
        table: (B, F) training rows that conform to the schema.
        schema: their columns.
        every: all rows, those held out included: a new identifier must be new to these as well.
        counted: where the table is a sample, the plain values of columns of levels and the training rows of each.
    """
    known = table if every is None else every
    rows = {column.name: known if column.kind == "identifier" else table for column in schema.columns}
    parts = {column.name: _fit(column, rows[column.name][column.name]) for column in schema.columns}
    for name, (values, count) in (counted or {}).items():
        parts[name] = Levels.counted(schema[name], values, count)
    return Codec(schema, parts)


def _width(part: Part) -> int:
    return part.cells if isinstance(part, Pixels) else 1


def _fit(column: Column, array: pa.ChunkedArray) -> Part:
    return Ignored(column) if column.role == "ignored" else CODECS[column.kind].fit(column, array)


def _from_state(column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Part:
    return Ignored(column) if column.role == "ignored" else CODECS[column.kind].from_state(column, plain, arrays)
