"""Where models answer: several requests that ask the same of one, in one pass, each with its own answer or mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from vaekit import api
from vaekit.errors import VaekitError, heard
from vaekit.recorded import recording
from vaekit.schema import arrow_type
from vaekit.serve.asked import Asked, answered, written
from vaekit.serve.batching import Place
from vaekit.serve.bodies import Part, Whole
from vaekit.serve.questions import Question, questions
from vaekit.serve.shelf import Book

RECORDED = 6  # rows that pass together, at most, of passes that are recorded


class Desk:
    """Models that are ready to answer, by name: the one that is served, and the one before it for requests that came earlier.

    Args:
        books: the models.
    """

    def __init__(self, books: Iterable[Book]) -> None:
        self.books: dict[str, list[Book]] = {}
        self.questions = questions()
        self.place(list(books))

    def place(self, books: Sequence[Book]) -> list[Book]:
        """Take models, in place of those of their names or as the first; the ones that were taken."""
        for book in books:
            warm(book.model)
            self.books[book.name] = [*self.books.get(book.name, [])[-1:], book]
        return list(books)

    def prepare(self, place: Place, options: dict[str, Any]) -> None:
        """Find what a mode takes long for the first time."""
        ready = self.questions[place.mode].prepare
        if ready is not None:
            ready(self._book(place).model, options)

    def answers(self, place: Place, several: Sequence[Asked]) -> list[bytes | Exception]:
        """The answer to each of several requests as it is sent, or what is wrong with it."""
        try:
            return list(_pass(self._book(place), self.questions[place.mode], several))
        except Exception as error:  # noqa: BLE001 - told to whoever asked; one request's mistake is its answer alone
            return [error] if len(several) == 1 else [self.answers(place, [asked])[0] for asked in several]

    def close(self) -> None:
        """Nothing is held that need be given back."""

    def _book(self, place: Place) -> Book:
        """The model in the state in which it was asked; the newest one where that is gone."""
        own = self.books[place.model]
        return next((book for book in own if book.stamp == place.stamp), own[-1])


def joined(parts: list[Any]) -> Any:
    """The rows of several requests as one."""
    own = getattr(parts[0], "joined", None)
    return pa.concat_tables(parts) if own is None else own(parts)


def _pass(book: Book, question: Question, several: Sequence[Asked]) -> Iterator[bytes]:
    """The answers of one pass; that of a request alone is all of it, however many rows were made for it."""
    tables = [asked.table for asked in several]
    rows = tables[0] if len(tables) == 1 else joined(tables)
    whole = Whole(answered(book, question, several[0].options, rows), fitted=question.answer == "fitted")
    sizes = [whole.count] if len(tables) == 1 else [0 if each is None else each.num_rows for each in tables]
    for i, asked in enumerate(several):
        yield written(Part(whole, sum(sizes[:i]), sizes[i]), asked.arrow)


def warm(model: api.Model) -> None:
    """Ask a model about nothing, so that what it prepares for later is there before the first request.

    What few rows of a table pass is recorded (`vaekit.recorded`).
    """
    columns = [column for column in model.fitted.schema.columns if column.role != "ignored"]
    kinds = {column.name: arrow_type(column.type) for column in columns}
    sizes = [model.fitted.steps or 1] if model.fitted.layout.shape else range(1, RECORDED + 1)
    with suppress(VaekitError), heard(), recording(model.fitted):
        for rows in sizes:
            model.score(pa.table({name: pa.nulls(rows, kind) for name, kind in kinds.items()})).to_arrow()
