"""Rows as JSON has them: the type of every column, and a table of columns that were sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from vaekit.api import Model
from vaekit.codec.levels import Levels
from vaekit.codec.numeric import Numeric
from vaekit.schema import Column, arrow_type, clock
from vaekit.schema.conform import conform_column
from vaekit.schema.tensors import tensor_array
from vaekit.schema.types import is_tick, value_type
from vaekit.schema.values import flat

EXAMPLES: dict[str, Any] = {"real": 1.5, "positive": 2.5, "count": 3, "mixed": 0.0, "datetime": "2026-01-31T12:00:00"}
MOMENT = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?)?$"
Finite = Annotated[float, Field(allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


def row_model(model: Model, name: str) -> type[BaseModel]:
    """A row: every fitted column, of the type that JSON has for it, or null; what the model never sees may be absent."""
    fields: dict[str, Any] = {f"c{i}": _field(model, column) for i, column in enumerate(columns_of(model))}
    return create_model(f"{name}_row", __config__=ConfigDict(extra="ignore", title=f"A row of {name}"), **fields)


def given_model(model: Model, name: str) -> type[BaseModel]:
    """Conditions of new rows: values of any columns that a row can be conditioned on."""
    known = (*model.fitted.schema.modelled, *model.fitted.schema.given)
    fields: dict[str, Any] = {
        f"c{i}": (_json_type(column), Field(default=None, **_about(model, column)))
        for i, column in enumerate(columns_of(model)) if column in known and column.kind != "image"
    }  # fmt: skip
    return create_model(f"{name}_given", __config__=ConfigDict(extra="forbid", title=f"Conditions of {name}"), **fields)


def columns_of(model: Model) -> list[Column]:
    """The columns that a row may have: all but ignored ones; of a stream also its clock and its machines."""
    cut = model.fitted.cut
    aside = () if cut is None else cut.aside
    return [column for column in model.fitted.schema.columns if column.role != "ignored" or column.name in aside]


def _field(model: Model, column: Column) -> tuple[Any, Any]:
    cut = model.fitted.cut
    clock = cut is not None and column.name in cut.aside
    needed = clock or not (column.is_set_aside or column.role == "label")
    kind = _json_type(column) if clock else _json_type(column) | None
    return kind, Field(default=... if needed else None, **_about(model, column))


def _about(model: Model, column: Column) -> dict[str, Any]:
    return {"description": told(column), "examples": [example(model, column)], "alias": column.name}


def told(column: Column) -> str:
    """What a column is, in words."""
    unit = f", in {column.unit}" if column.unit else ""
    return f"{column.kind}{unit}: {column.reason}" if column.reason else f"{column.kind}{unit}"


def example(model: Model, column: Column) -> Any:
    """A legal value of a column: of numbers and moments the one in the middle, of names the most frequent one."""
    kind = value_type(arrow_type(column.type))
    if column.kind == "image":
        return np.zeros(arrow_type(column.type).shape, int).tolist()
    part = model.fitted.codec.parts.get(column.name)
    usual = EXAMPLES.get(column.kind, "text") if column.levels is None else column.levels[0]
    if isinstance(part, Levels) and len(part.counts):
        found = part.typed(pa.array([int(part.counts.argmax())]))
    elif isinstance(part, Numeric) and len(part.field.quantiles):
        found = part.decode(np.median(part.field.quantiles, keepdims=True), np.ones(1, dtype=bool))
    else:
        return usual
    if pa.types.is_timestamp(kind):
        found = flat(found).cast(pa.timestamp("us", kind.tz), safe=False)
    value = (clock.write(found) if is_tick(kind) else flat(found))[0].as_py()
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value if isinstance(value, str | int | float) else usual


def _json_type(column: Column) -> Any:
    kind = value_type(arrow_type(column.type))
    if column.kind == "image":
        return _image(kind)
    if pa.types.is_boolean(kind):
        return bool
    if pa.types.is_integer(kind):
        return Whole
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Finite
    return _moment(column, kind)


def _moment(column: Column, kind: pa.DataType) -> Any:
    if pa.types.is_date(kind):
        return Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
    if pa.types.is_timestamp(kind):
        shape = {"format": "date-time"} if kind.tz else {"pattern": MOMENT}
        return Annotated[str, WithJsonSchema({"type": "string", **shape})]
    return _clock(kind) if is_tick(kind) else str


def _clock(kind: pa.DataType) -> Any:
    """A time of day as text; a duration as text, or the number of its seconds, which becomes text."""
    if pa.types.is_time(kind):
        return Annotated[str, WithJsonSchema({"type": "string", "pattern": clock.TIME})]
    most = clock.longest(kind) // clock.PER_SECOND[kind.unit] - 1
    kinds = [{"type": "string", "pattern": clock.DURATION}, {"type": "number", "minimum": -most, "maximum": most}]
    return Annotated[str, BeforeValidator(_seconds), WithJsonSchema({"anyOf": kinds})]


def _seconds(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _image(kind: Any) -> Any:
    """An array of pixels (H, W, C), or any other nesting of as many: (H, W) of grey images."""
    whole = not pa.types.is_floating(kind.value_type)
    pixel: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 255} if whole else {"type": "number"}
    for size in reversed(kind.shape):
        pixel = {"type": "array", "items": pixel, "minItems": size, "maxItems": size}
    return Annotated[list[Any], AfterValidator(_pixels(kind)), WithJsonSchema(pixel)]


def _pixels(kind: Any) -> Callable[[list[Any]], Any]:
    wanted = np.dtype(kind.value_type.to_pandas_dtype())

    def check(value: list[Any]) -> Any:
        shape = " x ".join(map(str, kind.shape))
        try:
            found = np.asarray(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"no array of pixels, expected {shape} numbers") from None
        if found.size != np.prod(kind.shape):
            raise ValueError(f"{found.size} pixels were given, expected {shape}")
        with np.errstate(invalid="ignore"):
            other = found.reshape(kind.shape).astype(wanted)
        if wanted.kind != "f" and not (other == found.reshape(kind.shape)).all():
            raise ValueError(f"a pixel that {wanted} does not hold; give pixels on the fitted scale")
        return other

    return check


@dataclass(frozen=True)
class Sent:
    """Rows of a JSON body that were checked; they become columns when they are asked about, with those of other requests.

    Args:
        rows: the values of each, in the order of the columns that a row may have.
        names: of these values: "c0", "c1", ... for columns, "mean_0", "mean_1", ... of a point in the latents.
    """

    rows: list[tuple[Any, ...]]
    names: tuple[str, ...]

    @property
    def num_rows(self) -> int:
        """How many there are."""
        return len(self.rows)

    @property
    def schema(self) -> tuple[str, ...]:
        """What all rows that fit together have in common."""
        return self.names

    @staticmethod
    def joined(several: Sequence[Sent]) -> Sent:
        """The rows of several requests as one."""
        return Sent([row for each in several for row in each.rows], several[0].names)

    def table_for(self, model: Model) -> pa.Table:
        """The rows as columns of what a model was fitted on, or of its latents."""
        return table_of(model, self.rows) if self.names[0] == "c0" else latents_table(self.names, self.rows)


def sent(rows: Sequence[BaseModel]) -> Sent:
    """The values of rows, each a row or a point in the latents, as its pydantic model has checked it."""
    names = tuple(type(rows[0]).model_fields)
    return Sent([tuple(row.__dict__[name] for name in names) for row in rows], names)


def table_of(model: Model, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows that were checked, as columns whose types do not depend on the values: rows of several requests fit together."""
    clock = () if model.fitted.cut is None else model.fitted.cut.aside
    columns, kinds = model.fitted.once("sent", model.fitted.schema, lambda: _kinds(columns_of(model)))
    arrays = []
    for column, kind, values in zip(columns, kinds, zip(*rows, strict=True), strict=True):
        array = _array(column, kind, values)
        arrays.append(conform_column(column, pa.chunked_array([array])) if column.name in clock else array)
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _kinds(columns: list[Column]) -> tuple[list[Column], list[pa.DataType]]:
    """Columns, and the Arrow type of what JSON has for each."""
    fitted = [arrow_type(column.type) for column in columns]
    image = [column.kind == "image" for column in columns]
    return columns, [kind if whole else _sent_as(value_type(kind)) for kind, whole in zip(fitted, image, strict=True)]


def _array(column: Column, kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    if column.kind == "image":
        missing = np.array([value is None for value in values])
        empty = np.zeros(kind.shape, kind.value_type.to_pandas_dtype())
        return tensor_array(np.stack([empty if value is None else value for value in values]), missing)
    return pa.array(values, kind)


def _sent_as(kind: pa.DataType) -> pa.DataType:
    """The Arrow type of what JSON has for a type."""
    if pa.types.is_boolean(kind):
        return pa.bool_()
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else pa.string()


def latents_model(model: Model, name: str) -> type[BaseModel]:
    """A point in the latents: mean_0, mean_1, ..."""
    from vaekit.modes.encode import FARTHEST

    near = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]
    fields: dict[str, Any] = {f"mean_{i}": (near, Field(examples=[0.0])) for i in range(model.fitted.vae.latents)}
    return create_model(f"{name}_latents", **fields)


def latents_table(names: Sequence[str], points: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Latents that were checked, as columns mean_0, mean_1, ..."""
    columns = [pa.array(values, pa.float64()) for values in zip(*points, strict=True)]
    return pa.Table.from_arrays(columns, names=list(names))
