"""Model files that are served: each under its stem, read again when its file is replaced, never half."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vaekit import api
from vaekit.errors import UserError, VaekitError

LOG = logging.getLogger("vaekit.serve")
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Book:
    """A model that was read whole, and the state of its file at that time."""

    name: str
    path: Path
    model: api.Model
    stamp: Stamp


def stamp(path: Path) -> Stamp | None:
    """What changes when a file is replaced: time, size, inode; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Shelf:
    """The models by name.

    Raises:
        UserError: two files of one stem, or none at all.
        ArtifactError: a file that is no whole model.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        places = [Path(path) for path in paths]
        names = [place.stem for place in places]
        if twice := [name for name in names if names.count(name) > 1]:
            raise UserError(f"serve: two files are called {twice[0]!r}", hint="rename one: its stem is its address")
        if not places:
            raise UserError("serve: no model was given", hint="vaekit serve fraud.vae")
        self.books = {place.stem: read(place) for place in places}
        self.refused: dict[str, Stamp] = {}

    def changed(self) -> list[Book]:
        """The models whose files were replaced since, read anew; a file that is no whole model leaves the old one in place."""
        found = []
        for book in list(self.books.values()):
            now = stamp(book.path)
            if now is None or now in (book.stamp, self.refused.get(book.name)):
                continue
            try:
                found.append(read(book.path))
                self.refused.pop(book.name, None)
            except VaekitError as error:
                self.refused[book.name] = now
                LOG.warning(
                    "%s was replaced by what cannot be served, the old model stays: %s", book.path, error.message
                )
        return found

    def replace(self, books: Sequence[Book]) -> None:
        """Serve these from now on."""
        self.books = {**self.books, **{book.name: book for book in books}}


def read(path: Path) -> Book:
    """A model whose answers are Arrow tables, whatever it was fitted on."""
    before = stamp(path)
    model = api.load(path)
    model.fitted.form |= {"flavour": "file", "native": {}}
    return Book(path.stem, path, model, before or (0, 0, 0))
