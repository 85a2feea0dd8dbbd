"""Requests that come together pass together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pyarrow as pa
import pytest

from vaekit.serve.batching import Batcher


def _rows(*values: float) -> pa.Table:
    return pa.table({"x": pa.array(values, pa.float64())})


def _together(tables: list[pa.Table], run: Any, **how: Any) -> tuple[list[Any], list[tuple[int, int]]]:
    passes: list[tuple[int, int]] = []

    async def ask() -> list[Any]:
        batcher = Batcher(lambda requests, rows: passes.append((requests, rows)))
        asked = [batcher.ask("score", {}, table, run, alone=how.get("alone", False)) for table in tables]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        batcher.close()
        return answers

    return asyncio.run(ask()), passes


def _double(table: pa.Table) -> pa.Table:
    return pa.table({"row": list(range(len(table))), "y": [2 * x for x in table["x"].to_pylist()]})


def test_one_pass_for_all_who_wait() -> None:
    answers, passes = _together([_rows(1, 2), _rows(3), _rows(4)], _double)
    assert [answer.table().to_pydict() for answer in answers] == [
        {"row": [0, 1], "y": [2, 4]}, {"row": [0], "y": [6]}, {"row": [0], "y": [8]},
    ]  # fmt: skip
    assert passes == [(3, 4)]


def test_other_columns_and_requests_that_stand_alone_pass_alone() -> None:
    assert _together([_rows(1), pa.table({"x": [1]})], _double)[1] == [(1, 1), (1, 1)]
    assert _together([_rows(1), _rows(2)], _double, alone=True)[1] == [(1, 1), (1, 1)]


def test_a_mistake_is_its_own_requests_alone() -> None:
    def picky(table: pa.Table) -> pa.Table:
        if -1 in table["x"].to_pylist():
            raise ValueError("negative")
        return _double(table)

    answers, _ = _together([_rows(1), _rows(-1), _rows(2)], picky)
    assert isinstance(answers[1], ValueError) and answers[2].table().to_pydict() == {"row": [0], "y": [4]}


def test_who_left_is_not_waited_for() -> None:
    async def ask() -> Any:
        batcher = Batcher()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(batcher.ask("score", {}, _rows(1), _double, alone=True), 0)
        return await batcher.ask("score", {}, _rows(2), _double, alone=True)

    assert asyncio.run(ask()).table()["y"].to_pylist() == [4]
