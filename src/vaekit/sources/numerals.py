"""Numbers as people write them: ``1,234.50``, ``1.234,50``, ``$12``, ``(12.00)`` for what is below zero, ``12.5 %``.

A decimal point goes with commas between thousands and a decimal comma with points; apostrophes and hard spaces go with both.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vaekit.schema.look import NUMBER

SIGNS = "€$£¥₹"
HEAD = 100  # cells that mostly tell words from numbers
_SPACES = "'’\u00a0\u202f"


def _pattern(point: str, between: str) -> str:
    digits = rf"(?:(?:[1-9]\d{{0,2}}(?:[{between}{_SPACES}]\d{{3}})+|\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?"
    amount = rf"{digits}\s?[{SIGNS}%]?"
    return rf"^\s*(?:[-+]?[{SIGNS}]?\s?{amount}|[{SIGNS}]\s?[-+]{amount}|\([{SIGNS}]?\s?{amount}\))\s*$"


PLAIN = {".": r"^-?\d+(\.\d+)?$", ",": r"^-?\d+(,\d+)?$"}  # what is mostly written
ADDRESS = r"^\s*\d{1,3}(\.\d{1,3}){3}\s*$"  # of a machine: 192.168.100.200
PATTERNS = {".": _pattern(r"\.", ","), ",": _pattern(",", r"\.")}


def read(cells: pa.ChunkedArray, point: str) -> pa.ChunkedArray | None:
    """Text as numbers where every cell is one; None where some are not, or are of several units.

    Args:
        cells: text, (B,).
        point: the decimal mark.

    >>> read(pa.chunked_array([["$1,234.50", "(12)", None]]), ".").to_pylist()
    [1234.5, -12.0, None]
    >>> read(pa.chunked_array([["7.000", "1,5"]]), ",").to_pylist(), read(pa.chunked_array([["5 %", "5"]]), ".")
    ([7000.0, 1.5], None)
    """
    if _all(cells, PLAIN[point]):
        return pc.replace_substring(cells, point, ".").cast(pa.float64())
    if not fits(cells, point) or _several_units(cells):
        return None
    below = pc.starts_with(pc.utf8_ltrim_whitespace(cells), "(")
    digits = pc.replace_substring_regex(cells, r"[^-+0-9.,eE]", "")
    digits = pc.replace_substring(digits, "," if point == "." else ".", "")
    numbers = pc.replace_substring(digits, point, ".").cast(pa.float64())
    return pc.if_else(below, pc.negate(numbers), numbers)


def fits(cells: pa.ChunkedArray, point: str) -> bool:
    """Whether every cell that is not missing is a number with this decimal mark, and some cell is there.

    >>> cells = pa.chunked_array([["7.000", "12.500"]])
    >>> fits(cells, "."), fits(cells, ","), fits(pa.chunked_array([["7.5"]]), ",")
    (True, True, False)
    """
    return _all(cells, PATTERNS[point]) and not (point == "," and _all(cells, ADDRESS))


def is_plain(cells: pa.ChunkedArray) -> bool:
    """Whether every cell is a number as programs write it.

    >>> is_plain(pa.chunked_array([["1e5", "-2."]])), is_plain(pa.chunked_array([["1,000"]]))
    (True, False)
    """
    return _all(cells, NUMBER)


def _all(cells: pa.ChunkedArray, pattern: str) -> bool:
    each = (pc.all(pc.match_substring_regex(some, pattern)).as_py() for some in (cells.slice(0, HEAD), cells))
    return all(each) if cells.null_count < len(cells) else False


def _several_units(cells: pa.ChunkedArray) -> bool:
    found = [sign for sign in (*SIGNS, "%") if pc.any(pc.match_substring(cells, sign)).as_py()]
    return len(found) > 1 or (found == ["%"] and not pc.all(pc.match_substring(cells, "%")).as_py())
