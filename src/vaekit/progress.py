"""A progress bar with rate and time left on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vaekit.modes import WATCH

if TYPE_CHECKING:
    from rich.progress import Progress

    from vaekit.train import Step

EVERY = 5.0  # seconds between plain lines
REFRESH = 0.1  # seconds between two looks of the bar
LONG = 1.0  # seconds from which on a passage through rows is worth a bar


@dataclass(frozen=True)
class Tick:
    """Work of a name: `done` of `total` after `spent` seconds, `base` of them before; text stands beside the bar."""

    name: str
    done: int
    total: int
    text: str
    spent: float
    base: int = 0

    @property
    def left(self) -> str:
        return _clock(self.spent * (self.total - self.done) / max(self.done - self.base, 1))


Tell = Callable[[Tick], None]


@contextmanager
def reporter(show: bool | None, on_step: Callable[[Step], Any] | None) -> Iterator[Callable[[Step], Any] | None]:
    """What to call after every training step: the user's own function, and the bar where one is wanted.

    Args:
        show: True for a bar on a terminal and plain lines elsewhere, False for silence, None for a bar on a terminal only.
        on_step: the user's function; its answer decides whether training goes on.
    """
    terminal = sys.stderr.isatty()
    if show is False or (show is None and not terminal):
        yield on_step
        return
    began: dict[str, tuple[float, int]] = {}
    with _bars() if terminal else _lines(closing=True) as tell:

        def report(step: Step) -> Any:
            now = time.monotonic()
            since, base = began.setdefault(step.stage, (now, step.step - 1))
            tell(Tick(step.stage, step.step, step.steps, about(step), now - since, base))
            return None if on_step is None else on_step(step)

        yield report


@contextmanager
def watching(name: str, show: bool | None = True) -> Iterator[None]:
    """Show how far a mode is with its rows, where that takes long; each of its passages starts anew.

    Args:
        name: of the mode.
        show: as `reporter` has it.
    """
    if show is False or (show is None and not sys.stderr.isatty()):
        yield
        return
    with _bars(transient=True) if sys.stderr.isatty() else _lines() as tell:
        began, passage = time.monotonic(), 0

        def watch(done: int, total: int) -> None:
            nonlocal began, passage
            if done == 0:
                began, passage = time.monotonic(), passage + 1
            elif (spent := time.monotonic() - began) > LONG:
                which = f"{name}, passage {passage}" if passage > 1 else name
                tell(Tick(which, done, total, f"{done:,} of {total:,} rows · {done / spent:,.0f} rows/s", spent))

        token = WATCH.set(watch)
        try:
            yield
        finally:
            WATCH.reset(token)


def about(step: Step) -> str:
    """Where a training stands, beside its bar.

    >>> from vaekit.train import Step
    >>> about(Step("model", 2, 20, 30, 200, 3.14159, 45678.9))
    'epoch 3/20 · 45,679 rows/s · loss 3.142'
    """
    return f"epoch {step.epoch + 1}/{step.epochs} · {step.rows_per_s:,.0f} rows/s · loss {step.loss:.3f}"


@contextmanager
def _bars(*, transient: bool = False) -> Iterator[Tell]:
    """One bar for each name; those that are over stay, unless they are transient."""
    tasks: dict[str, Any] = {}
    last = 0.0
    with ExitStack() as stack:
        bar: Progress | None = None

        def tell(tick: Tick) -> None:
            nonlocal bar, last
            bar = bar or stack.enter_context(_progress(transient))
            if tick.name not in tasks:
                for earlier in tasks.values():
                    bar.update(earlier, visible=not transient)
                tasks[tick.name] = bar.add_task(tick.name, total=tick.total, text="", left="")
            elif time.monotonic() - last < REFRESH and tick.done < tick.total:
                return
            last = time.monotonic()
            bar.update(tasks[tick.name], completed=tick.done, text=tick.text, left=tick.left, refresh=True)

        yield tell


def _progress(transient: bool) -> Progress:
    from rich import progress as rich
    from rich.console import Console

    return rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(24),
        rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[text]}"),
        rich.TextColumn("{task.fields[left]} left"),
        console=Console(stderr=True),
        transient=transient,
        auto_refresh=False,  # it is drawn when there is news
    )


@contextmanager
def _lines(*, closing: bool = False) -> Iterator[Tell]:
    """A line every few seconds, and where closing one when a name's work ends."""
    log = _Log(closing)
    yield log.tell
    log.end()


class _Log:
    def __init__(self, closing: bool) -> None:
        self.closing = closing
        self.said = time.monotonic()
        self.last: Tick | None = None

    def tell(self, tick: Tick) -> None:
        now = time.monotonic()
        if self.last is None or tick.name != self.last.name:
            self.end()
            self.said = now if self.closing else self.said
        self.last = tick
        if now - self.said >= EVERY:
            self.said = now
            _say(f"{tick.name}: {tick.done / tick.total:.0%} · {tick.text} · {tick.left} left")

    def end(self) -> None:
        if self.last is not None and self.closing:
            _say(f"{self.last.name}: {self.last.text} · {_clock(self.last.spent)} in all")


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _clock(83.4)
    '0:01:23'
    """
    return str(timedelta(seconds=round(seconds)))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
