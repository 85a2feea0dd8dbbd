"""Lots come in their order, made ahead in a thread; what goes wrong there is told here."""

from __future__ import annotations

import threading

import pytest
import torch

from vaekit.errors import DataError
from vaekit.goals import Rows
from vaekit.lots import Lots


def rows(number: int) -> Rows:
    return Rows(torch.full((3, 1), float(number)), torch.ones(3, 1, dtype=torch.bool))


def test_the_next_lot_is_made_while_one_is_used() -> None:
    made: list[int] = []
    begun = threading.Event()

    def make(number: int, _: object) -> Rows:
        made.append(number)
        begun.set()
        return rows(number)

    lots = Lots(rows(0), make)
    assert lots.at(0).cells[0] == 0 and begun.wait(10) and made == [1]
    assert [lots.at(number).cells[0].item() for number in (1, 2, 3)] == [1, 2, 3]
    lots.close()
    assert made[:4] == [1, 2, 3, 4]


def test_another_lot_than_the_next_is_made_too() -> None:
    lots = Lots(rows(0), lambda number, stop: rows(number))
    assert [lots.at(number).cells[0].item() for number in (5, 6, 0, 2)] == [5, 6, 0, 2]
    lots.close()


def test_what_else_is_done_happens_to_every_lot_but_the_first() -> None:
    lots = Lots(rows(0), lambda number, stop: rows(number)).after(
        rows(7), lambda lot: Rows(lot.cells + 0.5, lot.observed)
    )
    assert [lots.at(number).cells[0].item() for number in (0, 1)] == [7, 1.5]
    lots.close()


def test_an_error_is_raised_where_the_rows_are_used() -> None:
    def make(number: int, _: object) -> Rows:
        raise DataError("row 5 is odd")

    lots = Lots(rows(0), make)
    lots.at(0)
    with pytest.raises(DataError, match="row 5"):
        lots.at(1)


def test_a_lot_that_is_given_up_ends_early() -> None:
    began, ended = threading.Event(), threading.Event()

    def make(number: int, stop: object) -> Rows:
        began.set()
        while not stop():  # type: ignore[operator]
            ended.wait(0.01)
        ended.set()
        return rows(number)

    lots = Lots(rows(0), make)
    lots.at(0)
    began.wait(10)
    lots.close()
    assert ended.is_set() and lots.begun is None
