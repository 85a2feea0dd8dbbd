"""Tables from the bytes of a CSV: its separator, its encoding, its decimal mark, its codes and its durations are found.

```
bytes --decoded--> UTF-8 --separator--> cells of text and numbers --codes--> 00123 as text --meant--> 1.234,50 as a number
```
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from vaekit.errors import DataError, warn
from vaekit.schema import clock
from vaekit.schema.look import NUMBER, listed
from vaekit.sources import numerals
from vaekit.sources.codes import codes, with_zeros
from vaekit.sources.lines import BYTE_ORDER_MARK, TOLD, blocks, read_names, separator
from vaekit.sources.marks import Marks, marks_of

BLOCK, WHOLE = 1 << 24, (1 << 31) - 1  # bytes whose cells decide a column's type: at first, and when that failed
WESTERN = "cp1252"  # what Excel writes in western Europe: Latin-1, and signs such as the euro's


def read_csv(
    where: str, content: bytes, text: Collection[str] = (), marks: Marks | None = None, *, look: bool = True
) -> pa.Table:
    r"""A table from the bytes of a CSV, its first line the names.

    Args:
        where: what the file is called in messages.
        content: all of it, or the line of names and some of the others.
        text: columns whose cells stay text, even where they look like numbers.
        marks: the decimal marks of the file that the lines are a part of; found in the content otherwise.
        look: whether digits that are no numbers (00123) are looked for, which become text.

    Raises:
        DataError: no lines, lines of other lengths than that of the names, bytes that are no text.

    >>> read_csv("t.csv", b"city;km\nBern;1.5\n").to_pylist()
    [{'city': 'Bern', 'km': 1.5}]
    """
    whole = decoded(where, content.removeprefix(BYTE_ORDER_MARK))
    mark, content = separator(whole), TOLD.sub(b"", whole, count=1)
    if not content.strip():
        raise DataError(f"{where} is empty, expected a line of column names and rows below")
    zeros = _zeros(content, mark, text) if look else []
    forced = [*text, *(zeros or ())]
    try:
        table = _parse(content, mark, forced, BLOCK)
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise _ragged(where, content, mark) from None
        table = _parse(
            content, mark, forced, WHOLE
        )  # a type that the first block suggested and a later one contradicts
    _doubt_names(where, table.column_names)
    if len(set(table.column_names)) < table.num_columns:
        return table  # which whoever reads it refuses
    cells = partial(_cells, content, mark)
    marks = marks or marks_of(where, (block for block, _ in blocks(io.BytesIO(whole), quotes=True)), text)
    kept = _kept(where, codes(table, zeros, cells)) if look else []
    table = _with(table, cells, [*kept, *_doubted(table, marks)])
    return meant(where, table, marks, [*text, *kept])


def _zeros(content: bytes, mark: str, text: Collection[str]) -> list[str] | None:
    """The columns where digits have zeros before them; None where quotes hide which."""
    head = read_names(io.BytesIO(content))
    places = with_zeros(content, mark, content.index(head) + len(head))
    if not places:
        return None if places is None else []
    names = _parse(head, mark, (), BLOCK).column_names
    return [names[place] for place in sorted(places) if place < len(names) and names[place] not in text]


def _kept(where: str, names: list[str]) -> list[str]:
    if names:
        told = f"{where}: cells of {listed(names)} begin with zeros or have more than 18 digits"
        warn(
            f"{told}, and stay text so that no digit is lost; declare a column of numbers (schema={{{names[0]!r}: 'real'}})"
        )
    return names


def _doubted(table: pa.Table, marks: Marks) -> list[str]:
    """Columns whose points, taken for decimal ones, stand between thousands."""
    return [field.name for field in table.schema if pa.types.is_floating(field.type) and marks.of(field.name) == ","]


def _with(table: pa.Table, cells: Callable[[list[str]], pa.Table], names: list[str]) -> pa.Table:
    """The table with some columns as text."""
    other = [name for name in names if not pa.types.is_string(table.schema.field(name).type)]
    if other:
        written = cells(other)
        for name in other:
            table = table.set_column(table.column_names.index(name), name, written[name])
    return table


def _doubt_names(where: str, names: list[str]) -> None:
    """A file without a line of names is read without its first row: numbers that do not count up are no names."""
    numbers = [float(name) for name in names if re.fullmatch(NUMBER, name)]
    counts = len(numbers) == len(names) and numbers == sorted({float(int(number)) for number in numbers})
    if len(numbers) > len(names) / 2 and not counts:
        told = "its first line, taken for the names of the columns, holds numbers"
        warn(f"{where}: {told}; put a line of names before it, if there is none")


def decoded(where: str, content: bytes) -> bytes:
    """The same text in UTF-8: what is not UTF-8 is taken for Windows-1252, of which Latin-1 is a part, with a warning.

    Raises:
        DataError: text in two bytes a letter, or UTF-8 with some bytes that are not.
    """
    if b"\x00" in content[:BLOCK]:
        hint = "save it as UTF-8 (in Excel: CSV UTF-8), for example: iconv -f utf-16 -t utf-8 FILE"
        raise DataError(
            f"{where} holds bytes that are 0, as UTF-16 text and binary files do; UTF-8 text was expected", hint=hint
        )
    try:
        content.decode("utf-8")
        return content
    except UnicodeDecodeError as error:
        wrong = error
    try:
        mended = content.decode(WESTERN)
    except UnicodeDecodeError:
        mended = ""
    if not mended or any(letter > "\x7f" and letter != "\ufffd" for letter in content.decode("utf-8", "replace")):
        line = content.count(b"\n", 0, wrong.start) + 1
        raise DataError(
            f"{where}, line {line}: the byte 0x{content[wrong.start]:02x} is not UTF-8 text",
            hint="convert the file to UTF-8, for example: iconv -f latin1 -t utf-8 FILE",
        )
    warn(f"{where} is not UTF-8 text: it is read as Windows-1252 (Latin-1)")
    return mended.encode()


def meant(where: str, table: pa.Table, marks: Marks, text: Collection[str] = ()) -> pa.Table:
    """Columns of text as the numbers, durations or times of day that all their cells are; of numbers a warning tells.

    >>> meant("t.csv", pa.table({"code": ["1,a", "2"], "took": ["26:00:00", None]}), Marks()).schema.types
    [DataType(string), DurationType(duration[s])]
    """
    changed: dict[str, list[str]] = {".": [], ",": []}
    for at, field in enumerate(table.schema):
        if field.name in text or not pa.types.is_string(field.type):
            continue
        cells, point = table.column(at), marks.of(field.name)
        numbers = numerals.read(cells, point)
        table = clock.with_found(table, [field.name]) if numbers is None else table.set_column(at, field.name, numbers)
        if numbers is not None and (point == "," or not numerals.is_plain(cells)):
            changed[point].append(field.name)
    if changed[","]:
        warn(f"{where}: numbers of {listed(changed[','])} are written with a decimal comma and read as such")
    if changed["."]:
        told = (
            f"{where}: numbers of {listed(changed['.'])} are written for people, and read without currency, brackets, "
        )
        warn(f"{told}percent signs and what stands between thousands: $1,234.50 as 1234.5, (12) as -12, 5 % as 5")
    return table


def _cells(content: bytes, mark: str, names: Sequence[str]) -> pa.Table:
    """Some columns as text."""
    return _parse(content, mark, names, BLOCK, only=names)


def _parse(
    content: bytes, mark: str, text: Collection[str], block: int, odd: Callable[[Any], str] | None = None,
    only: Sequence[str] = (),
) -> pa.Table:  # fmt: skip
    """The cells; `odd` is asked about lines of another length than that of the names, which are refused without it."""
    return pa_csv.read_csv(
        io.BytesIO(content),
        # the threaded reader aborts a process that has imported torch and ends soon after reading
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=min(block, len(content) + 1)),
        parse_options=pa_csv.ParseOptions(delimiter=mark, newlines_in_values=b'"' in content, invalid_row_handler=odd),
        convert_options=pa_csv.ConvertOptions(
            strings_can_be_null=True, column_types=dict.fromkeys(text, pa.string()), include_columns=only
        ),
    )


def _ragged(where: str, content: bytes, mark: str) -> DataError:
    rows: list[Any] = []

    def note(row: Any) -> str:
        rows.append(row)
        return "skip"

    _parse(content, mark, (), WHOLE, note)
    first = rows[0]
    return DataError(
        f"{where}, row {first.number - 2} (counted from 0, after the line of names): {first.actual_columns} cells were "
        f"given, {first.expected_columns} expected: {first.text[:80]!r}",
        hint='a cell that contains the separator must stand in quotes ("a, b")',
    )
