"""What every test may ask for: real tables, fitted models, and hypothesis without a clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from tests.ruled import bills as bills
from tests.ruled import routes as routes

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


# -- fitted models, shared by the tests of the modes ---------------------------------------------------------------------

QUICK = {"epochs": 30, "prior_epochs": 25, "batch": 64}
NARROW = {"kind": "residual", "width": 48, "depth": 1}


@dataclass(frozen=True)
class Case:
    """A fitted model, the table it was fitted on, and rows of the same law that it never saw."""

    name: str
    model: Any
    fitted_on: Any
    rows: Any


def mixed_frame(rows: int = 700, seed: int = 0, gaps: float = 0.1) -> Any:
    """A pandas table of every column kind with dependent columns and gaps: two hidden numbers move all of them."""
    import pandas as pd

    noise = np.random.default_rng(seed)
    a, b = noise.normal(size=(2, rows))
    frame = pd.DataFrame(
        {
            "id": [f"C{number:05d}" for number in range(rows)],
            "height": np.round(170 + 8 * a + 2 * noise.normal(size=rows), 1),
            "income": np.exp(3.5 + 0.8 * a + 0.3 * noise.normal(size=rows)),
            "visits": pd.array(noise.poisson(np.exp(1 + 0.5 * b)), dtype="Int64"),
            "member": pd.array(b + 0.3 * noise.normal(size=rows) > 0, dtype="boolean"),
            "grade": pd.Categorical(
                np.array(list("DCBA"))[np.digitize(a + 0.3 * noise.normal(size=rows), [-0.8, 0, 0.8])],
                list("DCBA"),
                ordered=True,
            ),
            "city": np.array(["Bern", "Jena", "Lima", "Oslo", "Rome"])[np.clip((b * 1.2 + 2.5).astype(int), 0, 4)],
            "joined": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(np.round(400 + 200 * b + 20 * noise.normal(size=rows)).astype(int), "D"),
            "debt": np.where(noise.random(rows) < 0.35, 0.0, np.round(50 + 20 * a + 5 * noise.normal(size=rows), 2)),
            "country": "CH",
        }
    )
    for name in ("height", "income", "visits", "member", "grade", "city", "joined", "debt"):
        frame.loc[noise.random(rows) < gaps, name] = None
    return frame


def number_rows(rows: int = 500, seed: int = 0) -> np.ndarray[Any, Any]:
    """Two dependent columns of numbers, in units far from one."""
    noise = np.random.default_rng(seed)
    x = noise.normal(size=rows)
    return np.column_stack([50 + 10 * x, 0.02 * (0.8 * x + 0.6 * noise.normal(size=rows))])


def word_frame(rows: int = 500, seed: int = 0) -> Any:
    """Three dependent columns of two, three and four words: 24 possible rows and the rare level of each."""
    import pandas as pd

    noise = np.random.default_rng(seed)
    a = noise.normal(size=rows)
    cut = {"coin": [0.0], "size": [-0.5, 0.5], "suit": [-0.7, 0.0, 0.7]}
    words = {"coin": ["heads", "tails"], "size": ["L", "M", "S"], "suit": ["clubs", "diamonds", "hearts", "spades"]}
    return pd.DataFrame(
        {
            name: np.array(words[name])[np.digitize(a + 0.5 * noise.normal(size=rows), edges)]
            for name, edges in cut.items()
        }
    )


@cache
def fitted_case(name: str) -> Case:
    """The model of that name, fitted once in a process."""
    import vaekit

    if name in IMAGES or name in STREAMS:
        return _fit_images(name) if name in IMAGES else _fit_stream(name)
    parts: dict[str, dict[str, Any]] = {
        "mixed": {"validation": 0.2},
        "given": {"given": ["city"]},
        "label": {"label": "city"},
        "ae": {"preset": "ae", "net": {"kind": "mlp", "hidden": [32]}},
        "vae": {
            "preset": "vae",
            "net": {"kind": "mlp", "hidden": [32]},
            "train": {**QUICK, "epochs": 40, "rate": 5e-3},
        },
        "numbers": {"latent": 2},
        "words": {"latent": 3},
    }
    make = {"numbers": number_rows, "words": word_frame}.get(name, mixed_frame)
    known, fresh = make(), make(rows=200, seed=1)
    options = {"net": NARROW, "train": QUICK, **parts[name]}
    return Case(name, vaekit.fit(known, **options), known, fresh)


CASES = ("mixed", "given", "label", "ae", "vae", "numbers", "words")


@pytest.fixture(scope="session", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Every fitted model in turn."""
    return fitted_case(request.param)


@pytest.fixture(scope="session", params=[name for name in CASES if name != "ae"])
def dense(request: pytest.FixtureRequest) -> Case:
    """Every fitted model with a density in turn."""
    return fitted_case(request.param)


@pytest.fixture(scope="session")
def fitted() -> Callable[[str], Case]:
    """fitted("mixed") is that case; names are in CASES, IMAGES and STREAMS."""
    return fitted_case


@pytest.fixture(scope="session")
def mixed() -> Case:
    """A default model of a pandas table with every kind and gaps, 140 rows held out."""
    return fitted_case("mixed")


@pytest.fixture(scope="session")
def numbers() -> Case:
    """A default model of two NumPy columns."""
    return fitted_case("numbers")


@pytest.fixture(scope="session")
def words() -> Case:
    """A default model of three columns of words."""
    return fitted_case("words")


@pytest.fixture(scope="session")
def adult(real_table: Callable[[str], pa.Table]) -> Case:
    """A default model of 2,000 rows of Adult as Arrow, 300 rows beside."""
    import vaekit

    table = real_table("tabular/adult")
    known = table.slice(0, 2000)
    model = vaekit.fit(known, net=NARROW, train={"epochs": 6, "prior_epochs": 3, "batch": 64})
    return Case("adult", model, known, table.slice(2000, 300))


# -- images and streams, small enough to be fitted in half a second ------------------------------------------------------

BRIEF = {"epochs": 3, "prior_epochs": 1, "batch": 16, "rate": 1e-2}
LOOSE = {"beta": 0.02, "warm_up": 0.0}  # so that latents say something after a few steps
CONVOLVED = {"kind": "conv", "widths": [16], "hidden": 32}


def drawn_digits(rows: int = 160, seed: int = 0, known: float = 1.0) -> Any:
    """Grey images (B, 8, 6) of a bar whose height tells the digit beside them, which is `known` in that share."""
    import vaekit

    noise = np.random.default_rng(seed)
    digit = noise.integers(0, 3, rows)
    bar = (np.arange(8) // 2 == digit[:, None] + 1)[:, :, None] * (np.arange(6) % 5 > 0)
    ink = (200 * bar + noise.integers(0, 55, (rows, 8, 6))) * (noise.random((rows, 8, 6)) < 0.9)
    told = [int(d) if k else None for d, k in zip(digit, noise.random(rows) < known, strict=True)]
    return vaekit.images(ink.astype(np.uint8), columns={"digit": told})


def coloured_floats(rows: int = 120, seed: int = 0) -> np.ndarray[Any, Any]:
    """Floats (B, 6, 5, 3) on both sides of [0, 1], one pixel in ten missing."""
    noise = np.random.default_rng(seed)
    pixels = noise.normal(size=(rows, 1, 1, 3)) + 0.3 * noise.normal(size=(rows, 6, 5, 3))
    return np.where(noise.random(pixels.shape) < 0.1, np.nan, pixels).astype(np.float32)


def machine_stream(steps: int = 240, seed: int = 0, gaps: float = 0.07) -> Any:
    """Two machines in turn, the second with a hole in time: real, binary, categorical and count channels with gaps."""
    import pandas as pd

    noise, half = np.random.default_rng(seed), steps // 2
    clock = np.arange(steps) % half + np.where(np.arange(steps) >= half + 40, 30.0, 0.0)
    wave = np.sin(clock / 5) + 0.1 * noise.normal(size=steps)
    frame = pd.DataFrame(
        {
            "machine": np.where(np.arange(steps) < half, "a", "b"),
            "time": clock,
            "heat": np.round(20 + 5 * wave, 3),
            "load": np.cos(clock / 5) + 0.1 * noise.normal(size=steps),
            "valve": np.where(wave > 0, "open", "shut"),
            "phase": np.array(["idle", "run", "stop"])[np.digitize(wave, [-0.5, 0.5])],
            "jobs": pd.array(noise.poisson(np.exp(1 + 0.5 * wave)), dtype="Int64"),
        }
    )
    for name in ("heat", "load", "valve", "phase", "jobs"):
        frame.loc[noise.random(steps) < gaps, name] = None
    return frame


def _fit_images(name: str) -> Case:
    import vaekit

    make, options = {
        "image-given": (drawn_digits, {"given": ["digit"], "net": CONVOLVED}),
        "image-label": (drawn_digits, {"label": "digit", "net": CONVOLVED}),
        "image-mlp": (lambda **at: drawn_digits(**at).array, {"net": {"kind": "mlp", "hidden": [32]}}),
        "image-colour": (coloured_floats, {"net": CONVOLVED}),
    }[name]
    known = make(known=0.7) if name == "image-label" else make()
    return Case(
        name, vaekit.fit(known, train=BRIEF, objective=LOOSE, validation=0.2, **options), known, make(rows=30, seed=1)
    )


def _fit_stream(name: str) -> Case:
    import vaekit

    columns, cut, options = {
        "stream": (slice(None), {"time": "time", "by": "machine"}, {"schema": {"jobs": "count"}, "net": CONVOLVED}),
        "stream-given": (["heat", "load", "valve", "phase"], {}, {"given": ["valve", "phase"], "net": CONVOLVED}),
        "stream-mlp": (["heat", "phase"], {}, {"net": {"kind": "mlp", "hidden": [32]}}),
    }[name]
    known, fresh = (machine_stream(seed=seed).loc[:, columns] for seed in (0, 1))
    model = vaekit.fit(
        vaekit.windows(known, size=12, stride=3, **cut), train=BRIEF, objective=LOOSE, validation=0.2, **options
    )
    return Case(name, model, known, fresh)


IMAGES = ("image-given", "image-label", "image-mlp", "image-colour")
STREAMS = ("stream", "stream-given", "stream-mlp")


@pytest.fixture(scope="session", params=IMAGES)
def pictures(request: pytest.FixtureRequest) -> Case:
    """Every fitted model of images in turn."""
    return fitted_case(request.param)


@pytest.fixture(scope="session", params=STREAMS)
def stream(request: pytest.FixtureRequest) -> Case:
    """Every fitted model of a stream in turn."""
    return fitted_case(request.param)


# -- columns of every kind, shared by the tests of the model ---------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """Fitted columns by name, and rows of them as cells (B, K) and observed flags (B, K), in double precision."""

    fields: dict[str, Any]
    cells: Any
    observed: Any

    def of(self, *kinds: str) -> list[Any]:
        return [field for field in self.fields.values() if field.kind in kinds]

    def at(self, fields: list[Any]) -> Any:
        """The cells of these columns, (B, len(fields))."""
        return self.cells[:, [list(self.fields).index(field.name) for field in fields]]


@pytest.fixture(scope="session")
def every_kind() -> Columns:
    """400 rows of every column kind, one cell in ten missing, encoded by the codec that was fitted on them."""
    import torch

    from vaekit import codec
    from vaekit.schema import Schema

    noise, rows = np.random.default_rng(0), 400
    numbers = {
        "height": noise.normal(170, 10, rows),
        "flat": noise.uniform(0, 1, rows),
        "income": np.exp(noise.normal(10, 1, rows)),
        "visits": noise.poisson(2.0, rows),
        "clicks": noise.negative_binomial(1, 0.02, rows),
        "gain": np.where(noise.random(rows) < 0.6, 0.0, noise.normal(50, 9, rows)),
        "debt": np.where(noise.random(rows) < 0.3, noise.choice([-1.0, 5.0], rows), noise.normal(50, 9, rows)),
        "smoker": noise.random(rows) < 0.3,
        "grade": noise.integers(-1, 3, rows),
        "mark": noise.integers(-1, 2, rows),
        "city": noise.choice(list("abcde"), rows),
        "breed": noise.choice([f"b{number}" for number in range(12)], rows),
        "day": np.datetime64("2020-01-01", "s") + noise.integers(0, 10**8, rows).astype("timedelta64[s]"),
    }
    gone = noise.random((rows, len(numbers))) < 0.1
    table = pa.table({name: pa.array(numbers[name], mask=gone[:, k]) for k, name in enumerate(numbers)})
    fitted = codec.fit(table, Schema.infer(table))
    cells, observed = fitted.encode(table)
    return Columns({field.name: field for field in fitted.fields}, torch.from_numpy(cells), torch.from_numpy(observed))
