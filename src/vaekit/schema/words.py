"""What a column of text is: the rules, with the reason in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError, warn
from vaekit.schema import times
from vaekit.schema.look import cell, first_row, not_number
from vaekit.schema.numbers import ENOUGH_ROWS, MANY, Found, Tally, guess_number

DISTINCT_SHARE = 0.95  # as many distinct values as this name rows rather than groups of rows
LONG = 50  # letters; longer values that mostly differ are free text
ODD_MOST = 2  # so few spellings among numbers or dates are slips, more are a code of its own
DATE_SHARE = 0.9
NUMERAL_SHARE = 0.9  # of the distinct values
SPREAD = 1000  # distinct values, from all places, that tell the pattern of dates
CODES_SHARE = 0.2
EXACT = 2.0**53
NUMERAL = r"^\s*\(?[-+]?[€$£¥₹]?\s?[-+]?\d{1,3}([.,'’]?\d{3})*([.,]\d+)?"  # as people write it, a unit behind it
UNIT_MOST = 6  # letters


def guess_text(name: str, array: pa.Array) -> Found:
    """The kind of a text column with at least two distinct values.

    Args:
        name: its name.
        array: its cells (B,), text, nulls allowed.

    Raises:
        DataError: numbers or dates with a few cells among them that are neither; row and value are named.

    >>> guess_text("city", pa.array(["Rome", "Oslo", "Bonn", "Oslo"])).kind
    'categorical'
    """
    unique = pc.unique(array.drop_null()).cast(pa.string())
    rows, distinct = len(array) - array.null_count, len(unique)
    if distinct == 2:
        low, high = sorted(unique.to_pylist())
        return Found("binary", f"two distinct values, {low!r} and {high!r}", levels=(low, high))
    if found := _dates(name, array, unique) or _numbers(name, array, unique):
        return found
    _doubt_text(name, array, unique)
    seen = f"{distinct} distinct strings of {rows} rows"
    if rows >= ENOUGH_ROWS and distinct >= DISTINCT_SHARE * rows:
        return Found("identifier", f"{seen}: an identifier")
    if rows >= ENOUGH_ROWS and distinct * 2 > rows and pc.mean(pc.utf8_length(unique)).as_py() > LONG:
        return Found("identifier", f"{seen}, long ones: free text, set aside like an identifier")
    return Found("categorical", seen)


def date_pattern(unique: pa.Array) -> tuple[str, float, str]:
    """The pattern that reads most of the distinct values: pattern, share read, another one that reads as many.

    >>> date_pattern(pa.array(["31.12.2024", "1.1.2025"])), date_pattern(pa.array(["01/02/2024"]))
    (('%-d.%-m.%Y', 1.0, ''), ('%m/%d/%Y', 1.0, '%d/%m/%Y'))
    """
    heads = dict.fromkeys(pattern for at in range(min(5, len(unique))) for pattern in times.find(unique[at:]))
    spread = np.linspace(0, len(unique) - 1, min(SPREAD, len(unique))).astype(np.int64)
    read = _shares(unique.take(pa.array(spread)), heads)
    best = [pattern for pattern in read if read[pattern] == max(read.values())]
    if len(best) > 1 and len(unique) > SPREAD:  # one value in a million may say which number is the day
        read = _shares(unique, best)
        best = [pattern for pattern in read if read[pattern] == max(read.values())]
    first, other = (*best, "", "")[:2]
    return first, read.get(first, 0.0), other


def _shares(unique: pa.Array, patterns: Iterable[str]) -> dict[str, float]:
    return {pattern: 1 - times.parse(unique, pattern).null_count / len(unique) for pattern in patterns}


def _dates(name: str, array: pa.Array, unique: pa.Array) -> Found | None:
    pattern, share, other = date_pattern(unique)
    if share < DATE_SHARE:
        return None
    bad = pc.and_(times.parse(array, pattern).is_null(), array.is_valid())
    if (row := first_row(bad)) is not None:
        raise DataError(
            f"column {name!r}, row {row} (counted from 0): {cell(array, row)} was given among dates, "
            f"a date like {times.example(pattern)!r} ({pattern}) was expected",
            hint="write all dates in one format, leave the cell empty, or declare the column categorical",
        )
    order = "; day and month could be the other way round, declare a format to say so" if other else ""
    if other:
        warn(
            f"column {name!r}: no date of it, such as {cell(unique, 0)}, says which number is the day; dates are read as "
            f"{pattern}, declare another format if that is wrong: schema={{{name!r}: {{'format': {other!r}}}}}"
        )
    return Found("datetime", f"text that reads as dates like {times.example(pattern)!r}{order}", format=pattern)


def _numbers(name: str, array: pa.Array, unique: pa.Array) -> Found | None:
    odd = unique.filter(not_number(unique))
    numbers = len(unique) - len(odd)
    if len(odd) > ODD_MOST or numbers < 3:
        return None
    if len(odd):
        _report_odd(name, array, numbers)
        return None
    if numbers <= MANY or pc.any(pc.match_substring_regex(unique, r"^\s*0[0-9]")).as_py():
        return None  # few, or with leading zeros: codes
    values = pc.utf8_trim_whitespace(array.drop_null()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not np.abs(values).max() < EXACT:
        return None  # digits that no double holds
    found = guess_number(name, Tally.of(values))
    if found.decimals == 0 and len(unique) < CODES_SHARE * len(values):
        return None  # whole numbers that recur, kept as text: codes
    return found._replace(reason=f"numbers written as text: {found.reason}")


def _doubt_text(name: str, array: pa.Array, unique: pa.Array) -> None:
    """Numbers as people write them are words to a program: whoever meant numbers should know."""
    if len(unique) <= MANY:
        return
    like = unique.filter(pc.match_substring_regex(unique, NUMERAL))
    if len(like) < NUMERAL_SHARE * len(unique) or not pc.any(not_number(like)).as_py():
        return
    units = pc.unique(pc.utf8_trim_whitespace(pc.replace_substring_regex(like, NUMERAL, ""))).to_pylist()
    if len({*units, ""}) > 2 or re.search(rf"\d|.{{{UNIT_MOST + 1}}}", "".join(units)):
        return
    fits = pc.match_substring_regex(array, NUMERAL)
    row, odd = first_row(pc.and_(fits, not_number(array))), first_row(pc.invert(fits))
    assert row is not None
    share = "its cells" if odd is None else f"{pc.sum(fits).as_py():,} of {len(array) - array.null_count:,} cells"
    so = " but" if odd is None else f", {cell(array, odd)} in row {odd} does not, and all"
    warn(
        f"column {name!r}: {share}, such as {cell(array, row)} in row {row} (counted from 0), look like numbers{so} are "
        "read as words; write them with digits and a point alone, like 1234.5, where they are numbers"
    )


def _report_odd(name: str, array: pa.Array, numbers: int) -> None:
    row = first_row(not_number(array))
    assert row is not None
    what = f"column {name!r}, row {row} (counted from 0): {cell(array, row)} was given among numbers"
    empty = not array[row].as_py().strip()
    hint = "make empty text missing (None)" if empty else "leave the cell empty where a value is missing"
    hint = f"{hint}, or declare {name!r} categorical"
    if numbers > MANY:
        raise DataError(f"{what}, a number was expected", hint=hint)
    warn(f"{what}; all cells of the column are read as categories. {hint}")
