"""The container of compressed rows: what it must know of the model and the machine, its parts, and a checksum over all of it.

```
magic, 8 bytes | number of parts and their lengths | JSON | ... parts ... | CRC-32 of all that stands before
```
"""

from __future__ import annotations

import json
import platform
import struct
import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import torch

from vaekit.artifact import Fitted, fingerprint
from vaekit.errors import ArtifactError, UserError

MAGIC = b"vaekit\x00z"
VERSION = 1
SAME = {  # what must be the same when the rows are read, in the words of a message
    "model": "compressed with another model",
    "torch": "compressed with another version of torch",
    "constriction": "compressed with another version of constriction",
    "cpu": "compressed on another class of processor",
}


def marks(fitted: Fitted) -> dict[str, Any]:
    """The model and the arithmetic: probabilities must be the same to the last bit on both sides."""
    return {
        "model": fingerprint(fitted),
        "torch": torch.__version__,
        "constriction": version("constriction"),
        "cpu": f"{platform.system()} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
    }


def pack(about: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    """A description that JSON can hold and some parts as one piece.

    >>> unpack(pack({"rows": 3}, [b"ab", b""]))
    ({'rows': 3, 'version': 1}, [b'ab', b''])
    """
    text = zlib.compress(json.dumps({**about, "version": VERSION}, sort_keys=True).encode(), 9)
    whole = [text, *parts]
    sizes = struct.pack(f"<I{len(whole)}Q", len(whole), *map(len, whole))
    body = b"".join([MAGIC, sizes, *whole])
    return body + struct.pack("<I", zlib.crc32(body))


def unpack(blob: Any) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `pack`.

    Raises:
        UserError: something else than bytes was given.
        ArtifactError: foreign, truncated, damaged or newer bytes.
    """
    if not isinstance(blob, bytes | bytearray | memoryview):
        raise UserError(
            f"decompress: given {type(blob).__name__}, expected bytes", hint="model.compress(data) returns them"
        )
    blob = bytes(blob)
    if blob[: len(MAGIC)] != MAGIC[: len(blob)] or not blob:
        raise ArtifactError("these bytes are no compressed rows", hint="model.compress(data) makes them")
    if len(blob) < len(MAGIC) + 8 or zlib.crc32(blob[:-4]) != struct.unpack("<I", blob[-4:])[0]:
        raise ArtifactError(
            "the compressed rows are truncated or damaged: their checksum differs", hint="copy them again"
        )
    (count,) = struct.unpack_from("<I", blob, len(MAGIC))
    sizes = struct.unpack_from(f"<{count}Q", blob, len(MAGIC) + 4)
    at, parts = len(MAGIC) + 4 + 8 * count, []
    for size in sizes:
        parts.append(blob[at : at + size])
        at += size
    about = json.loads(zlib.decompress(parts[0]))
    if about["version"] > VERSION:
        raise ArtifactError(
            f"compressed rows of format version {about['version']}, this vaekit reads up to {VERSION}",
            hint="upgrade vaekit",
        )
    return about, parts[1:]


def refuse_other(about: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Refuse rows that would come back as others: another model, or arithmetic that may differ in the last bit.

    Raises:
        ArtifactError: what differs, there and here.
    """
    for name, words in SAME.items():
        if about.get(name) != here[name]:
            there, now = (str(each)[:16] if name == "model" else each for each in (about.get(name), here[name]))
            raise ArtifactError(
                f"the rows were {words}: {there} there, {now} here",
                hint="decompress needs the model file and the kind of machine that compressed them",
            )


def squeezed(data: bytes) -> bytes:
    """Bytes under zstd, with their length in front.

    >>> expanded(squeezed(b"a" * 1000)) == b"a" * 1000, len(squeezed(b"a" * 1000)) < 40
    (True, True)
    """
    packed: bytes = pa.Codec("zstd", compression_level=19).compress(data, asbytes=True)
    return struct.pack("<Q", len(data)) + packed


def expanded(data: bytes) -> bytes:
    """The inverse of `squeezed`."""
    (size,) = struct.unpack_from("<Q", data)
    return bytes(pa.Codec("zstd").decompress(data[8:], decompressed_size=size, asbytes=True))
