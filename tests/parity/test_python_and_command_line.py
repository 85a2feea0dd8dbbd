"""Python and the command line give the same numbers, to the last bit, for every mode; CSV on the way in and out."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import vaekit
from vaekit.cli import main
from vaekit.modes import MODES
from vaekit.sources import read, write

ROWS = 25


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any, fitted: Callable[[str], Any]) -> Path:
    folder = Path(tmp_path_factory.mktemp("parity"))
    case = fitted("label")
    case.model.save(folder / "m.vae")
    write(pa.Table.from_pandas(case.rows.iloc[:ROWS], preserve_index=False), folder / "rows.csv")
    write(case.model.encode(case.rows.iloc[:ROWS]).to_arrow(), folder / "z.csv")
    return folder


@pytest.fixture
def model(place: Path, monkeypatch: Any) -> Any:
    monkeypatch.chdir(place)
    return vaekit.load("m.vae")


def ends(model: Any) -> pa.Table:
    """What --interval writes beside the best values."""
    low, high = model.impute_interval("rows.csv", 0.8, seed=3)
    names = ("height", "income", "visits", "grade", "joined", "debt")
    return pa.table({f"{n}_{end}": t[n] for n in names for end, t in (("low", low), ("high", high))})


def row(number: int) -> pa.Table:
    return read("rows.csv").arrow.slice(number, 1)


def nats(model: Any) -> pa.Table:
    values = model.log_prob("rows.csv", samples=16, seed=3)
    return pa.table({"row": np.arange(ROWS), "log_prob": values})


def draws(model: Any) -> pa.Table:
    return pa.concat_tables(arrow(each) for each in model.impute("rows.csv", draws=2, seed=3))


def flat(metrics: Any, name: str = "") -> dict[str, Any]:
    """Metrics that a clock does not touch, one name for each number."""
    if isinstance(metrics, dict):
        parts = [flat(value, f"{name}/{key}") for key, value in metrics.items() if key != "seconds"]
        return {key: value for part in parts for key, value in part.items()}
    return {name: metrics}


def arrow(answer: Any) -> pa.Table:
    answer = answer.to_arrow() if hasattr(answer, "to_arrow") else answer
    return answer if isinstance(answer, pa.Table) else pa.Table.from_pandas(answer, preserve_index=False)


SEED = ["--seed", "3"]
ASKED: dict[str, tuple[list[str], Callable[[Any], Any]]] = {
    "score": (["score", "m.vae", "rows.csv", *SEED, "--alpha", "0.1"], lambda m: m.score("rows.csv", alpha=0.1, seed=3)),
    "score by likelihood": (
        ["score", "m.vae", "rows.csv", "--by", "likelihood", "--alpha", "0.1"],
        lambda m: m.score("rows.csv", by="likelihood", alpha=0.1),
    ),
    "log_prob": (["log-prob", "m.vae", "rows.csv", *SEED, "--samples", "16"], nats),
    "sample": (["sample", "m.vae", "-n", "20", *SEED], lambda m: m.sample(20, seed=3)),
    "sample given": (
        ["sample", "m.vae", "-n", "20", "--given", "city=Oslo", "--given", "visits=2", *SEED, "--temperature", "0.5"],
        lambda m: m.sample(20, {"city": "Oslo", "visits": 2}, seed=3, temperature=0.5),
    ),
    "impute": (["impute", "m.vae", "rows.csv", *SEED], lambda m: m.impute("rows.csv", seed=3)),
    "impute draws": (["impute", "m.vae", "rows.csv", "--draws", "2", *SEED], draws),
    "impute_interval": (["impute", "m.vae", "rows.csv", "--interval", "0.8", *SEED], ends),
    "reconstruct": (["reconstruct", "m.vae", "rows.csv"], lambda m: m.reconstruct("rows.csv")),
    "denoise": (["denoise", "m.vae", "rows.csv", *SEED], lambda m: m.denoise("rows.csv", seed=3)),
    "encode": (["encode", "m.vae", "rows.csv"], lambda m: m.encode("rows.csv")),
    "decode": (["decode", "m.vae", "z.csv"], lambda m: m.decode("z.csv")),
    "traverse": (["traverse", "m.vae", "--dim", "1", "--steps", "4"], lambda m: m.traverse(dims=[1], steps=4)),
    "traverse row": (
        ["traverse", "m.vae", "--row", "3", "--data", "rows.csv", "--span", "1"], lambda m: m.traverse(row(3), span=1.0)
    ),
    "interpolate": (
        ["interpolate", "m.vae", "rows.csv", "--rows", "0", "4", "--steps", "5"],
        lambda m: m.interpolate(row(0), row(4), steps=5),
    ),
    "cluster": (["cluster", "m.vae", "rows.csv"], lambda m: m.cluster("rows.csv")),
    "cluster by k-means": (
        ["cluster", "m.vae", "rows.csv", "--clusters", "3", "--by", "kmeans"],
        lambda m: m.cluster("rows.csv", 3, "kmeans"),
    ),
    "classify": (["classify", "m.vae", "rows.csv"], lambda m: m.classify("rows.csv")),
}  # fmt: skip
APART = {
    "evaluate": "its numbers are JSON, compared below",
    "shift": "Python only",
    "compress": "bytes, compared below",
    "decompress": "what was compressed, compared below",
}


def test_every_mode_is_compared():
    assert {name.split()[0] for name in ASKED} | set(APART) == set(MODES)


def shown(words: list[str], capsys: Any) -> str:
    capsys.readouterr()
    assert main(words) == 0
    return str(capsys.readouterr().out)


@pytest.mark.parametrize("asked", ASKED)
def test_the_numbers_are_the_same(asked: str, model: Any, capsys: Any, tmp_path: Path) -> None:
    words, ask = ASKED[asked]
    python = arrow(ask(model))
    write(python, tmp_path / "python.csv")  # values as CSV has them: text, numbers to the last bit, empty for null
    there = pa_csv.read_csv(tmp_path / "python.csv")
    here = pa_csv.read_csv(io.BytesIO(shown(words, capsys).encode()))
    assert set(there.column_names) <= set(here.column_names)
    for name in there.column_names:
        assert here[name].equals(there[name]), name
    for name in (field.name for field in python.schema if pa.types.is_floating(field.type)):
        exact = here[name].cast(pa.float64()).cast(python.schema.field(name).type)
        assert exact.equals(python[name]), name


def test_metrics_are_the_same(model, capsys):
    import json

    python = json.loads(
        json.dumps(flat(model.evaluate("rows.csv", seed=3).metrics), default=lambda value: value.tolist())
    )
    assert flat(json.loads(shown(["evaluate", "m.vae", "rows.csv", *SEED], capsys))) == python


def test_fitting_is_the_same(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(place)
    parts = {"train": {"epochs": 2, "prior_epochs": 1}, "net": {"width": 16, "depth": 1}, "objective": {"beta": 0.5}}
    settings = [f"--set={part}.{name}={value}" for part, options in parts.items() for name, value in options.items()]
    words = [
        "fit",
        "rows.csv",
        "-o",
        str(tmp_path / "m.vae"),
        "--seed",
        "4",
        "--label",
        "city",
        "--kind",
        "height=positive",
    ]
    assert main([*words, *settings]) == 0
    python = vaekit.fit("rows.csv", seed=4, label="city", schema={"height": "positive"}, **parts)
    there = vaekit.load(tmp_path / "m.vae")
    assert there.schema == python.schema
    assert (there.score("rows.csv", alpha=0.5).total == python.score("rows.csv", alpha=0.5).total).all()
    assert there.sample(10).equals(python.sample(10))


def test_standard_input_is_a_file_like_any_other(model, capsys, monkeypatch):
    from types import SimpleNamespace

    from_file = shown(["encode", "m.vae", "rows.csv"], capsys)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(Path("rows.csv").read_bytes())))
    assert shown(["encode", "m.vae", "-"], capsys) == from_file


def test_compressed_rows_are_the_same_bytes_and_come_back(model, tmp_path):
    assert main(["compress", "m.vae", "rows.csv", "-o", str(tmp_path / "rows.vz")]) == 0
    assert (tmp_path / "rows.vz").read_bytes() == model.compress("rows.csv")
    assert main(["decompress", "m.vae", str(tmp_path / "rows.vz"), "-o", str(tmp_path / "back.parquet")]) == 0
    assert pq.read_table(tmp_path / "back.parquet").equals(read("rows.csv", text=model.fitted.schema.text).arrow)
