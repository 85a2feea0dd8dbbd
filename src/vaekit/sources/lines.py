"""What separates the cells of a CSV, and where its lines end: a line break between quotes is part of a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

HEADER = 1 << 16  # bytes in which the line of names is looked for
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# a first line "sep=;", as Excel writes it
TOLD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*"?sep=([^\w\s"\x80-\xff]|\t)"?[ \t]*\r?\n', re.IGNORECASE)
BYTES = 1 << 22  # that are read at once
QUOTE, BREAK = ord('"'), ord("\n")


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


def blocks(stream: BinaryIO | Any, *, quotes: bool = False) -> Iterator[tuple[bytes, int]]:
    """Bytes that end where a line does, `BYTES` or some more, and how many have been read by then.

    Args:
        stream: what is read; of a line that is longer as many bytes more as have been read of it.
        quotes: whether line breaks may stand in cells between quotes.
    """
    rest, read, mark = b"", 0, b""
    while more := stream.read(max(BYTES, len(rest))):
        read += len(more)
        rest += more
        mark = mark or separator(rest).encode() if quotes else mark
        end = last_end(rest, mark) if quotes else rest.rfind(b"\n") + 1
        if end:
            yield rest[:end], read
            rest = rest[end:]
    if rest.strip():
        yield rest, read


def names_of(text: bytes) -> bytes:
    r"""The line of names with its end, after empty lines, and with a line ``sep=;`` before it.

    >>> names_of(b'\n"a\nb",c\n1,2\n')
    b'"a\nb",c\n'
    """
    text = text.lstrip(b"\r\n")
    outside = ends(text, separator(text).encode())
    line = 1 if TOLD.match(text) else 0
    return text[: outside[line]] if len(outside) > line else text


def read_names(stream: BinaryIO) -> bytes:
    """The line of names at the beginning of a file, of which no more is read than it takes."""
    text = names = b""
    while names == text and (more := stream.read(max(HEADER, len(text)))):
        text = (text + more).removeprefix(BYTE_ORDER_MARK).lstrip(b"\r\n")
        names = names_of(text)
    return names


def last_end(text: bytes, mark: bytes) -> int:
    r"""How many bytes are whole lines, of text that begins with a line.

    >>> last_end(b'a,b\n1,"x\ny"\n2,"z\n', b",")
    12
    """
    outside = ends(text, mark)
    return int(outside[-1]) if len(outside) else 0


def ends(text: bytes, mark: bytes) -> Any:
    r"""The bytes after each line break that is in no cell between quotes, (N,).

    A quote opens a cell where the cell begins, and is a letter elsewhere, as the parser has it.

    >>> ends(b'a,b\n5" pipe,"x\n"\n', b",").tolist()
    [4, 17]
    """
    data = np.frombuffer(text, np.uint8)
    quotes, breaks = np.flatnonzero(data == QUOTE), np.flatnonzero(data == BREAK)
    before = np.where(quotes[::2] > 0, data[quotes[::2] - 1], BREAK)
    if np.isin(before, [*mark, *b'"\r\n']).all():  # every other quote opens a cell, or is the second of a pair within
        return breaks[np.searchsorted(quotes, breaks) % 2 == 0] + 1
    cells = re.compile(rb"(?:\A|[\r\n" + re.escape(mark) + rb'])"(?:[^"]|"")*')
    spans = np.array([found.span() for found in cells.finditer(text)]).reshape(-1, 2)
    begun = np.searchsorted(spans[:, 0], breaks)  # cells that begin before each break
    until = np.concatenate([[0], spans[:, 1]])[begun]
    return breaks[breaks >= until] + 1
