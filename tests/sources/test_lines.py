"""Lines of a CSV end where the parser has them end, in time that grows with the file."""

from __future__ import annotations

import io
import time

import numpy as np
import pyarrow as pa
import pytest

from vaekit.sources import lines, pieces, read
from vaekit.sources.batches import batches
from vaekit.sources.lines import blocks, ends, last_end, names_of, read_names

ROWS = 3_000


def text(first: str = "n,word\n", cell: str = '"x\ny, ""z"""') -> bytes:
    return (first + "".join(f"{n},{cell if n % 7 == 3 else 'plain'}\n" for n in range(ROWS))).encode()


CASES = {
    "breaks in cells": text(),
    "a quote within a cell": text(cell='5" pipe'),
    "both": text(cell='5" pipe') + b'1,"a\nb"\n2,c\n' * 50,
    "a break among the names": text('n,"wo\nrd"\n'),
    "empty lines first": b"\n\r\n" + text(),
    "Windows": text().replace(b"\n", b"\r\n"),
    "semicolons": text(cell='"a; b\nc"').replace(b",", b";"),
    "a byte order mark": b"\xef\xbb\xbf" + text(),
    "a line that tells the separator": b"\xef\xbb\xbfsep=;\r\n" + text().replace(b"n,w", b"n;w").replace(b",", b";"),
    "no line break at the end": text()[:-1],
}


@pytest.mark.parametrize("content", CASES.values(), ids=CASES)
def test_blocks_hold_the_rows_of_the_whole(content: bytes, tmp_path, monkeypatch) -> None:
    place = tmp_path / "t.csv"
    place.write_bytes(content)
    whole = read(str(place)).arrow
    assert whole.num_rows >= ROWS
    monkeypatch.setattr(lines, "BYTES", 4096)
    parts = [batch.table.arrow for batch in batches(str(place))]
    assert len(parts) > 5 and pa.concat_tables(parts).equals(whole)
    walked = [table for _, tables in pieces.walk([str(place)]) for table in tables]
    assert len(walked) > 5 and pa.concat_tables(walked).equals(whole)


def test_the_line_of_names_is_found() -> None:
    assert names_of(b"a,b\n1,2\n") == b"a,b\n" and names_of(b"\n\na,b") == b"a,b"
    assert names_of(b"sep=;\na;b\n1;2\n") == b"sep=;\na;b\n"
    assert names_of(b'x,"a\nb"\n1,2\n') == b'x,"a\nb"\n'


@pytest.mark.parametrize(
    ("line", "whole"),
    [(b'1,"a\nb', 0), (b'1,"a\nb"\n2', 8), (b'5" x,1\n"a', 7), (b'1,"a""\n"\n', 9), (b'""\n', 3), (b"", 0)],
)
def test_where_the_last_line_ends(line: bytes, whole: int) -> None:
    assert last_end(line, b",") == whole


def test_both_ways_to_find_the_ends_agree() -> None:
    noise = np.random.default_rng(0)
    cells = ["1", '"a"', '"a\nb"', '"a,""b""\n"', '""', ""]
    for _ in range(200):
        row = [cells[i] for i in noise.integers(0, len(cells), 12)]
        given = "".join(cell + (",\n"[i % 4 == 3]) for i, cell in enumerate(row)).encode()
        odd = b'5" pipe\n'  # which only the slower way can read
        assert (ends(odd + given, b",")[1:] - len(odd)).tolist() == ends(given, b",").tolist()


def test_the_time_grows_with_the_file_whatever_its_quotes(monkeypatch) -> None:
    monkeypatch.setattr(lines, "BYTES", 1 << 16)
    content = b'a,b\n5" pipe,1\n' + b"2.5,3\n" * 200_000
    began = time.process_time()
    found = list(blocks(io.BytesIO(content), quotes=True))
    assert b"".join(block for block, _ in found) == content and len(found) > 10
    open_cell = b'a,b\n"' + b"2.5,3\n" * 200_000  # a quote that is never closed
    assert [block for block, _ in blocks(io.BytesIO(open_cell), quotes=True)] == [b"a,b\n", open_cell[4:]]
    assert time.process_time() - began < 30  # hours, where each line break counts the quotes before it anew


def test_names_that_are_longer_than_what_is_read_at_first_are_whole() -> None:
    names = ",".join(f"column_{n}" for n in range(20_000)).encode() + b"\n"
    stream = io.BytesIO(b"\xef\xbb\xbf\n" + names + b"1,2\n" * 100_000)
    assert read_names(stream) == names and stream.tell() < 1 << 19
    assert read_names(io.BytesIO(b"a,b")) == b"a,b" and read_names(io.BytesIO(b"")) == b""
