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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

TOGETHER = 4096  # rows of one pass; a larger request passes alone
Run = Callable[[Any], pa.Table]


@dataclass
class Whole:
    """The answer of a pass, which several requests may have a part of; `shown` is kept for them once one needs it."""

    table: pa.Table
    shown: Any = None


@dataclass(frozen=True)
class Part:
    """What a request gets: some rows of the answer of a pass, their numbers from 0 on.

    >>> whole = Whole(pa.table({"row": [0, 1, 2], "y": [5, 6, 7]}))
    >>> Part(whole, 1, 2).table().to_pydict()
    {'row': [0, 1], 'y': [6, 7]}
    """

    whole: Whole
    first: int
    size: int

    @property
    def nbytes(self) -> float:
        """About how many bytes it has."""
        return float(self.whole.table.nbytes * self.size / max(1, self.whole.table.num_rows))

    def table(self) -> pa.Table:
        """These rows."""
        part = self.whole.table.slice(self.first, self.size)
        if self.first and "row" in part.column_names:
            at = part.column_names.index("row")
            part = part.set_column(at, "row", pa.array(range(self.size), part.schema.field(at).type))
        return part


class Rows(Protocol):
    """Rows of a request; those of several requests fit together where their schemas are equal."""

    @property
    def num_rows(self) -> int: ...

    @property
    def schema(self) -> Any: ...


@dataclass
class Waiting:
    """A request: which others it may share a pass with, its rows, what asks, and who waits."""

    key: str
    rows: Rows | None
    run: Run
    done: asyncio.Future[Part] = field(repr=False)


class Batcher:
    """One thread at the model; whoever comes meanwhile waits and goes next, together.

    Args:
        watch: told how many requests and rows each pass had.
        worker: the thread, shared by all models of a process: seeds become the one generator that torch has for all threads.
    """

    def __init__(
        self, watch: Callable[[int, int], None] = lambda requests, rows: None, worker: ThreadPoolExecutor | None = None
    ) -> None:
        self.queue: list[Waiting] = []
        self.watch, self.worker = watch, worker or ThreadPoolExecutor(1, "vaekit-model")
        self.task: asyncio.Task[None] | None = None

    async def ask(self, mode: str, options: dict[str, Any], rows: Rows | None, run: Run, *, alone: bool) -> Part:
        """The answer of `run` to these rows, perhaps beside those of others that ask the same."""
        key = ""  # it passes alone
        if rows is not None and not alone:
            key = json.dumps([mode, options], sort_keys=True, default=str) + str(rows.schema)
        done: asyncio.Future[Part] = asyncio.get_running_loop().create_future()
        self.queue.append(Waiting(key, rows, run, done))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self.queue:
            batch = self._next()
            answers = await loop.run_in_executor(self.worker, self._answers, batch)
            for waiting, answer in zip(batch, answers, strict=True):
                if waiting.done.done():  # nobody waits any more
                    continue
                if isinstance(answer, Exception):
                    waiting.done.set_exception(answer)
                else:
                    waiting.done.set_result(answer)

    def _next(self) -> list[Waiting]:
        """The oldest request and those that may go with it."""
        self.queue = [waiting for waiting in self.queue if not waiting.done.done()] or self.queue[:1]
        first, rows, taken = self.queue[0], 0, []
        for waiting in self.queue:
            count = 0 if waiting.rows is None else waiting.rows.num_rows
            if waiting is first or (first.key and waiting.key == first.key and rows + count <= TOGETHER):
                taken.append(waiting)
                rows += count
        self.queue = [waiting for waiting in self.queue if not any(waiting is each for each in taken)]
        self.watch(len(taken), rows)
        return taken

    def _answers(self, batch: list[Waiting]) -> list[Part | Exception]:
        if len(batch) == 1:
            return [_try(batch[0])]
        try:
            whole = Whole(batch[0].run(joined([waiting.rows for waiting in batch])))
        except Exception:  # noqa: BLE001 - one request's mistake is that request's answer alone
            return [_try(waiting) for waiting in batch]
        sizes = [waiting.rows.num_rows for waiting in batch if waiting.rows is not None]
        return [Part(whole, sum(sizes[:i]), size) for i, size in enumerate(sizes)]

    def close(self) -> None:
        """Finish what has begun."""
        self.worker.shutdown(wait=True, cancel_futures=True)


def joined(parts: list[Any]) -> Any:
    """The rows of several requests as one."""
    own = getattr(parts[0], "joined", None)
    return pa.concat_tables(parts) if own is None else own(parts)


def _try(waiting: Waiting) -> Part | Exception:
    try:
        answer = waiting.run(waiting.rows)
        return Part(Whole(answer), 0, answer.num_rows)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return error
