"""From a table to its columns: kinds, roles, and what the user declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError, SchemaError
from vaekit.schema import look
from vaekit.schema.column import DISCRETE, Column, Kind, Role
from vaekit.schema.declare import Declared, declared, fit_kind
from vaekit.schema.images import image_column, refuse_blank
from vaekit.schema.numbers import Found, Tally, decimals, guess_number
from vaekit.schema.tensors import is_tensor
from vaekit.schema.types import in_words, is_moment, is_number, is_supported, is_text, is_tick
from vaekit.schema.values import as_values, flat
from vaekit.schema.words import guess_text

CLASSES_MOST, FEW_CLASSES = 1000, 50


def infer(
    table: pa.Table,
    overrides: Mapping[str, Any] | Sequence[Column] | None,
    *,
    given: Iterable[str] = (),
    label: str | None = None,
    ignore: Iterable[str] = (),
    stream: bool = False,
) -> tuple[Column, ...]:
    """The columns of a table (see `Schema.infer`)."""
    _refuse_shape(table)
    options = declared(overrides, table.column_names)
    roles = _roles(table.column_names, options, given=given, label=label, ignore=ignore)
    columns = tuple(
        _column(name, table.column(name), options.get(name, Declared()), roles[name], stream)
        for name in table.column_names
    )
    if any(column.kind == "image" for column in columns):
        columns = tuple(_beside_images(column, table.column(column.name), options) for column in columns)
    if not any(column.is_modelled for column in columns):
        raise DataError(_nothing(columns, table.num_rows), hint=_nothing_hint(table.num_rows))
    return columns


def guess(name: str, chunks: pa.ChunkedArray) -> Found:
    """The kind of one column, from its cells alone.

    >>> guess("sex", pa.chunked_array([["f", "m", None]])).kind
    'binary'
    """
    array = look.finite(name, flat(chunks))
    if found := _constant(array):
        return found
    if pa.types.is_dictionary(chunks.type) and (found := _category(name, chunks, array)):
        return found
    if is_moment(array.type):
        return Found("datetime", f"{in_words(array.type)}")
    if is_text(array.type):
        return guess_text(name, array)
    if pa.types.is_boolean(array.type):
        return Found("binary", "true and false", levels=(False, True))
    values = array.cast(pa.float64()) if pa.types.is_decimal(array.type) else array
    if is_tick(values.type):
        values = as_values(values)
    return guess_number(name, Tally.of(values.drop_null().to_numpy(zero_copy_only=False)))


def _column(name: str, chunks: pa.ChunkedArray, option: Declared, role: Role, stream: bool) -> Column:
    kind = chunks.type
    if role == "ignored":
        return Column(name=name, kind=_any_kind(kind), role=role, type=_type_text(kind), reason="ignored, as declared")
    if is_tensor(kind) or option.kind == "image":
        image = image_column(name, kind, role, option.kind, option.unit)
        refuse_blank(name, chunks)
        return image
    if not is_supported(kind):
        raise DataError(
            f"column {name!r} holds {kind}, expected numbers, text, categories, dates or true and false",
            hint=f"ignore the column (ignore=[{name!r}]), or turn it into columns of such values",
        )
    found = _as_label(name, fit_kind(name, chunks, option, guess), option) if role == "label" else None
    found = found or fit_kind(name, chunks, option, guess)
    if stream and role == "feature" and option.kind is None:
        found = _as_channel(found, chunks)
    return Column(name=name, role=role, type=str(kind), **{**found._asdict(), **option.passed_on()})


def _beside_images(column: Column, chunks: pa.ChunkedArray, options: Mapping[str, Declared]) -> Column:
    """A few whole numbers beside images are classes (digits); names of picture files tell nothing, however few they are."""
    declared = options.get(column.name, Declared()).kind is not None
    classes = column.kind in ("count", "ordinal") and pa.types.is_integer(chunks.type)
    if declared or column.role == "ignored":
        return column
    if column.name == "file" and column.role == "feature" and column.kind == "categorical":
        return column.model_copy(
            update={"kind": "identifier", "levels": None, "reason": "the names of the picture files"}
        )
    if classes and len(pc.unique(chunks.drop_null())) <= FEW_CLASSES:
        reason = f"a few whole numbers beside images, so classes rather than {column.kind}: {column.reason}"
        return column.model_copy(update={"kind": "categorical", "levels": None, "decimals": None, "reason": reason})
    return column


def _as_channel(found: Found, chunks: pa.ChunkedArray) -> Found:
    """A channel of numbers is a measurement, whatever its values: one that never moved matters most when it does."""
    numbers = is_number(chunks.type) and not pa.types.is_dictionary(chunks.type) and chunks.null_count < len(chunks)
    if not numbers or found.kind == "real":
        return found
    still = " that did not move, kept since it matters when it does" if found.kind == "constant" else ""
    values = chunks.drop_null().to_numpy().astype(float)
    return Found("real", f"a channel of numbers{still}", decimals=decimals(np.unique(values)))


def _as_label(name: str, found: Found, option: Declared) -> Found:
    if found.kind in DISCRETE or (found.kind == "mixed" and option.kind):
        return found
    whole = found.decimals == 0 and found.kind not in ("constant", "identifier", "datetime")
    if whole and option.kind is None:
        return Found("categorical", f"the label, so classes rather than {found.kind}: {found.reason}")
    raise SchemaError(
        f"column {name!r} is the label, but its kind is {found.kind} ({found.reason}); expected a few classes",
        hint="choose a column of classes as the label, or declare it categorical",
    )


def _constant(array: pa.Array) -> Found | None:
    unique = pc.unique(array.drop_null())
    if len(unique) > 1:
        return None
    if not len(unique):
        return Found("constant", "every cell is null", levels=())
    shown = look.cell(unique, 0)
    gaps = f" or null ({array.null_count} rows)" if array.null_count else ""
    return Found("constant", f"every cell is {shown}{gaps}", levels=tuple(as_values(unique).to_pylist()))


def _category(name: str, chunks: pa.ChunkedArray, array: pa.Array) -> Found | None:
    levels = as_values(flat(chunks.unify_dictionaries().chunk(0).dictionary)).to_pylist()
    distinct, rows = len(pc.unique(array.drop_null())), len(array) - array.null_count
    if chunks.type.ordered and len(levels) > 2:
        return Found("ordinal", f"an ordered category type of {len(levels)} levels", levels=tuple(levels))
    if distinct == 2 and len(levels) == 2:
        return Found("binary", f"a category type of two levels, {levels[0]!r} and {levels[1]!r}", levels=tuple(levels))
    if is_text(array.type) and (found := guess_text(name, array)).kind == "identifier":
        return found
    return Found("categorical", f"a category type, {distinct} distinct values of {rows} rows")


def _roles(
    names: Sequence[str],
    options: Mapping[str, Declared],
    *,
    given: Iterable[str],
    label: str | None,
    ignore: Iterable[str],
) -> dict[str, Role]:
    asked: list[tuple[Role, list[str]]] = [
        ("given", _names(given)),
        ("label", [str(label)] if label is not None else []),
        ("ignored", _names(ignore)),
    ]
    roles: dict[str, Role] = {name: options[name].role if name in options else "feature" for name in names}
    taken: dict[str, Role] = {}
    for role, columns in asked:
        for name in columns:
            if name not in roles:
                hint = look.nearest(name, names) or f"the columns are {look.listed(names)}"
                raise SchemaError(f"{role} names column {name!r}, which the data do not have", hint=hint)
            if taken.setdefault(name, role) != role:
                raise SchemaError(f"column {name!r} was declared both {taken[name]} and {role}", hint="choose one role")
            roles[name] = role
    return roles


def _names(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else [str(name) for name in names]  # pandas names may be numbers


def _refuse_shape(table: pa.Table) -> None:
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if twice:
        raise DataError(f"column names must differ, but {look.listed(twice)} occur more than once", hint="rename them")
    if not table.num_columns or not table.num_rows:
        raise DataError(
            f"the table is empty: {table.num_rows} rows and {table.num_columns} columns were given",
            hint="at least two rows and one column are needed",
        )


def _nothing(columns: Sequence[Column], rows: int) -> str:
    if rows == 1:
        return "one row was given, but what varies cannot be learned from one row; expected at least two"
    shown = "; ".join(f"{column.name!r}: {column.reason}" for column in columns[:5])
    more = f"; and {len(columns) - 5} more" if len(columns) > 5 else ""
    return f"there is nothing to model: of {rows} rows every column is set aside or given ({shown}{more})"


def _nothing_hint(rows: int) -> str:
    if rows == 1:
        return "give more rows; a model needs some hundreds to say anything"
    return "give a column that varies, or declare the kind of a column that was set aside"


def _any_kind(kind: pa.DataType) -> Kind:
    if is_moment(kind):
        return "datetime"
    return "real" if is_number(kind) and not pa.types.is_dictionary(kind) else "categorical"


def _type_text(kind: pa.DataType) -> str:
    return str(kind) if is_supported(kind) else "null"  # an ignored column of lists comes back as nulls
