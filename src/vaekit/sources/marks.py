"""The decimal mark of a CSV, decided once for the whole file: ``7.000`` is 7 in one country and 7000 in another.

```
blocks of lines --cells as text--> columns that a point fits, a comma, or both --the first block that tells--> Marks
```

Files of any size are gone through in the same blocks, so that a small file, a large one and a part of it agree.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from vaekit.errors import warn
from vaekit.schema.look import listed
from vaekit.sources import numerals
from vaekit.sources.lines import HEADER, TOLD, separator


class Marks(NamedTuple):
    """How numbers are written: the usual decimal mark, and the columns that have the other one.

    >>> Marks(".", frozenset(["price"])).of("price")
    ','
    """

    usual: str = "."
    other: frozenset[str] = frozenset()

    def of(self, name: str) -> str:
        """The decimal mark of a column."""
        return self.usual if name not in self.other else {".": ",", ",": "."}[self.usual]


class _Votes(NamedTuple):
    point: list[str]
    comma: list[str]
    either: list[str]  # with points: 7.000
    perhaps: list[str]  # with commas: 7,000


def marks_of(where: str, blocks: Iterable[bytes], text: Collection[str] = ()) -> Marks:
    r"""The decimal marks of a CSV from its blocks of whole lines, the first of them with the line of names.

    Beside commas that separate cells a comma is no decimal mark. Elsewhere the first block with a number that can be read in
    one way alone tells; where a column contradicts the others, it has a mark of its own. Where no number tells (``7.000`` and
    whole numbers), it is the point, with a warning; ``7,000`` then is a decimal comma.

    Args:
        where: what the file is called in messages.
        blocks: bytes of whole lines.
        text: columns that hold text, and tell nothing.

    >>> marks_of("t.csv", [b"n;x\n7.000;1,5\n"]).of("n")
    ','
    """
    names: list[str] = []
    mark, seen = "", _Votes([], [], [], [])
    for block in blocks:
        mark = mark or separator(block)
        if mark == ",":
            return Marks()
        if names and not _has_fractions(block):
            continue
        cells = _cells(TOLD.sub(b"", block, count=1), mark, len(names))
        if not names:
            names = [str(column[0]) for column in cells.columns]
            cells = cells.slice(1)
        votes = _votes(cells.rename_columns(names), text)
        seen = _Votes(*(before + now for before, now in zip(seen, votes, strict=True)))
        if votes.point or votes.comma:
            break
    usual = "." if seen.point or not (seen.comma or seen.perhaps) else ","
    if seen.either and usual == "." and (seen.comma or (mark == ";" and not seen.point)):
        told = (
            f"{where}: points in numbers of {listed(dict.fromkeys(seen.either))} may stand before decimals or between "
        )
        warn(
            f"{told}thousands; 7.000 is read as 7. Write 7000 for the other, or 7.0 somewhere in the column for this one"
        )
    return Marks(usual, frozenset(seen.comma if usual == "." else ()))


def _votes(cells: pa.Table, text: Collection[str]) -> _Votes:
    votes = _Votes([], [], [], [])
    for name in [name for name in cells.column_names if name not in text]:
        column = cells[name]
        point, comma = numerals.fits(column, "."), numerals.fits(column, ",")
        if point and comma:
            votes.either.extend([name] if pc.any(pc.match_substring(column, ".")).as_py() else [])
            votes.perhaps.extend([name] if pc.any(pc.match_substring(column, ",")).as_py() else [])
        elif point or comma:
            (votes.point if point else votes.comma).append(name)
    return votes


def _cells(block: bytes, mark: str, columns: int) -> pa.Table:
    """All cells as text, those of the line of names too; the columns are called f0, f1, ..."""
    columns = columns or block[:HEADER].count(mark.encode()) + 1
    try:
        block.decode()
    except UnicodeDecodeError:
        block = block.decode("cp1252", "replace").encode()
    return pa_csv.read_csv(
        io.BytesIO(block),
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, autogenerate_column_names=True),
        parse_options=pa_csv.ParseOptions(
            delimiter=mark, newlines_in_values=b'"' in block, invalid_row_handler=lambda _: "skip"
        ),
        convert_options=pa_csv.ConvertOptions(
            strings_can_be_null=True, column_types={f"f{number}": pa.string() for number in range(columns)}
        ),
    )


def _has_fractions(block: bytes) -> bool:
    """Whether a point or a comma stands between digits somewhere."""
    data = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero((data == ord(".")) | (data == ord(",")))
    marks = marks[(marks > 0) & (marks < len(data) - 1)]
    return bool(((data[marks - 1] - ord("0") < 10) & (data[marks + 1] - ord("0") < 10)).any())
