"""Several requests in one pass of a model."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vaekit.serve.asked import Asked
from vaekit.serve.batching import Place
from vaekit.serve.desk import Desk
from vaekit.serve.shelf import Book, read

OPTIONS = {"by": "default", "reasons": 3, "alpha": 0.2, "seed": 0}


@pytest.fixture(scope="module")
def book(model_file: Path) -> Book:
    return read(model_file)


@pytest.fixture(scope="module")
def desk(book: Book) -> Desk:
    return Desk([book])


def asked(rows: list[dict[str, Any]], *, arrow: bool = False) -> Asked:
    return Asked(pa.Table.from_pylist(rows), OPTIONS, arrow)


def test_an_answer_does_not_depend_on_its_company(book: Book, desk: Desk, rows: Any) -> None:
    place = Place("shop", book.stamp, "score")
    alone = [desk.answers(place, [asked([row])])[0] for row in rows]
    together = desk.answers(place, [asked([row]) for row in rows])
    for own, other in zip(alone, together, strict=True):
        (one,), (two,) = (json.loads(each)["rows"] for each in (own, other))  # type: ignore[arg-type]
        for name in ("score", "p_value"):
            assert one.pop(name) == pytest.approx(two.pop(name), rel=1e-6)
        numbers = [(one.pop(f"reason_{i}_share"), two.pop(f"reason_{i}_share")) for i in (1, 2, 3)]
        assert all(a == b or a == pytest.approx(b, rel=1e-4) for a, b in numbers)
        assert one == two and one["row"] == 0


def test_each_has_the_form_that_it_asked_for(book: Book, desk: Desk, rows: Any) -> None:
    found = desk.answers(Place("shop", book.stamp, "score"), [asked(rows), asked(rows[:1], arrow=True)])
    assert len(json.loads(found[0])["rows"]) == 2  # type: ignore[arg-type]
    assert pa.ipc.open_stream(found[1]).read_all()["row"].to_pylist() == [0]


def test_a_mistake_is_its_own_requests_alone(book: Book, desk: Desk, rows: Any) -> None:
    endless = [{**rows[0], "price": float("inf")}]
    found = desk.answers(Place("shop", book.stamp, "score"), [asked(rows), asked(endless), asked(rows[:1])])
    assert [isinstance(answer, Exception) for answer in found] == [False, True, False]
    assert "infinit" in str(found[1]) or "finite" in str(found[1])


def test_earlier_requests_are_answered_by_the_model_of_their_time(book: Book, rows: Any) -> None:
    desk = Desk([book])
    for stamp in ((1, 1, 1), (2, 2, 2)):
        assert desk.place([dataclasses.replace(book, stamp=stamp)])
    assert [each.stamp for each in desk.books["shop"]] == [(1, 1, 1), (2, 2, 2)]
    assert desk._book(Place("shop", (1, 1, 1), "score")).stamp == (1, 1, 1)
    assert desk._book(Place("shop", book.stamp, "score")).stamp == (2, 2, 2)
