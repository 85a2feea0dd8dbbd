"""The command line in this process, on a fitted model and rows in files."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from vaekit.cli import main
from vaekit.sources import write

QUICK = ["--set", "train.epochs=1", "--set", "train.prior_epochs=1", "--set", "net.width=16", "--set", "net.depth=1"]


class Done(NamedTuple):
    """What a command left: its status, and both streams as text."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: Any, monkeypatch: Any) -> Callable[..., Done]:
    """run("score", MODEL, DATA) is that command in this process; stdin is text."""

    def call(*words: Any, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin.encode())))
        capsys.readouterr()
        status = main([str(word) for word in words])
        return Done(status, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def place(tmp_path_factory: Any, fitted: Callable[[str], Any]) -> Path:
    """A folder with label.vae, ae.vae, rows.parquet, rows.csv (40 rows with gaps), latents.csv."""
    folder = Path(tmp_path_factory.mktemp("place"))
    case = fitted("label")
    case.model.save(folder / "label.vae")
    fitted("ae").model.save(folder / "ae.vae")
    rows = pa.Table.from_pandas(case.rows.iloc[:40], preserve_index=False)
    for name in ("rows.parquet", "rows.csv"):
        write(rows, folder / name)
    write(case.model.encode(rows).to_arrow(), folder / "latents.csv")
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: Any) -> Path:
    """The working directory is that folder."""
    monkeypatch.chdir(place)
    return place


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: Any, fitted: Callable[[str], Any]) -> Path:
    """A folder with given.vae, bars.vae (no columns beside), stream.vae; few.npz and few.npy (8 images), pictures/,
    mask.png (the lower half is white), stream.csv (two machines, one hole, gaps).
    """
    import numpy as np
    from PIL import Image

    folder = Path(tmp_path_factory.mktemp("shelf"))
    for case, name in (("image-given", "given"), ("image-mlp", "bars"), ("stream", "stream")):
        fitted(case).model.save(folder / f"{name}.vae")
    few = fitted("image-given").rows[:8]
    write(few.to_arrow(), folder / "few.npz")
    np.save(folder / "few.npy", few.array)
    write(few.to_arrow().select(["image"]), folder / "pictures")
    Image.fromarray(np.where(np.arange(8)[:, None] < 4, 0, np.full((8, 6), 255)).astype(np.uint8)).save(
        folder / "mask.png"
    )
    write(pa.Table.from_pandas(fitted("stream").rows, preserve_index=False), folder / "stream.csv")
    return folder


@pytest.fixture
def there(shelf: Path, monkeypatch: Any) -> Path:
    """The working directory is that folder."""
    monkeypatch.chdir(shelf)
    return shelf
