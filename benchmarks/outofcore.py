"""A fit on a file larger than its memory: 20 M rows by 20 columns within 2 GB, and how fast it trains beside one in memory.

usage: python benchmarks/outofcore.py [--rows 20000000] [--steps 1000] [--turns 3] [--file ROWS.parquet]

The file is generated first (not timed), sorted by a clock, in row groups of 200,000 rows. Then two child processes, one after
the other: `fit` fits on the file and tells its peak memory; `rate` trains the same model on rows in memory and on the file by
turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from _common import write_result

GROUP = 200_000
FIT = {"rate": 2e-3, "patience": None}


def lot(rows: int, first: int, seed: int) -> pa.Table:
    """Twenty columns of most kinds that depend on three hidden numbers; the clock goes on from lot to lot."""
    noise = np.random.default_rng(seed)
    a, b, c = noise.normal(size=(3, rows)).astype(np.float32)
    columns: dict[str, object] = {"time": (1_600_000_000 + first + np.arange(rows)).astype("datetime64[s]")}
    for k in range(9):
        own = (k + 1) * a + (9 - k) * b + 2 * noise.standard_normal(rows, dtype=np.float32)
        columns[f"x{k}"] = pa.array(own, mask=noise.random(rows, dtype=np.float32) < 0.02)
    columns |= {f"price{k}": np.round(np.exp(2 + 0.4 * c + 0.1 * k * a), 2).astype(np.float64) for k in range(3)}
    columns |= {f"count{k}": noise.poisson(np.exp(1 + 0.3 * (a, b, c)[k])).astype(np.int32) for k in range(3)}
    words = pa.array([f"level {k}" for k in range(2000)])
    for k, levels in enumerate((4, 30, 2000)):
        index = np.clip(
            (0.5 + 0.15 * (b + c + 0.5 * noise.standard_normal(rows, dtype=np.float32))) * levels, 0, levels - 1
        )
        columns[f"name{k}"] = pa.DictionaryArray.from_arrays(
            pa.array(index.astype(np.int32)), words.slice(0, levels)
        ).cast(pa.string())
    columns["flag"] = a + c > 0
    return pa.table(columns)


def generate(path: Path, rows: int) -> None:
    with pq.ParquetWriter(path, lot(1, 0, 0).schema, compression="none") as writer:
        for first in range(0, rows, GROUP):
            writer.write_table(lot(min(GROUP, rows - first), first, first), row_group_size=GROUP)


def peak_gb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 3)


def fit(path: str, steps: int) -> dict[str, object]:
    """A whole fit on the file, its survey timed apart."""
    import vaekit

    began, first = time.perf_counter(), []

    def on_step(step: object) -> bool:
        first.append(time.perf_counter()) if not first else None
        return step.step < steps if step.stage == "model" else step.step < steps // 4  # type: ignore[attr-defined]

    model = vaekit.fit(path, train={**FIT, "memory": 0.25}, on_step=on_step, progress=False)
    card = model.card
    return {
        "steps": steps,
        "fit_s": round(time.perf_counter() - began, 1),
        "before_first_step_s": round(first[0] - began, 1),
        "peak_gb": peak_gb(),
        "rows": card["rows"],
        "held_out_rows": card["held_out_rows"],
        "ended": card["ended"],
        "bound_of_held_out_rows": round(float(model.history["validation"][-1].as_py() or np.nan), 4),
    }


def rate(path: str, turns: int) -> dict[str, object]:
    """Rows a second of training epochs in memory and from the file, by turns; and rows a second of the processor's time.

    A turn from the file trains on one lot while the next is read and encoded, and ends when both are done: what a long training
    pays for each lot. Lots are a quarter of the usual size, so that turns are short.
    """
    from vaekit import fitting, outofcore, rng
    from vaekit.goals import BoundGoal, Rows
    from vaekit.lots import Lots
    from vaekit.objectives import Elbo
    from vaekit.train import Settings, train
    from vaekit.vae import assemble

    outofcore.CELLS //= 4
    began = time.perf_counter()
    plan = outofcore.plan([path], None, {}, 0.1, 0)
    survey_s = time.perf_counter() - began
    with rng.seeded(0, "assemble"):
        vae = assemble(plan.spec, plan.layout)
    seen = plan.train.observed[:, : plan.layout.K]
    rows = Rows(plan.train.cells, plan.train.observed, vae.gaps and vae.gaps.start(plan.patterns, seen))
    goal, settings = BoundGoal(vae, Elbo(beta=0.02), hide=0.8), Settings(1, plan.spec["train"]["batch"], 1e-3, None)
    lots = Lots(rows, plan.lots.make, lambda lot: fitting._ready(vae, lot))
    lot = lots.at(1)
    lots.close()
    found: dict[str, list[float]] = {name: [] for name in ("in_memory", "from_file", "in_memory_cpu", "from_file_cpu")}
    for turn in range(turns):
        for name in ("in_memory", "from_file"):
            began, spent = time.perf_counter(), time.process_time()
            making = lots._begin(turn + 2) if name == "from_file" else None
            train(vae, goal, lot if making else rows, None, settings, seed=turn)
            done = len(lot if making else rows) // settings.batch * settings.batch
            lot = making.result() if making else lot
            found[name].append(done / (time.perf_counter() - began))
            found[f"{name}_cpu"].append(done / (time.process_time() - spent))
    medians = {name: round(float(np.median(each))) for name, each in found.items()}
    by_turn = np.array(found["from_file"]) / np.array(found["in_memory"])
    return {
        "survey_s": round(survey_s, 1), "lot_rows": len(rows), "batch": settings.batch, "rows_per_s": medians,
        "by_turn": by_turn.round(3).tolist(),
        "of_in_memory": round(float(np.median(by_turn)), 3),
        "of_in_memory_by_cpu_time": round(medians["from_file_cpu"] / medians["in_memory_cpu"], 3),
    }  # fmt: skip


def child(*arguments: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--steps", type=int, default=1_000, help="of the fit's first stage")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--file", type=Path, help="generated there when it does not exist, and kept")
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "FILE", "NUMBER"))
    options = parser.parse_args()
    if options.child:
        what, path, number = options.child
        print(json.dumps({"fit": fit, "rate": rate}[what](path, int(number))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "rows.parquet"
        began = time.perf_counter()
        if not path.exists():
            generate(path, options.rows)
        made = {"rows": options.rows, "columns": 20, "file_gb": round(os.path.getsize(path) / 1e9, 2),
                "generated_in_s": round(time.perf_counter() - began, 1)}  # fmt: skip
        whole = child("--child", "fit", str(path), str(options.steps))
        write_result(
            "outofcore", {**made, "fit": whole, "rate": child("--child", "rate", str(path), str(options.turns))}
        )


if __name__ == "__main__":
    main()
