"""Missing cells filled in: vaekit's default beside MICE, MissForest, nearest neighbours and means, in one run.

usage: VAEKIT_DATA=... python benchmarks/imputation.py [--seeds N] [--share 0.5] [table ...]

Numeric columns, standardised; a seeded share of the cells is hidden completely at random, and the mean squared error over the
hidden cells counts (the protocol of Mattei and Frellsen 2019, arXiv 1812.02633). At most 5,000 rows a table. The intervals are
vaekit's, 90 % asked. Every table and seed is kept when it is done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import _answers_page as pages
import numpy as np
import pandas as pd
from _common import RESULTS, data_folder, write_result
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # scikit-learn's way to allow it
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

import vaekit

Array = NDArray[Any]
KEPT = RESULTS / "imputation.partial.json"
MOST = 5_000
SKIPPED = ("house_votes_84", "soybean")  # names only
PEERS: dict[str, Callable[[int], Any]] = {
    "mean": lambda seed: SimpleImputer(),
    "knn": lambda seed: KNNImputer(n_neighbors=5),
    "mice": lambda seed: IterativeImputer(random_state=seed, max_iter=10),
    "missforest": lambda seed: IterativeImputer(
        RandomForestRegressor(n_estimators=50, max_features=0.5, random_state=seed), max_iter=4, random_state=seed
    ),
}


def tables() -> list[str]:
    return sorted(path.stem for path in (data_folder() / "imputation").glob("*.parquet") if path.stem not in SKIPPED)


def read(name: str) -> pd.DataFrame:
    return pd.read_parquet(data_folder() / "imputation" / f"{name}.parquet")


def hidden(table: pd.DataFrame, share: float, seed: int) -> tuple[Array, Array]:
    """Standardised rows, and which of their cells are hidden."""
    rows = table.select_dtypes("number").to_numpy(float)
    rows = rows[~np.isnan(rows).any(1)]
    rows = rows[:, rows.std(0) > 0]
    rows = (rows - rows.mean(0)) / rows.std(0)
    rows = rows[np.random.default_rng(seed).permutation(len(rows))[:MOST]]
    hide = np.random.default_rng(seed + 1).random(rows.shape) < share
    hide[hide.all(1), 0] = False
    return rows, hide


def run(table: pd.DataFrame, share: float, seed: int) -> dict[str, Any]:
    rows, hide = hidden(table, share, seed)
    given = np.where(hide, np.nan, rows)
    found: dict[str, Any] = {"rows": list(rows.shape)}
    for peer, make in PEERS.items():
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            filled = make(seed).fit_transform(given)
        found[peer] = {"mse": error(filled, rows, hide), "cpu_s": round(time.process_time() - began, 2)}
    frame = pd.DataFrame(given, columns=[f"x{k}" for k in range(rows.shape[1])])
    began = time.process_time()
    model = vaekit.fit(frame, seed=seed, progress=False)
    filled = model.impute(frame).to_numpy(float)
    found["vaekit"] = {"mse": error(filled, rows, hide), "cpu_s": round(time.process_time() - began, 2)}
    low, high = (part.to_numpy(float) for part in model.impute_interval(frame, 0.9))
    found["vaekit"]["coverage_90"] = float(((low <= rows) & (rows <= high))[hide].mean())
    return found


def error(filled: Array, rows: Array, hide: Array) -> float:
    return float(np.square(filled - rows)[hide].mean())


def summary(done: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of each table the error over that of its best peer, averaged over seeds; and the means of these."""
    each: dict[str, Any] = {}
    for name, runs in done.items():
        ratio = [
            run["vaekit"]["mse"] / min(run[peer]["mse"] for peer in ("knn", "mice", "missforest"))
            for run in runs.values()
        ]
        each[name] = {
            "against_best": float(np.mean(ratio)),
            "coverage_90": float(np.mean([run["vaekit"]["coverage_90"] for run in runs.values()])),
        }
    means = {key: float(np.mean([value[key] for value in each.values()])) for key in ("against_best", "coverage_90")}
    return {"mean": means, "worst": max(value["against_best"] for value in each.values()), "tables": each}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tables", nargs="*")
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--share", type=float, default=0.5)
    chosen = options.parse_args()
    done: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in chosen.tables or tables():
        for seed in range(chosen.seeds):
            runs = done.setdefault(name, {})
            if str(seed) not in runs:
                runs[str(seed)] = run(read(name), chosen.share, seed)
                KEPT.write_text(json.dumps(done))
                print(name, seed, json.dumps(runs[str(seed)]), file=sys.stderr, flush=True)
    result = {"share": chosen.share, "summary": summary(done), "runs": done}
    write_result("imputation", result)
    pages.imputation(result)


if __name__ == "__main__":
    main()
