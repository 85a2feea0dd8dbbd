"""Models that answer in a process of their own."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vaekit.errors import ArtifactError, DataError
from vaekit.serve.apart import Apart, plain
from vaekit.serve.asked import Asked
from vaekit.serve.batching import Place
from vaekit.serve.desk import Desk
from vaekit.serve.problems import Problem
from vaekit.serve.shelf import Book, read

OPTIONS = {"by": "default", "reasons": 3, "alpha": 0.2, "seed": 0}


@pytest.fixture(scope="module")
def book(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Book:
    return read(Path(shutil.copy(model_file, tmp_path_factory.mktemp("apart") / "shop.vae")))


@pytest.fixture(scope="module")
def apart(book: Book) -> Iterator[Apart]:
    found = Apart([book.path])
    found.wait()
    yield found
    found.close()
    assert found.process.exitcode == 0


def asked(rows: Any) -> Asked:
    return Asked(pa.Table.from_pylist(rows), OPTIONS, arrow=False)


def test_answers_are_those_of_this_process(apart: Apart, book: Book, rows: Any) -> None:
    place = Place("shop", book.stamp, "score")
    assert apart.answers(place, [asked(rows)]) == Desk([book]).answers(place, [asked(rows)])
    (found,) = apart.answers(place, [asked([{**rows[0], "price": float("inf")}])])
    assert isinstance(found, DataError)
    cluster = Place("shop", book.stamp, "cluster")
    apart.prepare(cluster, {"clusters": 2, "by": "default"})
    options = {"clusters": 2, "by": "default"}
    (found,) = apart.answers(cluster, [dataclasses.replace(asked(rows), options=options)])
    assert isinstance(found, bytes)


def test_files_are_read_anew_where_both_see_the_same(apart: Apart, book: Book) -> None:
    assert apart.place([book]) == [book]
    assert apart.place([dataclasses.replace(book, stamp=(0, 0, 0))]) == []


def test_a_process_that_ends_is_made_anew(apart: Apart, book: Book, rows: Any) -> None:
    place = Place("shop", book.stamp, "score")
    apart.process.kill()
    apart.process.join()
    with pytest.raises(Problem, match="has ended") as told:
        apart.answers(place, [asked(rows)])
    assert told.value.status == 503
    (found,) = apart.answers(place, [asked(rows)])
    assert isinstance(found, bytes)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    apart = Apart([tmp_path / "none.vae"])
    with pytest.raises(ArtifactError, match="none"):
        apart.wait()
    apart.close()


def test_what_is_unexpected_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "vaekit.serve"):
        problem = plain(KeyError("password"))
    assert problem.status == 500 and "password" not in problem.detail and "password" in caplog.text
    assert plain(b"answer") == b"answer" and isinstance(plain(DataError("no")), DataError)
