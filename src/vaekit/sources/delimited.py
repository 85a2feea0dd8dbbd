"""Tables from the bytes of a CSV: its separator, its encoding and its decimal mark are found.

```
bytes --decoded--> UTF-8 --separator--> cells of text and numbers --with_points--> numbers with a decimal comma as numbers
```
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from vaekit.errors import DataError, warn
from vaekit.schema.look import NUMBER, listed

BLOCK, WHOLE = 1 << 24, (1 << 31) - 1  # bytes whose cells decide a column's type: at first, and when that failed
HEADER = 1 << 16  # bytes in which the line of names is looked for
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WESTERN = "cp1252"  # what Excel writes in western Europe: Latin-1, and signs such as the euro's
# a first line "sep=;", as Excel writes it
TOLD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*"?sep=([^\w\s"\x80-\xff]|\t)"?[ \t]*\r?\n', re.IGNORECASE)
COMMA = r"^\s*[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][-+]?\d+)?\s*$"


def read_csv(where: str, content: bytes, text: Collection[str] = ()) -> pa.Table:
    r"""A table from the bytes of a CSV, its first line the names.

    Args:
        where: what the file is called in messages.
        content: all of it, or the line of names and some of the others.
        text: columns whose cells stay text, even where they look like numbers.

    Raises:
        DataError: no lines, lines of other lengths than that of the names, bytes that are no text.

    >>> read_csv("t.csv", b"city;km\nBern;1.5\n").to_pylist()
    [{'city': 'Bern', 'km': 1.5}]
    """
    content = decoded(where, content.removeprefix(BYTE_ORDER_MARK))
    mark, content = separator(content), TOLD.sub(b"", content, count=1)
    if not content.strip():
        raise DataError(f"{where} is empty, expected a line of column names and rows below")
    try:
        table = _parse(content, mark, text, BLOCK)
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise _ragged(where, content, mark) from None
        table = _parse(content, mark, text, WHOLE)  # a type that the first block suggested and a later one contradicts
    _doubt_names(where, table.column_names)
    return table if mark == "," else with_points(where, table, text)


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


def separator(content: bytes) -> str:
    r"""What a first line like ``sep=;`` says, or else what the line of names has most of; a comma where nothing stands out.

    >>> separator(b"a;b;c,d\n1;2;3\n"), separator(b'"name, first";b\n')
    (';', ';')
    """
    if told := TOLD.match(content[:HEADER]):
        return told[1].decode()
    header = re.sub(rb'"[^"]*"?', b"", content[:HEADER].lstrip(b"\r\n")).split(b"\n", 1)[0]
    counts = {mark: header.count(mark.encode()) for mark in (",", ";", "\t", "|")}
    return max(counts, key=counts.__getitem__)


def with_points(where: str, table: pa.Table, text: Collection[str] = ()) -> pa.Table:
    """Columns of numbers that are written with a decimal comma (1,5 or 1.234,50) as numbers, with a warning.

    >>> with_points("t.csv", pa.table({"code": ["1,a", "2"]})).schema.types
    [DataType(string)]
    """
    found = [name for name in table.column_names if name not in text and _has_commas(table[name])]
    for name in found:
        plain = pc.replace_substring(pc.replace_substring(pc.utf8_trim_whitespace(table[name]), ".", ""), ",", ".")
        table = table.set_column(table.column_names.index(name), name, plain.cast(pa.float64()))
    if found:
        warn(f"{where}: numbers of {listed(found)} are written with a decimal comma and read as such")
    return table


def _has_commas(cells: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(cells.type) or not pc.any(pc.match_substring(cells, ",")).as_py():
        return False
    return bool(pc.all(pc.match_substring_regex(cells, COMMA)).as_py())


def _parse(
    content: bytes, mark: str, text: Collection[str], block: int, odd: Callable[[Any], str] | None = None
) -> pa.Table:
    """The cells; `odd` is asked about lines of another length than that of the names, which are refused without it."""
    return pa_csv.read_csv(
        io.BytesIO(content),
        # the threaded reader aborts a process that has imported torch and ends soon after reading
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=min(block, len(content) + 1)),
        parse_options=pa_csv.ParseOptions(delimiter=mark, newlines_in_values=b'"' in content, invalid_row_handler=odd),
        convert_options=pa_csv.ConvertOptions(strings_can_be_null=True, column_types=dict.fromkeys(text, pa.string())),
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
