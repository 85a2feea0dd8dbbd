"""What vaekit raises and warns about.

```
VaekitError                     everything that vaekit raises on purpose
├── UserError (ValueError)      the call or the data can be put right by the user
│   ├── SchemaError             a column's kind, role or option does not fit
│   ├── SpecError               a part, preset or option that does not exist or does not fit
│   ├── DataError               the rows: missing columns, wrong types, infinities, unreadable files
│   └── ModeUnavailable         this fitted model cannot answer that question
└── ArtifactError               a model file that is truncated, altered, foreign or newer

VaekitWarning (UserWarning)     a declared mapping took place: extra columns ignored, a new level mapped to "other"
```
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class VaekitError(Exception):
    """Something that vaekit refuses, with a message for people and a hint on what to do.

    Args:
        message: what is wrong, where, what was given and what was expected.
        hint: what to do about it; shown on a line of its own.

    >>> print(VaekitError("column 'age' is absent", hint="rename 'Age'"))
    column 'age' is absent
    Hint: rename 'Age'
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nHint: {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments are not replayed by BaseException's own pickling (worker processes send errors home)
        return _rebuild, (type(self), self.message, self.hint)


class UserError(VaekitError, ValueError):
    """The call or the data can be put right by the user."""


class SchemaError(UserError):
    """A column's kind, role or option does not exist or does not fit the column."""


class SpecError(UserError):
    """A part, a preset or an option does not exist or does not fit the others."""


class DataError(UserError):
    """The rows cannot be read, or do not hold what the schema says."""


class ModeUnavailable(UserError):
    """This fitted model cannot answer that question; the message says why."""


class ArtifactError(VaekitError):
    """A model file is truncated, altered, not ours, or from a newer version."""


class VaekitWarning(UserWarning):
    """A declared mapping took place; the answer stands, but the user should know."""


HEARD: ContextVar[list[str] | None] = ContextVar("HEARD", default=None)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Warnings of this thread alone as a list: Python's own filters belong to all threads together.

    >>> with heard() as told:
    ...     warn("column 'extra' ignored")
    >>> told
    ["column 'extra' ignored"]
    """
    told: list[str] = []
    token = HEARD.set(told)
    try:
        yield told
    finally:
        HEARD.reset(token)


def warn(message: str) -> None:
    """Issue a `VaekitWarning` that points at the line which called vaekit, however deep inside it arose.

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("column 'extra' ignored")
    >>> caught[0].category.__name__
    'VaekitWarning'
    """
    if (heard := HEARD.get()) is not None:
        heard.append(message)
        return
    level = 1
    while _is_ours(level + 1):
        level += 1
    warnings.warn(message, VaekitWarning, stacklevel=level + 1)


def _is_ours(depth: int) -> bool:
    try:
        name = str(sys._getframe(depth).f_globals.get("__name__", ""))
    except ValueError:  # no caller is left
        return False
    return name == "vaekit" or name.startswith("vaekit.")


def _rebuild(kind: type[VaekitError], message: str, hint: str | None) -> VaekitError:
    return kind(message, hint=hint)
