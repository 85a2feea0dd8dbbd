"""How long it takes to import vaekit, to show the help, and to score 100 rows, beside importing torch.

The least of several runs of fresh processes, in seconds of processor time and of the clock; nothing here fails when it is slow.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from _common import write_result

import vaekit
from vaekit.sources import write

RUNS = 3


def once(*words: str) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    spent = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(*words: str) -> dict[str, float]:
    runs = [once(*words) for _ in range(RUNS)]
    return {
        "seconds": round(min(run[0] for run in runs), 3),
        "processor_seconds": round(min(run[1] for run in runs), 3),
    }


def main() -> None:
    noise = np.random.default_rng(0)
    rows = pa.table({f"x{i}": noise.normal(size=600) for i in range(10)})
    with tempfile.TemporaryDirectory() as folder:
        model, data, out = (str(Path(folder) / name) for name in ("m.vae", "rows.parquet", "out.parquet"))
        vaekit.fit(rows, train={"epochs": 2, "prior_epochs": 1}).save(model)
        write(rows.slice(0, 100), data)
        found = {
            "import vaekit": least("-c", "import vaekit"),
            "vaekit --help": least("-m", "vaekit", "--help"),
            "import torch": least("-c", "import torch"),
            "vaekit score, 100 rows": least("-m", "vaekit", "score", model, data, "-o", out),
        }
    beyond = {
        key: round(found["vaekit score, 100 rows"][key] - found["import torch"][key], 3)
        for key in ("seconds", "processor_seconds")
    }
    ratio = round(found["vaekit score, 100 rows"]["seconds"] / found["import torch"]["seconds"], 2)
    write_result("startup", {"runs": RUNS, **found, "score beyond importing torch": beyond, "score over import": ratio})


if __name__ == "__main__":
    main()
