"""Lots side by side: in order, as from one core, and nothing of the threads that others use is changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
import torch

from vaekit.modes.abreast import abreast
from vaekit.modes.ask import chunks

SET: ContextVar[str] = ContextVar("SET", default="")


@pytest.fixture(params=[1, 3])
def cores(request: Any) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_lots_come_back_in_order(cores: int) -> None:
    assert abreast(lambda at: at.start, chunks(23, 2)) == list(range(0, 23, 2))
    assert abreast(lambda at: at, []) == []


def test_each_lot_has_one_core_and_all_cores_remain(cores: int) -> None:
    assert abreast(lambda _: torch.get_num_threads(), chunks(9, 1)) == [1] * 9
    assert torch.get_num_threads() == cores
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [cores]


def test_a_single_lot_has_all_cores(cores: int) -> None:
    assert abreast(lambda _: torch.get_num_threads(), chunks(9, 9)) == [cores]


def test_what_the_caller_has_set_holds_for_every_lot(cores: int) -> None:
    token = SET.set("so")
    with torch.no_grad():
        found = abreast(lambda _: (SET.get(), torch.is_grad_enabled()), chunks(6, 1))
    SET.reset(token)
    assert found == [("so", False)] * 6


def test_an_error_reaches_the_caller_and_few_lots_begin_after_it(cores: int) -> None:
    begun = []

    def work(at: slice) -> None:
        begun.append(at.start)
        raise ValueError(f"lot {at.start}")

    with pytest.raises(ValueError, match="lot 0"):
        abreast(work, chunks(100, 1))
    assert len(begun) <= 2 * cores
    assert torch.get_num_threads() == cores
