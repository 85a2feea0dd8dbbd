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
from typing import Any

import pyarrow as pa

from vaekit.sources import Table

TOGETHER = 4096  # rows of one pass; a larger request passes alone
Run = Callable[[pa.Table | None], pa.Table]


@dataclass
class Waiting:
    """A request: which others it may share a pass with, its rows, what asks, and who waits."""

    key: str
    rows: pa.Table | None
    run: Run
    done: asyncio.Future[pa.Table] = field(repr=False)


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

    async def ask(
        self, mode: str, options: dict[str, Any], rows: pa.Table | None, run: Run, *, alone: bool
    ) -> pa.Table:
        """The answer of `run` to these rows, perhaps beside those of others that ask the same."""
        key = ""  # it passes alone
        if rows is not None and not alone:
            key = json.dumps([mode, options], sort_keys=True, default=str) + str(rows.schema)
        done: asyncio.Future[pa.Table] = asyncio.get_running_loop().create_future()
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

    def _answers(self, batch: list[Waiting]) -> list[pa.Table | Exception]:
        if len(batch) == 1:
            return [_try(batch[0])]
        try:
            whole = batch[0].run(pa.concat_tables([waiting.rows for waiting in batch]))
        except Exception:  # noqa: BLE001 - one request's mistake is that request's answer alone
            return [_try(waiting) for waiting in batch]
        return cut(whole, [waiting.rows.num_rows for waiting in batch if waiting.rows is not None])

    def close(self) -> None:
        """Finish what has begun."""
        self.worker.shutdown(wait=True, cancel_futures=True)


def _try(waiting: Waiting) -> pa.Table | Exception:
    try:
        return waiting.run(waiting.rows)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return error


def cut(answer: pa.Table, sizes: list[int]) -> list[Any]:
    """The answer to each request; numbers of rows begin at 0 in each.

    >>> [each.to_pylist() for each in cut(pa.table({"row": [0, 1, 2], "y": [5, 6, 7]}), [1, 2])]
    [[{'row': 0, 'y': 5}], [{'row': 0, 'y': 6}, {'row': 1, 'y': 7}]]
    """
    out, first = [], 0
    for size in sizes:
        part = answer.slice(first, size)
        if "row" in part.column_names:
            at = part.column_names.index("row")
            part = part.set_column(at, "row", pa.array(range(size), part.schema.field(at).type))
        out.append(part)
        first += size
    return out


def as_rows(table: pa.Table) -> Table:
    """An Arrow table as what modes take."""
    return Table(table, "arrow")
