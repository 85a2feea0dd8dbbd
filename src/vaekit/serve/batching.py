"""Requests that wait while the model is at work pass it together: no row's answer depends on another row.

```
request 1 --+                                   +--> answer 1
request 2 --+--> one table --> one pass --> cut +--> answer 2
request 3 --+                                   +--> answer 3
```
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from vaekit.serve.asked import Asked

TOGETHER = 4096  # rows of one pass; a larger request passes alone


class Place(NamedTuple):
    """What is asked: which model, in which state of its file, and which mode."""

    model: str
    stamp: Any
    mode: str


Answers = Callable[[Place, Sequence[Asked]], Sequence[bytes | Exception]]


@dataclass
class Waiting:
    """A request in the queue: those with equal keys may pass together, "" passes alone."""

    key: str
    place: Place
    asked: Asked
    done: asyncio.Future[bytes]

    @property
    def rows(self) -> int:
        """How many rows it brings."""
        return 0 if self.asked.table is None else self.asked.table.num_rows


class Batcher:
    """A queue before the models, which one thread asks.

    Args:
        answers: the answer of each of several requests that ask the same of a model, or what is wrong with it.
        watch: is told how many requests with how many rows pass together.
        worker: the thread, shared by all models of a process: seeds become the one generator that torch has for all threads.
    """

    def __init__(
        self, answers: Answers, watch: Callable[[int, int], None] = lambda requests, rows: None,
        worker: ThreadPoolExecutor | None = None,
    ) -> None:  # fmt: skip
        self.queue: list[Waiting] = []
        self.lock, self.at_work = threading.Lock(), False
        self.answers, self.watch, self.worker = answers, watch, worker or ThreadPoolExecutor(1, "vaekit-model")

    async def ask(self, place: Place, asked: Asked, *, alone: bool) -> bytes:
        """The answer to a request, perhaps found beside those of others that ask the same."""
        key = ""  # it passes alone
        if asked.table is not None and not alone:
            key = json.dumps([place, asked.options], sort_keys=True, default=str) + str(asked.table.schema)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        with self.lock:
            self.queue.append(Waiting(key, place, asked, done))
            begin, self.at_work = not self.at_work, True
        if begin:
            loop.call_soon(self._go_on)  # once all have asked who do so in this turn of the loop
        return await done

    def _go_on(self) -> None:
        """Have the thread take the next batch, after those that other models have for it."""
        try:
            self.worker.submit(self._pass)
        except RuntimeError as error:  # it is closed
            with self.lock:
                gone, self.queue, self.at_work = self.queue, [], False
            _tell(gone, [error] * len(gone))

    def _pass(self) -> None:
        """One batch. The thread sees to the next one itself: the loop is busy with requests, and models would wait for it."""
        with self.lock:
            batch = self._next()
            self.at_work = bool(batch)
        if not batch:
            return
        try:
            answers = self.answers(batch[0].place, [waiting.asked for waiting in batch])
        except Exception as error:  # noqa: BLE001 - told to all who asked
            answers = [error] * len(batch)
        _tell(batch, answers)
        self._go_on()

    def _next(self) -> list[Waiting]:
        """The oldest request and those that may go with it; nobody who does not wait any more."""
        self.queue = [waiting for waiting in self.queue if not waiting.done.done()]
        if not self.queue:
            return []
        first, rows, taken = self.queue[0], 0, []
        for waiting in self.queue:
            if waiting is first or (first.key and waiting.key == first.key and rows + waiting.rows <= TOGETHER):
                taken.append(waiting)
                rows += waiting.rows
        gone = set(map(id, taken))
        self.queue = [waiting for waiting in self.queue if id(waiting) not in gone]
        self.watch(len(taken), rows)
        return taken

    def close(self) -> None:
        """Finish what has begun."""
        self.worker.shutdown(wait=True, cancel_futures=True)


def _tell(batch: Sequence[Waiting], answers: Sequence[bytes | Exception]) -> None:
    """Give each who waits the answer, in the thread of the loop."""

    def give() -> None:
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.done.done():  # nobody waits any more
                continue
            if isinstance(answer, Exception):
                waiting.done.set_exception(answer)
            else:
                waiting.done.set_result(answer)

    with suppress(RuntimeError):  # a loop that is closed has nobody who waits
        if batch:
            batch[0].done.get_loop().call_soon_threadsafe(give)
