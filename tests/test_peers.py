"""Processes that train together end with one model, near that of a process alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn

import vaekit
from vaekit import peers
from vaekit.goals import Rows

OPTIONS = ["--set", "net=mlp", "--set", "net.hidden=[32]", "--set", "prior=normal", "--set", "latent=2"]
TRAIN = {"epochs": 12, "batch": 64, "rate": 5e-3, "patience": 20}


def table(rows: int = 1_500, seed: int = 0) -> dict[str, np.ndarray]:
    noise = np.random.default_rng(seed)
    a = noise.normal(size=rows)
    return {
        "x": 10 * a,
        "y": a + 0.5 * noise.normal(size=rows),
        "z": np.where(a + noise.normal(size=rows) > 0, "up", "down"),
    }


@pytest.fixture
def group(tmp_path: Path):
    """A group of one process, which takes part in every message."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("group")
def test_a_group_of_one_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "place", lambda: (0, 1))
    alone = _every_message()
    monkeypatch.setattr(peers, "place", lambda: (0, 2))  # messages are sent, and the other process is silent
    sent = _every_message()
    assert torch.equal(alone[0] / 2, sent[0]) and alone[1] is None and sent[1] is None
    assert alone[2:4] == (0.5, 2.5) and sent[2:4] == (0.25, 2.5) and alone[4:] == ("stopped", 5, 5)
    assert sent[4:] == ("stopped", 3, 5)


@pytest.mark.usefixtures("group")
def test_gradients_of_single_rows_are_averaged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "place", lambda: (0, 2))  # the other process is silent
    table = nn.Parameter(torch.zeros(4, 2))
    table.grad = torch.sparse_coo_tensor([[1, 1]], [[1.0, 2.0], [3.0, 0.0]], (4, 2), check_invariants=True)
    peers.average([table])
    assert table.grad.tolist() == [[0.0, 0.0], [2.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def _every_message() -> tuple:
    layer = nn.Linear(2, 1)
    layer.weight.grad = torch.ones(1, 2)
    peers.same(layer)
    peers.average(list(layer.parameters()))
    rows = Rows(torch.zeros(5, 1), torch.ones(5, 1))
    return (
        layer.weight.grad, layer.bias.grad, peers.mean(torch.tensor(0.5)), peers.told(2.5), peers.ended("stopped"),
        len(peers.own(rows)), len(peers.even(rows)),
    )  # fmt: skip


@pytest.mark.timeout(600)  # two more interpreters start, on a machine that may be busy
def test_two_processes_train_the_model_of_one(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    pa_csv.write_csv(pa.table(table()), tmp_path / "rows.csv")
    train = [word for name, value in TRAIN.items() for word in ("--set", f"train.{name}={value}")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "vaekit", "fit", str(tmp_path / "rows.csv"), "-o", str(tmp_path / "two.vae"), *OPTIONS, *train]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False
    )
    assert done.returncode == 0, done.stderr
    two = vaekit.load(tmp_path / "two.vae")
    parts = {"net": {"kind": "mlp", "hidden": [32]}, "prior": "normal", "latent": 2}
    one = vaekit.fit(table(), **parts, train=TRAIN)
    assert two.card["rows"] == one.card["rows"] == 1_500 and two.card["ended"] == {"model": "complete"}
    assert done.stderr.count("two.vae: 1,500 rows") == 1
    fresh = table(400, seed=1)
    assert abs(two.log_prob(fresh).mean() - one.log_prob(fresh).mean()) < 0.25
    assert np.corrcoef(two.score(fresh).total, one.score(fresh).total)[0, 1] > 0.95
    assert not [path for path in tmp_path.iterdir() if "checkpoint" in path.name]
