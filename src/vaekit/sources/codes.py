"""Digits that are no number: codes with zeros before them (00123), and identifiers of more digits than a number holds."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LONG = 10**18  # of 19 digits and more
CODE = r"^\s*(0[0-9]+|[-+]?[0-9]{19,})\s*$"
DIGITS = r"^\s*[0-9]+\s*$"
PART = 1 << 20  # bytes that are looked at together: they stay in the cache
Bytes = NDArray[np.uint8]


def codes(table: pa.Table, zeros: Collection[str] | None, again: Callable[[list[str]], pa.Table]) -> list[str]:
    """The columns that hold such codes.

    Args:
        table: the columns as they were read, those with zeros as text.
        zeros: the columns that hold digits with a zero before them; None where nobody knows.
        again: some columns as text.

    >>> codes(pa.table({"zip": ["00123", "80331"], "h": ["05", "1.5"], "n": [1, 2]}), ["zip", "h"], lambda _: pa.table({}))
    ['zip']
    """
    doubted = [field.name for field in table.schema if zeros is None and pa.types.is_integer(field.type)]
    doubted = [*dict.fromkeys([*doubted, *(name for name in table.column_names if _is_long(table[name]))])]
    cells = again(doubted) if doubted else pa.table({})
    found = [name for name in doubted if pc.any(pc.match_substring_regex(cells[name], CODE)).as_py()]
    return [*found, *(name for name in zeros or () if pc.all(pc.match_substring_regex(table[name], DIGITS)).as_py())]


def with_zeros(content: bytes, mark: str, at: int = 0) -> set[int] | None:
    r"""The places of columns with a cell of digits alone, a zero the first of several; None where quotes hide the places.

    Args:
        content: the bytes of a CSV.
        mark: what separates its cells.
        at: where the rows begin.

    >>> with_zeros(b"a,b\n0,05\n", ","), with_zeros(b"a,b\n0,0.5\n10,01.02.2024\n", ","), with_zeros(b'a,b\n"05",1\n', ",")
    ({1}, set(), None)
    """
    found: set[int] = set()
    quoted = content.find(b'"', at) >= 0
    while at < len(content):
        end = content.rfind(b"\n", at, at + PART) + 1 or content.find(b"\n", at) + 1 or len(content)
        before = min(at, 1)  # the end of the line before: what a cell comes after
        data = np.frombuffer(content, np.uint8, end - at + before, at - before)
        if len(places := _places(data, ord(mark))):
            if quoted:
                return None
            found |= set(places.tolist())
        at = end
    return found


def _places(data: Bytes, mark: int) -> NDArray[np.int64]:
    """The distinct places of such cells in some lines."""
    cells = np.flatnonzero((data[1:-1] == ord("0")) & _is_digit(data[2:]) & _ends(data[:-2], mark)) + 1
    after = cells + 2  # the byte after the digits so far
    while len(cells) and (more := _is_digit(data[np.minimum(after, len(data) - 1)]) & (after < len(data))).any():
        after = after + more
    cells = cells[(after == len(data)) | _ends(data[np.minimum(after, len(data) - 1)], mark)]
    if not len(cells):
        return cells
    marks, breaks = np.flatnonzero(data == mark), np.flatnonzero(data == ord("\n"))
    lines = np.concatenate([[0], breaks + 1])[np.searchsorted(breaks, cells)]
    return np.unique(np.searchsorted(marks, cells) - np.searchsorted(marks, lines))


def _is_digit(some: Bytes) -> NDArray[np.bool_]:
    return (some - np.uint8(ord("0"))) < 10


def _ends(some: Bytes, mark: int) -> NDArray[np.bool_]:
    return (some == mark) | (some == ord("\n")) | (some == ord("\r")) | (some == ord('"'))


def _is_long(cells: pa.ChunkedArray) -> bool:
    if not (pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)):
        return False
    ends = pc.min_max(cells).as_py().values()
    return any(end is not None and abs(end) >= LONG for end in ends)
