"""One answer in numbered parts, beside the place where it will be: a part that is there is not made again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pa_parquet

from vaekit.sources import whole_file, write_batches

KEY = "of.json"


class Parts:
    """The folder ``OUT.parts`` with ``00000.parquet``, ``00001.parquet``, ...; each appears whole or not at all.

    Args:
        out: where the answer will be.
        count: how many parts it has.
        of: what the answer is made of; parts of anything else are thrown away.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = Parts(f"{folder}/out.parquet", 2, of="model and data")
    ...     parts.write(1, pa.table({"x": [2]}))
    ...     missing = parts.missing()
    ...     parts.write(0, pa.table({"x": [1]}))
    ...     parts.join()
    ...     missing, pa_parquet.read_table(f"{folder}/out.parquet")["x"].to_pylist()
    ([0], [1, 2])
    """

    def __init__(self, out: str | os.PathLike[str], count: int, of: Any) -> None:
        self.out, self.count = Path(out).absolute(), count
        self.folder = self.out.with_name(f"{self.out.name}.parts")
        key = hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()
        if self.folder.exists() and self._key() != key:
            shutil.rmtree(self.folder)
        self.folder.mkdir(exist_ok=True)
        whole_file(self.folder / KEY, lambda stream: stream.writelines([json.dumps(key).encode()]))

    def place(self, number: int) -> Path:
        """Where a part is, or will be."""
        return self.folder / f"{number:05d}.parquet"

    def missing(self) -> list[int]:
        """The numbers of the parts that are still to be made."""
        return [number for number in range(self.count) if not self.place(number).exists()]

    def write(self, number: int, table: pa.Table) -> None:
        """Write a part; whoever writes the same part at the same time writes the same."""
        whole_file(self.place(number), lambda stream: pa_parquet.write_table(table, stream))

    def join(self) -> None:
        """Put the parts one below the other into their place, and remove them."""
        assert not self.missing(), "every part is there"
        write_batches(self._tables(), self.out)
        shutil.rmtree(self.folder)

    def _tables(self) -> Iterator[pa.Table]:
        for number in range(self.count):
            with pa_parquet.ParquetFile(self.place(number)) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group)

    def _key(self) -> Any:
        try:
            return json.loads((self.folder / KEY).read_text())
        except (OSError, ValueError):
            return None
