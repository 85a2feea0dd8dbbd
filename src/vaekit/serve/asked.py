"""A request as a table and options, and its answer as bytes."""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import torch
from pydantic import BaseModel

from vaekit.errors import heard
from vaekit.serve.bodies import Part, json_of, options_model
from vaekit.serve.gate import too_long
from vaekit.serve.problems import Problem
from vaekit.serve.questions import Question
from vaekit.serve.rows import Sent, sent
from vaekit.serve.shelf import Book
from vaekit.sources import Table, read

LOG = logging.getLogger("vaekit.serve")
ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"


@dataclass(frozen=True)
class Asked:
    """What a request asks of a model: rows, if any, and options; and the form that its answer shall have.

    Args:
        table: the rows.
        options: of the mode, complete.
        arrow: whether the answer is an Arrow IPC stream.
    """

    table: pa.Table | Sent | None
    options: dict[str, Any]
    arrow: bool

    @property
    def rows(self) -> int:
        """How many rows it takes, or makes where that is more."""
        count = max(0 if self.table is None else self.table.num_rows, self.options.get("n") or 0)
        return int(count * (self.options.get("draws") or 1))


def asked(
    book: Book, question: Question, body: type[BaseModel], raw: bytes, headers: Mapping[str, str], query: Mapping[str, str],
    most: int,
) -> Asked:  # fmt: skip
    """A request that was received whole.

    Raises:
        Problem: no Arrow stream, a body of an unknown type, or of more than `most` bytes once it is unpacked.
        ValidationError: what does not fit the body.
    """
    raw = unpacked(raw, headers.get("content-encoding", ""), most)
    kind, wanted = headers.get("content-type", JSON).partition(";")[0].strip().lower(), headers.get("accept", "")
    as_arrow = ARROW in wanted or (kind == ARROW and "json" not in wanted)
    if kind == ARROW:
        options = options_model(body).model_validate(dict(query)).model_dump(by_alias=True, exclude_unset=True)
        options = {name: field.default for name, field in body.model_fields.items() if name != "rows"} | options
        return Asked(_received(book, raw), options, as_arrow)
    if kind not in (JSON, ""):
        raise Problem(415, f"content-type {kind!r}, expected {JSON} or {ARROW}", hint=f"curl -H 'content-type: {JSON}'")
    checked = body.model_validate_json(raw or b"{}")
    rows = getattr(checked, "rows", None)
    return Asked(None if rows is None else sent(rows), _options(checked), as_arrow)


def unpacked(raw: bytes, coding: str, most: int) -> bytes:
    """The bytes of a body that may be packed by gzip, unpacked no further than `most` bytes.

    >>> import gzip
    >>> unpacked(gzip.compress(b"{}"), "gzip", 2)
    b'{}'
    """
    if coding.lower() in ("", "identity"):
        return raw
    if coding.lower() not in ("gzip", "x-gzip"):
        raise Problem(415, f"content-encoding {coding!r}, expected gzip or none")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(raw, most + 1)
    except zlib.error as error:
        raise Problem(400, f"the body is not packed by gzip: {error}") from None
    if len(plain) > most:
        raise too_long(most)
    if not unpacker.eof:
        raise Problem(400, "the body ends before its gzip stream does")
    return plain


def _options(checked: BaseModel) -> dict[str, Any]:
    values = {name: getattr(checked, name) for name in type(checked).model_fields if name != "rows"}
    return {
        name: value.model_dump(by_alias=True, exclude_unset=True) if isinstance(value, BaseModel) else value
        for name, value in values.items()
    }


def _received(book: Book, raw: bytes) -> pa.Table:
    try:
        table = pa.ipc.open_stream(raw).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Problem(400, f"no Arrow IPC stream: {error}", hint=f"content-type {ARROW}") from None
    with heard():
        return read(table, text=book.model.fitted.schema.text).arrow


def answered(book: Book, question: Question, options: dict[str, Any], rows: pa.Table | Sent | None) -> Any:
    """The answer of a model, which never trains here; what it warns of is a line of the log."""
    with heard() as told, torch.inference_mode():
        table = rows.table_for(book.model) if isinstance(rows, Sent) else rows
        answer = question.ask(book.model, None if table is None else Table(table, "arrow"), options)
    for each in dict.fromkeys(told):
        LOG.debug("%s: %s", book.name, each)
    return answer


def written(part: Part, as_arrow: bool) -> bytes:
    """An answer as it is sent."""
    if not as_arrow:
        return json_of(part)
    sink, table = io.BytesIO(), part.table()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
