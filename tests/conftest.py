"""What every test may ask for: real tables, and hypothesis without a clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

settings.register_profile("vaekit", deadline=None, derandomize=True)  # equal on a busy machine and on a fast one
settings.load_profile("vaekit")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real tables that VAEKIT_DATA names; without it the test is skipped."""
    folder = os.environ.get("VAEKIT_DATA")
    if not folder:
        pytest.skip("VAEKIT_DATA is unset: it names the folder with the real tables")
    return Path(folder)


@pytest.fixture(scope="session")
def real_table(data_folder: Path) -> Callable[[str], pa.Table]:
    """real_table("tabular/adult") reads that Parquet file of the folder; real_table("adult") finds it by its stem."""

    def read(name: str) -> pa.Table:
        found = sorted(data_folder.glob(f"**/{name}.parquet"))
        assert len(found) == 1, f"{name}.parquet: {len(found)} files under VAEKIT_DATA={data_folder}"
        return pq.read_table(found[0])

    return read
