"""A progress bar with rate and time left on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaekit.train import Step

EVERY = 5.0  # seconds between plain lines
REFRESH = 0.1  # seconds between two looks of the bar

Tell = Callable[["Step"], None]


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
    with _bars() if terminal else _lines() as tell:

        def report(step: Step) -> Any:
            tell(step)
            return None if on_step is None else on_step(step)

        yield report


@contextmanager
def _bars() -> Iterator[Tell]:
    """One bar for each stage of the training."""
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(24),
        rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[about]}"),
        rich.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    tasks: dict[str, rich.TaskID] = {}
    last = 0.0
    with rich.Progress(*columns, console=Console(stderr=True)) as bar:

        def tell(step: Step) -> None:
            nonlocal last
            if step.stage not in tasks:
                for earlier in tasks.values():
                    bar.stop_task(earlier)
                tasks[step.stage] = bar.add_task(step.stage, total=step.steps, completed=step.step - 1, about="")
            elif time.monotonic() - last < REFRESH and step.step < step.steps:
                return
            last = time.monotonic()
            bar.update(tasks[step.stage], completed=step.step, about=about(step))

        yield tell


def about(step: Step) -> str:
    """Where a training stands, beside its bar.

    >>> from vaekit.train import Step
    >>> about(Step("model", 2, 20, 30, 200, 3.14159, 45678.9))
    'epoch 3/20 · 45,679 rows/s · loss 3.142'
    """
    return f"epoch {step.epoch + 1}/{step.epochs} · {step.rows_per_s:,.0f} rows/s · loss {step.loss:.3f}"


@contextmanager
def _lines() -> Iterator[Tell]:
    """A line every few seconds, and one when a stage ends."""
    log = _Log()
    yield log.tell
    log.end()


class _Log:
    def __init__(self) -> None:
        self.began = self.said = time.monotonic()
        self.first = 0
        self.last: Step | None = None

    def tell(self, step: Step) -> None:
        now = time.monotonic()
        if self.last is None or step.stage != self.last.stage:
            self.end()
            self.began, self.said, self.first = now, now, step.step - 1
        self.last = step
        if now - self.said >= EVERY:
            self.said = now
            left = (now - self.began) * (step.steps - step.step) / max(step.step - self.first, 1)
            _say(f"{step.stage}: {step.step / step.steps:.0%} · {about(step)} · {_clock(left)} left")

    def end(self) -> None:
        if self.last is not None:
            _say(f"{self.last.stage}: {about(self.last)} · {_clock(time.monotonic() - self.began)} in all")


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _clock(83.4)
    '0:01:23'
    """
    return str(timedelta(seconds=round(seconds)))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
