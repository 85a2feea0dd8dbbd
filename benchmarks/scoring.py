"""Rows a second of scoring 20 mixed columns, by way, in memory and from file to file; peak memory for 1 and 4 times the rows.

Seconds are those of one processor in one thread, which neighbours on the machine disturb least. Beside vaekit the scores of
scikit-learn's isolation forest and nearest neighbours on the numeric columns, in the same run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from _common import write_result
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

import vaekit
from vaekit.sources import write

FITTED, ROWS = 5_000, 10_000
PEAK = (
    "import json, resource, sys, time; from vaekit.cli import main; began = time.process_time(); main(sys.argv[1:]); "
    "print(json.dumps([time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))"
)


def mixed(rows: int, seed: int) -> pa.Table:
    """Ten real, three positive, two count, four categorical columns and a flag, of four common causes; gaps in half."""
    noise, law = np.random.default_rng(seed), np.random.default_rng(100)
    z = noise.normal(size=(rows, 4))
    columns: dict[str, Any] = {}
    for i in range(10):
        values = z @ law.normal(size=4) + 0.5 * noise.normal(size=rows)
        columns[f"real_{i}"] = pa.array(values.round(3), mask=noise.random(rows) < 0.03 * (i % 2))
    for i in range(3):
        columns[f"amount_{i}"] = np.exp(z[:, i] + 0.3 * noise.normal(size=rows) + 4).round(2)
    for i in range(2):
        columns[f"count_{i}"] = noise.poisson(np.exp(0.5 * z[:, i] + 1))
    for i in range(4):
        levels = 5 + 3 * i
        pick = (z @ law.normal(size=(4, levels)) + noise.gumbel(size=(rows, levels))).argmax(1)
        columns[f"name_{i}"] = np.array([f"level {j}" for j in range(levels)])[pick]
    columns["flag"] = z[:, 0] + noise.normal(size=rows) > 0
    return pa.table(columns)


def rate(score: Any, rows: int) -> int:
    """The best of two runs."""
    spent = []
    for _ in range(2):
        began = time.process_time()
        score()
        spent.append(time.process_time() - began)
    return round(rows / min(spent))


def from_file(*words: str) -> tuple[float, float]:
    """Processor seconds of a command, without the start of the interpreter, and its peak memory in MiB."""
    shown = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True)
    seconds, peak = json.loads(shown.stdout.splitlines()[-1])
    return seconds, peak


def main() -> None:
    torch.set_num_threads(1)
    known, new = mixed(FITTED, 0), mixed(ROWS, 1)
    model = vaekit.fit(known, train={"epochs": 5, "prior_epochs": 5})
    in_memory = {
        by: {
            f"{count} reasons": rate(lambda by=by, count=count: model.score(new, by=by, reasons=count).to_arrow(), ROWS)
            for count in (0, 3)
        }
        for by in ("default", "likelihood", "reconstruction")
    }
    numbers = [name for name in known.column_names if not name.startswith(("name", "flag"))]
    train, rows = (np.nan_to_num(np.column_stack([t[name].to_numpy() for name in numbers])) for t in (known, new))
    forest, near = IsolationForest(random_state=0).fit(train), NearestNeighbors(n_neighbors=5).fit(train)
    peers = {
        "isolation forest": rate(lambda: forest.score_samples(rows), ROWS),
        "5 nearest neighbours": rate(lambda: near.kneighbors(rows), ROWS),
    }
    files: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        saved, data, out = (str(Path(folder) / name) for name in ("m.vae", "rows.parquet", "out.parquet"))
        model.save(saved)
        for times in (1, 4):
            write(pa.concat_tables([new] * times), data)
            seconds, peak = from_file("score", saved, data, "-o", out)
            files[f"{times * ROWS} rows"] = {"seconds": round(seconds, 2), "peak_mib": round(peak)}
    one, four = (files[f"{times * ROWS} rows"]["peak_mib"] for times in (1, 4))
    spent = [files[f"{times * ROWS} rows"]["seconds"] for times in (1, 4)]
    files["rows_per_s beyond the start"] = round(3 * ROWS / (spent[1] - spent[0]))
    best = in_memory["default"]["3 reasons"]
    write_result(
        "scoring",
        {
            "rows_per_s in memory": in_memory,
            "file to file, default with 3 reasons": files,
            "peak memory, 4 times the rows over 1": round(four / one, 3),
            "peers, rows_per_s": peers,
            "default over peers": {name: round(best / peer, 3) for name, peer in peers.items()},
        },
    )


if __name__ == "__main__":
    main()
