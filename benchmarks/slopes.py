"""What training and scoring cost as rows, columns, levels and latents grow a hundredfold, and how much memory that takes.

usage: python benchmarks/slopes.py [--axis rows columns levels latents]

Every point is a process of its own with one thread: it fits (some steps of the first stage, one pass of the prior) and scores.
Processor seconds, which neighbours disturb least. A slope is the exponent over the two decades: 1 is in proportion, 0 is not at
all.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa
from _common import write_result

POINTS = {
    "rows": (5_000, 50_000, 500_000),
    "columns": (3, 30, 300),
    "levels": (1_000, 10_000, 100_000),
    "latents": (2, 20, 200),
}
USUAL = {"rows": 5_000, "columns": 20, "levels": 0, "latents": 16}
BATCH, STEPS, SCORED = 256, 60, 2_000
NET = {"kind": "residual", "width": 256, "depth": 2}  # whatever the rows


def made(rows: int, columns: int, levels: int) -> pa.Table:
    """Numbers that follow from five, and a name of so many levels that follows from the first of them, where one is wanted."""
    noise, law = np.random.default_rng(0), np.random.default_rng(100)
    z = noise.normal(size=(rows, 5)).astype(np.float32)
    numbers = z @ law.normal(size=(5, columns)).astype(np.float32) + 0.3 * noise.normal(size=(rows, columns))
    table: dict[str, Any] = {f"x{i}": numbers[:, i].astype(np.float32) for i in range(columns)}
    if levels:
        near = np.argsort(np.argsort(z[:, 0] + 0.1 * noise.normal(size=rows))) * levels // rows
        table["name"] = pa.array([f"level {i}" for i in range(levels)]).take(pa.array(near))
    return pa.table(table)


def measure(rows: int, columns: int, levels: int, latents: int) -> dict[str, float]:
    import torch

    import vaekit

    torch.set_num_threads(1)
    table, at = made(rows, columns, levels), []
    counted = max(STEPS, min(rows // BATCH, 400))

    def on_step(step: Any) -> bool:
        at.append(time.process_time()) if step.stage == "model" else None
        return step.stage != "model" or step.step < counted

    began = time.process_time()
    model = vaekit.fit(
        table, schema={"name": "categorical"} if levels else None, net=NET, latent=latents, on_step=on_step, progress=False,
        train={"batch": BATCH, "epochs": math.ceil(counted * BATCH / (0.9 * rows)) + 1, "prior_epochs": 1, "ratio_epochs": 0},
    )  # fmt: skip
    fitted, spent = time.process_time(), {}
    some = table.slice(0, SCORED if levels or rows == USUAL["rows"] else rows)
    for by in ("default", "likelihood"):
        began_score = time.process_time()
        model.score(some, by=by, reasons=0).total.sum()
        spent[by] = time.process_time() - began_score
    return {
        "before the first step, s": round(at[0] - began, 2),
        "training, us a row": round(1e6 * (at[-1] - at[0]) / (BATCH * (len(at) - 1)), 1),
        "whole fit, s": round(fitted - began, 1),
        **{f"score by {by}, us a row": round(1e6 * each / some.num_rows, 1) for by, each in spent.items()},
        "peak, MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def point(axis: str, value: int) -> dict[str, float]:
    """One measurement in a process of its own; many levels need many rows, the same number for all of them."""
    sizes = {**USUAL, axis: value} | ({"rows": 600_000, "columns": 4} if axis == "levels" else {})
    words = [sys.executable, __file__, "--child", json.dumps(sizes)]
    shown = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(shown.stdout.splitlines()[-1])
    print(axis, value, found, flush=True)
    return found


def slopes(points: dict[str, dict[str, float]]) -> dict[str, float]:
    """The exponent of each figure between the first point and the last."""
    (low, first), *_, (high, last) = points.items()
    span = math.log(int(high) / int(low))
    return {name: round(math.log(max(last[name], 1e-9) / max(first[name], 1e-9)) / span, 2) for name in first}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axis", nargs="+", choices=list(POINTS), default=list(POINTS))
    parser.add_argument("--child")
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(measure(**json.loads(asked.child))))
        return
    result: dict[str, Any] = {"usual": USUAL, "batch": BATCH}
    for axis in asked.axis:
        points = {str(value): point(axis, value) for value in POINTS[axis]}
        result[axis] = {"points": points, "slopes": slopes(points)}
    write_result("slopes", result)


if __name__ == "__main__":
    main()
