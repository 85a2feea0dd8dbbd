"""IDX, the format of MNIST: a magic number that names type and dimensions, their sizes, then the values, big-endian."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def is_idx(path: str) -> bool:
    """True for a file that begins like IDX, packed with gzip or not."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(4)
        if head.startswith(_GZIP):
            with gzip.open(path) as stream:
                head = stream.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in TYPES and head[3] > 0


def read_idx(path: str) -> NDArray[Any]:
    """The array of an IDX file.

    Args:
        path: a file as `is_idx` tells it; its values have the native byte order afterwards.

    Raises:
        DataError: the file is damaged, or shorter or longer than it says.

    References:
        LeCun, Cortes and Burges 1998, "The MNIST database of handwritten digits".
    """
    content = _content(path)
    dimensions = content[3]
    sizes = np.frombuffer(content, ">u4", min(dimensions, (len(content) - 4) // 4), 4).astype(int)
    kind, start = np.dtype(TYPES[content[2]]), 4 + 4 * dimensions
    wanted = math.prod(sizes.tolist()) * kind.itemsize
    if len(sizes) < dimensions or len(content) - start != wanted:
        raise DataError(
            f"{path!r} holds {max(len(content) - start, 0)} bytes of values, its header says {wanted} "
            f"({' x '.join(map(str, sizes))} of type {kind.name})",
            hint="the file is incomplete or damaged: copy it again",
        )
    return np.frombuffer(content, kind, offset=start).reshape(sizes).astype(kind.newbyteorder("="))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path!r} cannot be read as IDX: {error}", hint="the file may be damaged or incomplete"
        ) from None
