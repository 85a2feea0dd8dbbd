"""A desk in a process of its own: while a model is at work, Python there is busy, and requests here are read and answered.

```
this process                                     the other one
    the thread that asks     --a batch of requests-->  main thread: pass, answers as bytes
    the thread beside it     --clusters, new files-->  another thread, so that answers go on meanwhile
```
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from vaekit.errors import VaekitError
from vaekit.serve.asked import Asked
from vaekit.serve.batching import Place
from vaekit.serve.problems import Problem, problem_of
from vaekit.serve.shelf import Book, read

LOG = logging.getLogger("vaekit.serve")
GRACE = 30  # seconds until it is ended
FEW = 64  # rows of a pass for which one thread is faster than several that wait for one another
GONE = "the process in which the models answer has ended; another one takes its place"


class Apart:
    """A desk in another process, with the methods of `Desk`.

    It is made anew where it ends before its time (a machine short of memory ends what is large): who waits is told 503.

    Args:
        paths: the models' files, each of which it reads by itself.

    Raises:
        VaekitError: a file that cannot be read.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = [str(path) for path in paths]
        self.lock = threading.Lock()
        self.closed = False
        self.awaited = True
        self.begin()

    def wait(self) -> None:
        """Until it has read the models.

        Raises:
            VaekitError: a file that it cannot read.
        """
        if self.awaited:
            self.awaited = False
            found = self.front.recv()
            if isinstance(found, Exception):
                raise found

    def begin(self) -> None:
        """Start the process; it is waited for by who asks first."""
        spawn = multiprocessing.get_context("spawn")
        (self.front, front), (self.beside, beside) = spawn.Pipe(), spawn.Pipe()
        self.process = spawn.Process(target=work, args=(front, beside, self.paths), daemon=True)
        with deaf():
            self.process.start()
        for end in (front, beside):  # with our copies open its end would not be noticed
            end.close()
        self.awaited = True

    def answers(self, place: Place, several: Sequence[Asked]) -> list[bytes | Exception]:
        """See `Desk.answers`."""
        found: list[bytes | Exception] = self._call("front", "answers", place, several)
        return found

    def prepare(self, place: Place, options: dict[str, Any]) -> None:
        """See `Desk.prepare`."""
        self._call("beside", "prepare", place, options)

    def place(self, books: Sequence[Book]) -> list[Book]:
        """Have files read anew that were read here; the ones of which both processes have the same state."""
        stamps = self._call("beside", "read", [str(book.path) for book in books])
        return [book for book, stamp in zip(books, stamps, strict=True) if book.stamp == stamp]

    def close(self) -> None:
        """End the process, once it has finished what it is at."""
        self.closed = True
        for end in (self.front, self.beside):
            end.close()
        self.process.join(GRACE)
        self.process.kill()

    def _call(self, where: str, method: str, *words: Any) -> Any:
        process = self.process
        end: Connection = getattr(self, where)
        try:
            if where == "front":
                self.wait()
            end.send((method, words))
            found = end.recv()
        except (EOFError, OSError):
            with self.lock:
                if self.process is process and not self.closed:  # else somebody has seen to it
                    LOG.error(GONE)
                    self.begin()
            raise Problem(503, GONE, hint="ask again in a few seconds") from None
        if isinstance(found, Exception):
            raise found
        return found


@contextmanager
def deaf() -> Iterator[None]:
    """Within it a process is started that Ctrl-C and a supervisor's signals do not end: it ends with the one that asks."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only that one may say; the process says so itself, a second later
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def work(front: Connection, beside: Connection, paths: list[str]) -> None:
    """What the other process does until nobody asks any more."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    from vaekit.serve.desk import Desk
    from vaekit.serve.gate import logged

    logged()
    try:
        desk = Desk([read(Path(path)) for path in paths])
    except VaekitError as error:  # told in place of the first answer, where anybody still waits for it
        with suppress(OSError):
            front.send(error)
        return
    settle()
    with suppress(OSError):
        front.send(None)

    def again(paths: list[str]) -> list[Any]:
        return [book.stamp for book in desk.place([read(Path(path)) for path in paths])]

    aside = threading.Thread(target=serve, args=(beside, {"prepare": desk.prepare, "read": again}), daemon=True)
    aside.start()
    serve(front, {"answers": threads(desk.answers)})


def serve(end: Connection, methods: dict[str, Callable[..., Any]]) -> None:
    """Answer what comes in, until the other end is closed."""
    with suppress(EOFError, OSError):
        while True:
            method, words = end.recv()
            try:
                found = methods[method](*words)
            except Exception as error:  # noqa: BLE001 - told to whoever asked
                found = error
            end.send(list(map(plain, found)) if isinstance(found, list) else plain(found))


def plain(found: Any) -> Any:
    """What can be sent: an unexpected exception stays in the log of this process."""
    if not isinstance(found, Exception) or isinstance(found, VaekitError | Problem):
        return found
    LOG.error("a request failed", exc_info=found)
    return problem_of(found)


def threads(answers: Callable[..., Any]) -> Callable[..., Any]:
    """Passes of few rows in one thread, of many rows in as many as there are cores."""
    import torch

    every = torch.get_num_threads()

    def ask(place: Place, several: Sequence[Asked]) -> Any:
        rows = sum(asked.rows for asked in several)
        wanted = 1 if rows <= FEW else every
        if torch.get_num_threads() != wanted:
            torch.set_num_threads(wanted)
        return answers(place, several)

    return ask


def settle() -> None:
    """What was read lives as long as the process: a collection need not look at it again and again."""
    import gc

    gc.collect()
    gc.freeze()
