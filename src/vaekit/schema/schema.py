"""All columns of a fitted table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from vaekit.errors import DataError
from vaekit.schema.column import Column


class Schema(BaseModel):
    """The columns of a fitted table, in their order.

    >>> table = pa.table({"age": [31, 44, 27], "sex": ["f", "m", "f"]})
    >>> [column.kind for column in Schema.infer(table)]
    ['count', 'binary']
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[Column, ...]

    @classmethod
    def infer(
        cls,
        table: pa.Table,
        overrides: Mapping[str, Any] | Schema | None = None,
        *,
        given: Iterable[str] = (),
        label: str | None = None,
        ignore: Iterable[str] = (),
        stream: bool = False,
    ) -> Schema:
        """The schema that fits a table, with the reason for every kind.

        Args:
            table: (B, F) rows to fit.
            overrides: ``{column: kind}``, ``{column: {"kind": ..., "levels": [...], "unit": ...}}`` or a `Schema`,
                which win over what would be inferred.
            given: columns that the model conditions on.
            label: the class column, possibly partly observed.
            ignore: columns to leave out.
            stream: rows follow one another in time: numbers are channels of measurements, those included that never moved.

        Raises:
            SchemaError: an unknown column, kind or option, or a declared kind that the values contradict.
            DataError: infinities, mixed types, or nothing to model.

        >>> Schema.infer(pa.table({"x": [1, 2, 3]}), {"x": {"kind": "real", "unit": "m"}})["x"].unit
        'm'
        """
        from vaekit.schema.infer import infer  # the rules need Column and nothing of Schema

        columns = overrides.columns if isinstance(overrides, Schema) else overrides
        return cls(columns=infer(table, columns, given=given, label=label, ignore=ignore, stream=stream))

    def conform(self, table: pa.Table, *, partial: bool = False) -> pa.Table:
        """The fitted columns of a new table, in the fitted order and types.

        Args:
            table: new rows (B, any columns in any order).
            partial: absent columns become null instead of being refused (conditions, forms).

        Returns:
            (B, F) in the fitted order. Set-aside columns and the label may be absent: they come back null.

        Raises:
            DataError: an absent column, a wrong type, a wrong date format, an infinity; column, row, value are named.

        >>> schema = Schema.infer(pa.table({"x": [1.5, 2.5, 4.5], "y": [1, 2, 3]}))
        >>> schema.conform(pa.table({"y": [1], "x": ["2.5"]})).to_pylist()
        [{'x': 2.5, 'y': 1}]
        """
        from vaekit.schema.conform import conform

        return conform(self.columns, table, partial=partial)

    def to_json(self) -> str:
        """The schema as JSON text."""
        return self.model_dump_json(exclude_defaults=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema that `to_json` wrote."""
        return cls.model_validate_json(text)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in the fitted order."""
        return tuple(column.name for column in self.columns)

    @property
    def modelled(self) -> tuple[Column, ...]:
        """The columns that become cells which the model explains."""
        return tuple(column for column in self.columns if column.is_modelled)

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns that the model conditions on."""
        return tuple(column for column in self.columns if column.role == "given" and not column.is_set_aside)

    @property
    def label(self) -> Column | None:
        """The class column, where one was declared."""
        return next((column for column in self.columns if column.role == "label"), None)

    @property
    def set_aside(self) -> tuple[Column, ...]:
        """The columns that the model never sees: constants, identifiers, ignored; `Column.reason` says why."""
        return tuple(column for column in self.columns if column.is_set_aside)

    @property
    def text(self) -> tuple[str, ...]:
        """The columns that hold text; a CSV reader must not read them as numbers."""
        return tuple(column.name for column in self.columns if "string" in column.type)

    def __getitem__(self, name: str) -> Column:
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise DataError(f"there is no column {name!r}; the columns are {', '.join(map(repr, self.names))}")
        return found

    def __iter__(self) -> Iterator[Column]:  # type: ignore[override]  # columns, not pydantic's fields
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)
