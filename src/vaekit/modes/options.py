"""Options that many modes take, held against what they may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaekit.errors import SpecError


def whole(what: str, value: Any, least: int, hint: str | None = None) -> int:
    """A whole number from `least` on.

    Args:
        what: mode and option, for the message.
        value: what was given.
        least: the smallest legal one.
        hint: what to give.

    Raises:
        SpecError: for anything else.

    >>> whole("sample: n", np.int64(3), 1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SpecError(f"{what}={value!r}, expected a whole number from {least} on", hint=hint)
    return int(value)


def number(
    what: str, value: Any, low: float, high: float, expected: str, hint: str | None = None, *, closed: bool = False
) -> float:
    """A number strictly between `low` and `high`, or `low` itself when `closed`; arguments and exceptions as `whole`.

    >>> number("score: alpha", 0.01, 0, 1, "a share between 0 and 1")
    0.01
    """
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not (low < value < high or (closed and value == low)):
        raise SpecError(f"{what}={value!r}, expected {expected}", hint=hint)
    return float(value)
