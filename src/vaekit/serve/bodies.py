"""Request and answer of every mode as pydantic models with the columns of one fitted schema, and answers as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, create_model

from vaekit.api import Model
from vaekit.schema import clock
from vaekit.schema.tensors import is_tensor, ndarray_of
from vaekit.schema.types import is_tick
from vaekit.serve.questions import Question, arrow
from vaekit.serve.rows import example, given_model, latents_model, row_model, told

REASON = {
    "column": ("string", "what made it strange, the strangest first"), "observed": ("string", "its value"),
    "expected": ("string", "what the other columns lead one to expect"), "low": ("string", "low end of nine in ten"),
    "high": ("string", "high end of nine in ten"), "share": ("number", "of all that made the row strange"),
}  # fmt: skip
MADE: dict[str, dict[str, tuple[str, str]]] = {
    "score": {
        "row": ("integer", "its number, from 0"), "score": ("number", "higher is stranger"),
        "p_value": ("number", "share of ordinary rows that are at least as strange"),
        "flagged": ("boolean", "p_value is at most alpha"),
        **{f"reason_{r}_{name}": told for r in (1, 2, 3) for name, told in REASON.items()},
    },
    "log_prob": {"row": ("integer", "its number, from 0"), "log_prob": ("number", "a lower bound on log p(row), in nats")},
    "cluster": {"cluster": ("integer", "its number, from 0"), "probability": ("number", "of that cluster")},
    "classify": {"probability": ("number", "of the label")},
}  # fmt: skip


def body_models(model: Model, name: str, asked: Mapping[str, Question], most: int) -> dict[str, type[BaseModel]]:
    """The body of a request to each mode: rows, and the options that this model has."""
    row, latents, given = row_model(model, name), latents_model(model, name), given_model(model, name)
    last = model.fitted.vae.latents - 1
    own: dict[str, Any] = {
        "dims": (list[Annotated[int, Field(ge=0, le=last)]] | None, Field(default=None, min_length=1)),
        "given": (given | None, None),
    }
    bodies = {}
    for mode, question in asked.items():
        fields = {option: own.get(option, kind) for option, kind in question.options.items()}
        fields |= _row_fields(model, mode, question, latents if question.rows == "latents" else row, most)
        bodies[mode] = create_model(f"{name}_{mode}_request", __config__=ConfigDict(extra="forbid"), **fields)
    return bodies


def _row_fields(model: Model, mode: str, question: Question, row: type[BaseModel], most: int) -> dict[str, Any]:
    steps = model.fitted.steps or 1
    if question.rows == "none":
        return {}
    if question.rows == "optional":
        told = Field(default=None, min_length=steps, max_length=steps, description="One row to start from.")
        return {"rows": (list[row] | None, told)}  # type: ignore[valid-type]
    if mode == "interpolate":
        told = Field(min_length=2 * steps, max_length=2 * steps, description="From the first row to the second.")
        return {"rows": (list[row], told)}  # type: ignore[valid-type]
    least = 1 if question.rows == "latents" else steps
    shown: dict[str, Any] = {"maxItems": most, "minItems": least}  # more of them are told 413, fewer what a window is
    told = Field(min_length=1, description=f"At most {most} at once.", json_schema_extra=shown)
    return {"rows": (list[row], told)}  # type: ignore[valid-type]


def options_model(body: type[BaseModel]) -> type[BaseModel]:
    """The options of a body alone, as a query has them beside an Arrow stream."""
    fields: dict[str, Any] = {
        name: (field.annotation, field) for name, field in body.model_fields.items() if name != "rows"
    }
    return create_model(f"{body.__name__}_options", __config__=ConfigDict(extra="forbid"), **fields)


def answer_schema(model: Model, mode: str, question: Question) -> dict[str, Any]:
    """The JSON schema of an answer: rows, of the fitted columns where the mode answers in these."""
    row: dict[str, Any] = {"type": "object"}
    if question.answer == "fitted":
        row["properties"] = {
            column.name: {"description": told(column), "examples": [example(model, column)]}
            for column in model.fitted.schema.columns
        }
    elif mode in MADE:
        row["properties"] = {
            name: {"type": [kind, "null"], "description": says} for name, (kind, says) in MADE[mode].items()
        }
    return {"type": "object", "properties": {"rows": {"type": "array", "items": row}}, "required": ["rows"]}


@dataclass
class Whole:
    """The answer of a pass, a table or what has `to_arrow`, which several requests may have a part of.

    Its column `row` counts its rows, unless it has the `fitted` columns: then it is one of them.
    """

    answer: Any
    fitted: bool = False

    @property
    def count(self) -> int:
        """How many rows it has."""
        return int(self.answer.num_rows if isinstance(self.answer, pa.Table) else len(self.answer))

    @cached_property
    def table(self) -> pa.Table:
        """The answer in Arrow."""
        return arrow(self.answer)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The answer row by row, as JSON has it."""
        own = self.answer.to_rows() if hasattr(self.answer, "to_rows") else None
        return _rows_of(self.table) if own is None else own


@dataclass(frozen=True)
class Part:
    """What a request gets: some rows of the answer of a pass, their numbers from 0 on.

    >>> whole = Whole(pa.table({"row": [0, 1, 2], "y": [5, 6, 7]}))
    >>> Part(whole, 1, 2).table().to_pydict()
    {'row': [0, 1], 'y': [6, 7]}
    >>> json_of(Part(Whole(pa.table({"row": [7, 8]}), fitted=True), 1, 1))
    b'{"rows": [{"row": 8}]}'
    """

    whole: Whole
    first: int
    size: int

    def table(self) -> pa.Table:
        """These rows."""
        part = self.whole.table.slice(self.first, self.size)
        if self.first and "row" in part.column_names and not self.whole.fitted:
            at = part.column_names.index("row")
            part = part.set_column(at, "row", pa.array(range(self.size), part.schema.field(at).type))
        return part


def json_of(answer: pa.Table | Part) -> bytes:
    """{"rows": [...]} of a table, or of a part of one: null for what is missing or not a number, ISO 8601 for moments,
    durations and times of day as in files.

    >>> json_of(pa.table({"x": [1.0, float("nan")]}))
    b'{"rows": [{"x": 1.0}, {"x": null}]}'
    """
    part = answer if isinstance(answer, Part) else Part(Whole(answer), 0, answer.num_rows)
    rows = part.whole.rows[part.first : part.first + part.size]
    if part.first and rows and "row" in rows[0] and not part.whole.fitted:
        rows = [{**row, "row": i} for i, row in enumerate(rows)]
    return json.dumps({"rows": rows}, default=_plain, ensure_ascii=False, allow_nan=False).encode()


def _rows_of(table: pa.Table) -> list[dict[str, Any]]:
    columns = {name: _listed(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _listed(column: pa.ChunkedArray) -> list[Any]:
    if is_tensor(column.type):
        pixels, missing = ndarray_of(column)
        return [None if gone else image.tolist() for image, gone in zip(pixels, missing, strict=True)]
    if is_tick(column.type):
        return clock.write(column).to_pylist()
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [value if value is not None and math.isfinite(value) else None for value in values]
    return values


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
