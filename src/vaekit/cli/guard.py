"""What goes wrong becomes one message on stderr and an exit status."""

from __future__ import annotations

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from vaekit.cli.words import as_typed
from vaekit.errors import VaekitError, VaekitWarning

DONE, OURS, USERS, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
_Usage: Any = typer.BadParameter.__bases__[0]  # of whatever click typer stands on


def say(text: str) -> None:
    """One message on stderr."""
    print(text, file=sys.stderr, flush=True)


def guarded(call: Callable[[], Any], *, debug: bool = False) -> int:
    """The exit status of a call whose errors and warnings are told, not thrown.

    Args:
        call: does the work; what it returns is its exit status, None is 0.
        debug: show tracebacks, and the warnings of other packages.

    >>> guarded(lambda: None)
    0
    """
    try:
        with _warnings_told(debug):
            status = call()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except (
        BrokenPipeError,
        SystemExit,
    ):  # typer leaves so when the reader has seen enough: `vaekit sample m.vae | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last resort: a traceback is no message
        if debug:
            traceback.print_exception(error)
        return _told(error)
    if status == INTERRUPTED:
        say("interrupted")
    return int(status or DONE)


def _told(error: Exception) -> int:
    if isinstance(error, VaekitError):
        say(f"error: {as_typed(error.message)}")
        if error.hint:
            say(f"hint: {as_typed(error.hint)}")
        return USERS
    if isinstance(error, _Usage):
        return _usage(error)
    if isinstance(error, OSError):  # a full disk, a lost drive: no defect of ours
        where = f"{error.filename!r}: " if error.filename else ""
        say(f"error: {where}{' '.join(str(error.strerror or error).split()).lower()}")
        say(f"hint: {'free some space, or write elsewhere' if error.errno == errno.ENOSPC else 'choose another place'}")
        return USERS
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    say(f"error: unexpected {what}; please report this, with the traceback that the same command shows with --debug")
    return OURS


def _usage(error: Any) -> int:
    command = error.ctx.command_path if error.ctx is not None else "vaekit"
    if type(error).__name__ == "NoArgsIsHelpError":
        say(error.ctx.get_help())
        return USERS
    say(f"error: {error.format_message()}")
    say(f"hint: {command} --help")
    return USERS


@contextmanager
def _warnings_told(debug: bool) -> Iterator[None]:
    """Our warnings as lines on stderr, each once; other packages' only for debugging."""
    told: set[str] = set()

    def tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        text = as_typed(str(message)) if issubclass(category, VaekitWarning) else f"{category.__name__}: {message}"
        if text not in told:
            told.add(text)
            say(f"warning: {text}")

    with warnings.catch_warnings():
        warnings.simplefilter("default" if debug else "ignore")
        warnings.simplefilter("always", VaekitWarning)
        warnings.showwarning = tell
        yield
