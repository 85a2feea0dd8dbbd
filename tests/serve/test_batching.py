"""Requests that come together pass together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from vaekit.serve.asked import Asked
from vaekit.serve.batching import Batcher, Place

PLACE = Place("shop", (0, 0, 0), "score")


def _asked(*values: float, **options: Any) -> Asked:
    return Asked(pa.table({"x": pa.array(values, pa.float64())}), options, arrow=False)


def _doubled(_: Place, several: Sequence[Asked]) -> list[bytes | Exception]:
    return [str([2 * x for x in asked.table["x"].to_pylist()]).encode() for asked in several]  # type: ignore[index, union-attr]


def _together(several: list[Asked], answers: Any = _doubled, *, alone: bool = False) -> tuple[list[Any], list[Any]]:
    passes: list[tuple[int, int]] = []

    async def ask() -> list[Any]:
        batcher = Batcher(answers, lambda requests, rows: passes.append((requests, rows)))
        found = await asyncio.gather(
            *(batcher.ask(PLACE, asked, alone=alone) for asked in several), return_exceptions=True
        )
        batcher.close()
        return found

    return asyncio.run(ask()), passes


def test_one_pass_for_all_who_wait() -> None:
    found, passes = _together([_asked(1, 2), _asked(3), _asked(4)])
    assert found == [b"[2.0, 4.0]", b"[6.0]", b"[8.0]"] and passes == [(3, 4)]


def test_other_columns_options_and_requests_that_stand_alone_pass_alone() -> None:
    whole = Asked(pa.table({"x": [1]}), {}, arrow=False)
    assert _together([_asked(1), whole])[1] == [(1, 1), (1, 1)]
    assert _together([_asked(1, seed=0), _asked(1, seed=1)])[1] == [(1, 1), (1, 1)]
    assert _together([_asked(1), _asked(2)], alone=True)[1] == [(1, 1), (1, 1)]


def test_each_is_told_what_is_wrong_with_it() -> None:
    def picky(place: Place, several: Sequence[Asked]) -> list[Any]:
        return [ValueError("negative") if b"-" in answer else answer for answer in _doubled(place, several)]  # type: ignore[operator]

    found, _ = _together([_asked(1), _asked(-1), _asked(2)], picky)
    assert isinstance(found[1], ValueError) and found[2] == b"[4.0]"

    def broken(*_: Any) -> list[Any]:
        raise OSError("gone")

    assert all(isinstance(answer, OSError) for answer in _together([_asked(1), _asked(2)], broken)[0])


def test_who_left_is_not_waited_for() -> None:
    async def ask() -> Any:
        batcher = Batcher(_doubled)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(batcher.ask(PLACE, _asked(1), alone=True), 0)
        return await batcher.ask(PLACE, _asked(2), alone=True)

    assert asyncio.run(ask()) == b"[4.0]"
