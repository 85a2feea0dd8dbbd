"""What the benchmarks share: where the data are, how a result is written, the two-sample test."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

import vaekit

RESULTS = Path(__file__).parent / "results"


def data_folder() -> Path:
    """The folder named by VAEKIT_DATA; a benchmark on real tables cannot run without it."""
    folder = os.environ.get("VAEKIT_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit("VAEKIT_DATA is unset or no folder: this benchmark reads real tables from there")
    return Path(folder)


def write_result(name: str, result: dict[str, Any]) -> None:
    """Write a result as JSON, with what it was measured on, and show it."""
    machine = {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "vaekit": vaekit.__version__,
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"measured_on": machine, **result}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)


def commit() -> str:
    """The commit that is checked out."""
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def adult() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Adult's original training file, split 90 / 10 by a seeded permutation."""
    table = pd.read_parquet(data_folder() / "tabular/adult.parquet").iloc[:32561].reset_index(drop=True)
    order = np.random.default_rng(0).permutation(len(table))
    cut = int(0.9 * len(table))
    return table.iloc[order[:cut]].reset_index(drop=True), table.iloc[order[cut:]].reset_index(drop=True)


def two_sample_auc(real: pd.DataFrame, drawn: pd.DataFrame, most: int = 20_000) -> float:
    """Cross-validated AUC of gradient boosting that tells real from drawn rows: 0.5 cannot, 1 always; nulls are a level."""
    size = min(len(real), len(drawn), most)
    both = pd.concat([real.sample(size, random_state=0), drawn.sample(size, random_state=0)], ignore_index=True)
    named = [not pd.api.types.is_numeric_dtype(both[column]) for column in both]
    for column, is_name in zip(both, named, strict=True):
        codes = both[column].astype(str).astype("category").cat.codes if is_name else both[column]
        both[column] = codes.astype(float)
    named = [is_name and both[column].nunique() <= 250 for column, is_name in zip(both, named, strict=True)]
    truth = np.repeat([0, 1], size)
    model = HistGradientBoostingClassifier(categorical_features=named, random_state=0)
    return float(roc_auc_score(truth, cross_val_predict(model, both, truth, cv=5, method="predict_proba")[:, 1]))
