"""Looking at cells for messages: the first bad row, its value, the nearest name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError
from vaekit.schema.values import no_nan

NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"


def first_row(mask: pa.Array) -> int | None:
    """The first row where a boolean mask holds (null counts as false).

    >>> first_row(pa.array([False, None, True]))
    2
    """
    at = pc.index(mask, True).as_py()
    return None if at < 0 else int(at)


def cell(array: pa.Array, row: int) -> str:
    """A cell as it is shown in messages.

    >>> cell(pa.array(["a"]), 0)
    "'a'"
    """
    value = array[row].as_py()
    return repr(value) if isinstance(value, bool | int | float | str) else f"'{value}'"


def not_number(array: pa.Array) -> pa.Array:
    """True where a text cell is not a finite number; null stays null."""
    return pc.invert(pc.match_substring_regex(array, NUMBER))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """A "did you mean" hint, where a name is near.

    >>> nearest("Age", ["age", "sex"])
    "did you mean 'age'?"
    """
    by_lower = {other.lower(): other for other in names}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean {by_lower[found[0]]!r}?" if found else None


def listed(names: Iterable[str], most: int = 10) -> str:
    """Names in quotes, cut after a few.

    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def finite(name: str, array: pa.Array) -> pa.Array:
    """The cells of a column with not-a-number as null; infinities, which no density can explain, are refused.

    >>> finite("x", pa.array([1.0, float("nan")])).null_count
    1
    """
    if not pa.types.is_floating(array.type):
        return array
    values = array.to_numpy(zero_copy_only=False)
    if np.isfinite(values).all():
        return array
    row = int(np.argmax(np.isinf(values)))
    if np.isinf(values[row]):
        raise DataError(
            f"column {name!r}, row {row} (counted from 0): {values[row]} was given, a finite number was expected",
            hint="make infinite cells missing (null), or ignore the column",
        )
    return no_nan(array)
