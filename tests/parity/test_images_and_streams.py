"""Python and the command line give the same images and the same steps, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

import vaekit
from vaekit.cli import main
from vaekit.sources import write

MASK = np.arange(8)[:, None] * np.ones((8, 6)) >= 4
Answer = Callable[[Any], Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any, fitted: Callable[[str], Any]) -> Path:
    folder = Path(tmp_path_factory.mktemp("parity"))
    images, stream = fitted("image-label"), fitted("stream")
    images.model.save(folder / "images.vae")
    stream.model.save(folder / "stream.vae")
    write(images.rows[:10].to_arrow(), folder / "data.npz")
    np.save(folder / "mask.npy", MASK)
    write(pa.Table.from_pandas(stream.rows, preserve_index=False), folder / "data.csv")
    return folder


def nats(model: Any, data: str) -> pa.Table:
    values = model.log_prob(data, samples=8, seed=3)
    return pa.table({"row": np.arange(len(values)), "log_prob": pa.array(values, from_pandas=True)})


def stacked(answers: list[Any]) -> pa.Table:
    tables = [arrow(each) for each in answers]
    numbers = np.repeat(np.arange(len(tables)), tables[0].num_rows)
    return pa.concat_tables(tables).add_column(0, "draw", pa.array(numbers))


IMAGES: dict[str, Answer] = {
    "score data.npz --alpha 0.1 --seed 3": lambda m: m.score("data.npz", alpha=0.1, seed=3),
    "score data.npz --by likelihood --alpha 0.1": lambda m: m.score("data.npz", by="likelihood", alpha=0.1),
    "log-prob data.npz --samples 8 --seed 3": lambda m: nats(m, "data.npz"),
    "encode data.npz": lambda m: m.encode("data.npz"),
    "reconstruct data.npz": lambda m: m.reconstruct("data.npz"),
    "denoise data.npz --seed 3": lambda m: m.denoise("data.npz", seed=3),
    "impute data.npz --mask mask.npy --seed 3": lambda m: m.impute("data.npz", missing=MASK, seed=3),
    "impute data.npz --mask mask.npy --draws 2": lambda m: stacked(m.impute("data.npz", draws=2, missing=MASK)),
    "classify data.npz": lambda m: m.classify("data.npz"),
    "cluster data.npz": lambda m: m.cluster("data.npz"),
    "sample -n 6 --given digit=1 --seed 3": lambda m: m.sample(6, {"digit": 1}, seed=3),
    "traverse --dim 1 --steps 4": lambda m: m.traverse(dims=[1], steps=4),
    "interpolate data.npz --rows 0 4": lambda m: m.interpolate(vaekit.images("data.npz")[0], vaekit.images("data.npz")[4]),
}  # fmt: skip
STREAM: dict[str, Answer] = {
    "score data.csv --alpha 0.5 --causal": lambda m: m.score("data.csv", alpha=0.5).to_arrow(causal=True),
    "log-prob data.csv --samples 8 --seed 3": lambda m: nats(m, "data.csv"),
    "encode data.csv": lambda m: m.encode("data.csv"),
    "reconstruct data.csv": lambda m: m.reconstruct("data.csv"),
    "denoise data.csv --seed 3": lambda m: m.denoise("data.csv", seed=3),
    "impute data.csv --seed 3": lambda m: m.impute("data.csv", seed=3),
    "impute data.csv --draws 2": lambda m: stacked(m.impute("data.csv", draws=2)),
    "cluster data.csv": lambda m: m.cluster("data.csv"),
    "sample -n 4 --seed 3": lambda m: m.sample(4, seed=3),
    "traverse --dim 0 --steps 3": lambda m: m.traverse(dims=[0], steps=3),
}
ASKED = [("images.vae", line, ask) for line, ask in IMAGES.items()]
ASKED += [("stream.vae", line, ask) for line, ask in STREAM.items()]


def arrow(answer: Any) -> pa.Table:
    answer = answer.to_arrow() if hasattr(answer, "to_arrow") else answer
    return answer if isinstance(answer, pa.Table) else pa.Table.from_pandas(answer, preserve_index=False)


@pytest.mark.parametrize(("model", "line", "ask"), ASKED, ids=[f"{model} {line}" for model, line, _ in ASKED])
def test_the_answers_are_the_same(
    model: str, line: str, ask: Answer, place: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(place)
    command, *words = line.split()
    assert main([command, model, *words, "-o", str(tmp_path / "there.parquet")]) == 0
    there, here = pa_parquet.read_table(tmp_path / "there.parquet"), arrow(ask(vaekit.load(model)))
    assert there.column_names == here.column_names
    for name in here.column_names:
        ours, theirs = here[name].combine_chunks(), there[name].combine_chunks()
        if isinstance(ours, pa.ExtensionArray):
            ours, theirs = ours.storage, theirs.storage
        assert theirs.cast(ours.type).equals(ours), name


def test_fitting_is_the_same(place: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(place)
    parts = {"train": {"epochs": 1, "prior_epochs": 1}, "net": {"kind": "mlp", "hidden": [8]}}
    settings = ["--set=train.epochs=1", "--set=train.prior_epochs=1", "--set=net=mlp", "--set=net.hidden=[8]"]
    assert main(["fit", "data.npz", "-o", str(tmp_path / "i.vae"), "--given", "digit", *settings]) == 0
    here = vaekit.fit("data.npz", given=["digit"], **parts)
    assert (vaekit.load(tmp_path / "i.vae").encode("data.npz").mean == here.encode("data.npz").mean).all()
    cut = ["--window", "12", "--stride", "4", "--time", "time", "--by", "machine"]
    assert main(["fit", "data.csv", "-o", str(tmp_path / "s.vae"), *cut, *settings]) == 0
    here = vaekit.fit(vaekit.windows("data.csv", 12, 4, "time", "machine"), **parts)
    there = vaekit.load(tmp_path / "s.vae")
    assert np.array_equal(there.score("data.csv", alpha=0.9).total, here.score("data.csv", alpha=0.9).total, True)
