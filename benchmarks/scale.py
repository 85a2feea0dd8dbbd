"""Scores of one process beside scores of Ray's actors here, and a fit of one process beside a fit of two.

usage: python benchmarks/scale.py [--rows 200000]

On a machine of two cores this measures what the engine costs, not how it scales.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from _common import write_result
from outofcore import lot

FIT = ["--set", "train.epochs=2", "--set", "train.prior_epochs=1", "--set", "train.patience=9"]


def timed(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run(words, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return round(time.perf_counter() - began, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        data, one, two = (str(Path(folder) / name) for name in ("rows.parquet", "one.vae", "two.vae"))
        pq.write_table(lot(rows, 0, 0), data, row_group_size=max(rows // 16, 1))
        vaekit = [sys.executable, "-m", "vaekit"]
        torchrun = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node",
            "2",
            "-m",
            "vaekit",
        ]
        fits = {
            "one": timed(*vaekit, "fit", data, "-o", one, *FIT),
            "torchrun_2": timed(*torchrun, "fit", data, "-o", two, *FIT),
        }
        score = ["score", one, data, "--by", "likelihood", "--reasons", "0", "-o"]
        outs = [str(Path(folder) / f"{name}.parquet") for name in ("here", "ray")]
        scores = {
            "one": timed(*vaekit, *score, outs[0]),
            "ray_2": timed(*vaekit, *score, outs[1], "--on", "ray", "--workers", "2"),
        }
        here, there = (pq.read_table(out)["score"].to_numpy() for out in outs)
        result = {
            "rows": rows,
            "fit_s": fits,
            "score_s": scores,
            "largest_difference": float(np.abs(here - there).max()),
        }
    write_result("scale", result)


if __name__ == "__main__":
    main()
