"""What people decided about rows: an SQLite file beside the model's, one line a row."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from vaekit.serve.problems import Problem, responses
from vaekit.serve.shelf import Book

OWN = ("verdict", "note", "score", "p_value", "at")
TABLE = """create table if not exists verdicts (
    key text primary key, verdict text not null, note text not null, score real, p_value real,
    at text not null, data text not null
)"""
Number = Annotated[float | None, Field(default=None, allow_inf_nan=False)]


class Verdict(BaseModel):
    """A decision about a row; none takes back what was decided."""

    model_config = ConfigDict(extra="forbid", title="A verdict about a row")
    row: dict[str, Any] = Field(min_length=1, examples=[{"amount": 12.5, "city": "Bern"}])
    verdict: Literal["anomaly", "ordinary", "unsure"] | None
    note: str = Field(default="", max_length=2000)
    score: Number
    p_value: Number


class Ledger:
    """The verdicts on the rows of one model.

    Args:
        path: of the SQLite file, made when the first verdict is kept.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "fraud.verdicts.sqlite")
    ...     ledger.keep(Verdict(row={"amount": 9.5}, verdict="anomaly", score=4.2))
    ...     [(each["verdict"], each["row"]) for each in ledger.rows()]
    [('anomaly', {'amount': 9.5})]
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, book: Book) -> Ledger:
        """Beside the model's file: fraud.vae has fraud.verdicts.sqlite."""
        return cls(book.path.with_suffix(".verdicts.sqlite"))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self.path, timeout=5)
            try:
                with base:  # one transaction
                    base.execute(TABLE)
                    yield base
            finally:
                base.close()
        except sqlite3.Error as error:
            hint = f"{self.path.name} must be writable, beside the model's file"
            raise Problem(409, f"verdicts cannot be kept: {error}", hint=hint) from None

    def keep(self, said: Verdict) -> None:
        """Write a verdict in the place of an earlier one on the same row, or take that back.

        Raises:
            Problem: 409 where the file cannot be written.
        """
        data = json.dumps(said.row, ensure_ascii=False)
        key = json.dumps(said.row, sort_keys=True)
        with self._open() as base:
            if said.verdict is None:
                base.execute("delete from verdicts where key = ?", (key,))
                return
            now = datetime.now(UTC).isoformat(timespec="seconds")
            line = (key, said.verdict, said.note, said.score, said.p_value, now, data)
            base.execute("insert or replace into verdicts values (?, ?, ?, ?, ?, ?, ?)", line)

    def rows(self) -> list[dict[str, Any]]:
        """Every verdict with its row, the oldest first."""
        if not self.path.exists():
            return []
        with self._open() as base:
            found = base.execute(f"select {', '.join(OWN)}, data from verdicts order by at, rowid").fetchall()
        return [{**dict(zip(OWN, line, strict=False)), "row": json.loads(line[-1])} for line in found]

    def csv(self) -> str:
        """The same as CSV: verdict, note, score, p_value, at, then the columns of the rows."""
        found = self.rows()
        names = list(dict.fromkeys(name for each in found for name in each["row"]))
        sink = io.StringIO()
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow([*OWN, *names])
        for each in found:
            writer.writerow([*(each[name] for name in OWN), *(_cell(each["row"].get(name)) for name in names)])
        return sink.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def routes(app: FastAPI, book: Callable[[str], Book]) -> None:
    """`GET` and `POST /v1/models/{m}/verdicts`, `GET /v1/models/{m}/verdicts.csv`."""

    @app.get("/v1/models/{model}/verdicts", tags=["verdicts"], responses=responses(401, 404, 409))
    def verdicts(model: str) -> dict[str, Any]:
        return {"rows": Ledger.of(book(model)).rows()}

    @app.get("/v1/models/{model}/verdicts.csv", tags=["verdicts"], response_class=Response,
             responses={200: {"content": {"text/csv": {}}}, **responses(401, 404, 409)})  # fmt: skip
    def export(model: str) -> Response:
        return Response(Ledger.of(book(model)).csv(), media_type="text/csv")

    @app.post("/v1/models/{model}/verdicts", tags=["verdicts"],
              responses=responses(400, 401, 404, 409, 413, 415, 422, 503))  # fmt: skip
    def keep(model: str, said: Verdict) -> dict[str, Any]:
        Ledger.of(book(model)).keep(said)
        return {"kept": said.verdict}
