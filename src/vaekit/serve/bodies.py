"""Request and answer of every mode as pydantic models with the columns of one fitted schema, and rows to and from them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, create_model

from vaekit.api import Model
from vaekit.schema import Column, arrow_type
from vaekit.schema.tensors import is_tensor, ndarray_of
from vaekit.serve.questions import Question

EXAMPLES: dict[str, Any] = {"real": 1.5, "positive": 2.5, "count": 3, "mixed": 0.0, "datetime": "2026-01-31T12:00:00"}


def row_model(model: Model, name: str) -> type[BaseModel]:
    """A row: every fitted column, of the type that JSON has for it, or null."""
    fields: dict[str, Any] = {}
    columns = [column for column in model.fitted.schema.columns if column.role != "ignored"]
    for i, column in enumerate(columns):
        about: dict[str, Any] = {"description": _told(column), "examples": [example(column)], "alias": column.name}
        fields[f"c{i}"] = (_json_type(column) | None, Field(default=None, **about))
    return create_model(f"{name}_row", __config__=ConfigDict(extra="ignore", title=f"A row of {name}"), **fields)


def latents_model(model: Model, name: str) -> type[BaseModel]:
    """A point in the latents: mean_0, mean_1, ..."""
    fields: dict[str, Any] = {
        f"mean_{i}": (float, Field(examples=[0.0], allow_inf_nan=False)) for i in range(model.fitted.vae.latents)
    }
    return create_model(f"{name}_latents", **fields)


def body_model(name: str, mode: str, question: Question, row: type[BaseModel], most: int) -> type[BaseModel]:
    """The body of a request: rows and the options of a mode."""
    fields: dict[str, Any] = dict(question.options)
    if question.rows in ("needed", "latents"):
        fields["rows"] = (list[row], Field(min_length=1, description=f"At most {most} at once."))  # type: ignore[valid-type]
    elif question.rows == "optional":
        fields["rows"] = (list[row] | None, Field(default=None, max_length=1, description="One row to start from."))  # type: ignore[valid-type]
    return create_model(f"{name}_{mode}_request", __config__=ConfigDict(extra="forbid"), **fields)


def options_model(body: type[BaseModel]) -> type[BaseModel]:
    """The options of a body alone, as a query has them beside an Arrow stream."""
    fields: dict[str, Any] = {
        name: (field.annotation, field) for name, field in body.model_fields.items() if name != "rows"
    }
    return create_model(f"{body.__name__}_options", __config__=ConfigDict(extra="forbid"), **fields)


def answer_schema(model: Model, question: Question) -> dict[str, Any]:
    """The JSON schema of an answer: rows, of the fitted columns where the mode answers in these."""
    row: dict[str, Any] = {"type": "object"}
    if question.answer == "fitted":
        row["properties"] = {
            column.name: {"description": _told(column), "examples": [example(column)]}
            for column in model.fitted.schema.columns
        }
    return {"type": "object", "properties": {"rows": {"type": "array", "items": row}}, "required": ["rows"]}


def example(column: Column) -> Any:
    """A legal value of a column."""
    if column.levels:
        return column.levels[0]
    if column.kind == "image":
        return np.zeros(arrow_type(column.type).shape, int).tolist()
    return EXAMPLES.get(column.kind, "text")


def _told(column: Column) -> str:
    unit = f", in {column.unit}" if column.unit else ""
    return f"{column.kind}{unit}: {column.reason}" if column.reason else f"{column.kind}{unit}"


def _json_type(column: Column) -> Any:
    kind = arrow_type(column.type)
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if column.kind == "image":
        return list[Any]
    if pa.types.is_boolean(kind):
        return bool
    if pa.types.is_integer(kind):
        return int
    return float | int if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else str


def table_of(model: Model, rows: list[dict[str, Any]]) -> Any:
    """Rows of a JSON body as what the model is asked about; an array of pixels is an image."""
    images = [c for c in model.fitted.schema if c.kind == "image" and c.role != "ignored"]
    if not images or not rows or images[0].name not in rows[0]:
        return rows
    from vaekit.sources.images import images as beside

    name, shape = images[0].name, arrow_type(images[0].type).shape
    pixels = np.array([row[name] for row in rows], dtype=arrow_type(images[0].type).value_type.to_pandas_dtype())
    rest = {key: [row.get(key) for row in rows] for key in rows[0] if key != name}
    return beside(pixels.reshape(len(rows), *shape), columns=rest)


def json_of(table: pa.Table) -> bytes:
    """{"rows": [...]} of a table: null for what is missing or not a number, ISO 8601 for moments.

    >>> json_of(pa.table({"x": [1.0, float("nan")]}))
    b'{"rows": [{"x": 1.0}, {"x": null}]}'
    """
    columns = {name: _listed(table[name]) for name in table.column_names}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return json.dumps({"rows": rows}, default=_plain, ensure_ascii=False, allow_nan=False).encode()


def _listed(column: pa.ChunkedArray) -> list[Any]:
    if is_tensor(column.type):
        pixels, missing = ndarray_of(column)
        return [None if gone else image.tolist() for image, gone in zip(pixels, missing, strict=True)]
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
    return column.to_pylist()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
