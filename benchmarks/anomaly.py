"""Anomalies in tables: vaekit's default and its preset `robust` beside detectors, in one run.

usage: VAEKIT_DATA=... python benchmarks/anomaly.py [--seeds N] [part ...]     parts: one_class unlabelled

one_class    24 numeric tables: a seeded half of the normal rows trains, the other half and all anomalies are scored. Of the
             same fit: one cell of an ordinary row takes another row's value, outside its 99 % conditional interval; how often
             is it the first reason, or among the first three?
unlabelled   the same tables, all rows train without their label and are scored
At most 20,000 rows train and 20,000 are scored. Detectors see standardised columns, vaekit the table as it is. Those of PyOD
take part where it is installed (requirements-peers.txt). Every table and seed is kept when it is done; a run that was cut off
goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import _answers_page as pages
import numpy as np
import pandas as pd
from _common import RESULTS, data_folder, write_result
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

import vaekit

Array = NDArray[Any]
MOST = 20_000
NOMINAL = ("backdoor", "census_nominal")  # not of the 24
KEPT = RESULTS / "anomaly.partial.json"
CHANGED_ROWS = 200
WAYS = ("default", "likelihood", "reconstruction", "latent")


class Task(NamedTuple):
    """Rows that train and rows that are scored, as frames; 1 marks an anomaly."""

    train: pd.DataFrame
    test: pd.DataFrame
    truth: Array


def tables() -> list[str]:
    paths = sorted((data_folder() / "anomaly").glob("*.parquet"), key=lambda path: path.stat().st_size)
    return [path.stem for path in paths if path.stem not in NOMINAL]


def read(name: str) -> tuple[pd.DataFrame, Array]:
    table = pd.read_parquet(data_folder() / "anomaly" / f"{name}.parquet")
    return table.drop(columns="label"), table["label"].to_numpy(int)


def one_class(name: str, seed: int) -> Task:
    return halved(*read(name), seed)


def halved(rows: pd.DataFrame, label: Array, seed: int) -> Task:
    """A seeded half of the normal rows trains, the other half and all anomalies are scored."""
    noise = np.random.default_rng(seed)
    normal = noise.permutation(np.flatnonzero(label == 0))
    half = len(normal) // 2
    train, test = normal[:half][:MOST], np.r_[normal[half:], np.flatnonzero(label == 1)]
    if len(test) > MOST:
        test = noise.permutation(test)[:MOST]
    return Task(rows.iloc[train].reset_index(drop=True), rows.iloc[test].reset_index(drop=True), label[test])


def unlabelled(name: str, seed: int) -> Task:
    rows, label = read(name)
    pick = np.random.default_rng(seed).permutation(len(rows))[:MOST]
    both = rows.iloc[pick].reset_index(drop=True)
    return Task(both, both, label[pick])


def standardised(task: Task) -> tuple[Array, Array]:
    train, test = task.train.to_numpy(float), task.test.to_numpy(float)
    centre, spread = train.mean(0), train.std(0)
    spread[spread == 0] = 1
    return (train - centre) / spread, (test - centre) / spread


def nearest(train: Array, test: Array, _: int) -> Array:
    """Distance to the 5th neighbour, as PyOD's KNN has it; a row is not its own neighbour."""
    own = train.shape == test.shape and np.array_equal(train, test)
    distance = NearestNeighbors(n_neighbors=5 + own).fit(train).kneighbors(test)[0]
    return np.asarray(distance[:, -1])


def forest(train: Array, test: Array, seed: int) -> Array:
    return -np.asarray(IsolationForest(random_state=seed).fit(train).score_samples(test))


def factor(train: Array, test: Array, _: int) -> Array:
    return -np.asarray(LocalOutlierFactor(20, novelty=True).fit(train).score_samples(test))


def principal(train: Array, test: Array, _: int) -> Array:
    model = PCA(0.9, svd_solver="full").fit(train)
    return np.asarray(np.square(test - model.inverse_transform(model.transform(test))).sum(1))


def pyod(kind: str) -> Callable[[Array, Array, int], Array] | None:
    try:
        from pyod.models.auto_encoder import AutoEncoder
        from pyod.models.vae import VAE
    except ImportError:
        return None
    made = {"pyod_ae": AutoEncoder, "pyod_vae": VAE}[kind]
    return lambda train, test, seed: np.asarray(made(random_state=seed, verbose=0).fit(train).decision_function(test))


PEERS: dict[str, Callable[[Array, Array, int], Array] | None] = {
    "knn": nearest, "lof": factor, "iforest": forest, "pca": principal,
    "pyod_ae": pyod("pyod_ae"), "pyod_vae": pyod("pyod_vae"),
}  # fmt: skip


def judged(truth: Array, scores: Array) -> dict[str, float]:
    scores = np.nan_to_num(scores, nan=0.0, posinf=1e300, neginf=-1e300)
    return {"auroc": float(roc_auc_score(truth, scores)), "ap": float(average_precision_score(truth, scores))}


def compared(task: Task, seed: int, preset: str | None) -> tuple[vaekit.Model, dict[str, Any]]:
    """The fitted model; every detector on one task: how good, seconds of one processor to fit and to score."""
    found: dict[str, Any] = {"rows": [len(task.train), len(task.test)], "columns": task.train.shape[1]}
    train, test = standardised(task)
    for name, peer in PEERS.items():
        if peer is not None:
            began = time.process_time()
            found[name] = {
                **judged(task.truth, peer(train, test, seed)),
                "cpu_s": round(time.process_time() - began, 2),
            }
    began = time.process_time()
    model = vaekit.fit(task.train, preset, seed=seed, progress=False)
    fitted = time.process_time() - began
    for by in WAYS:
        began = time.process_time()
        scores = model.score(task.test, by=by, reasons=0).total
        spent = time.process_time() - began
        name = "vaekit" if by == "default" else f"vaekit {by}"
        found[name] = {**judged(task.truth, scores), "cpu_s": round(fitted, 2), "score_cpu_s": round(spent, 2)}
    found["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return model, found


def changed(model: vaekit.Model, task: Task, seed: int) -> dict[str, Any]:
    """How high the changed cell ranks among the reasons of its row."""
    noise = np.random.default_rng(seed)
    rows = task.test[task.truth == 0].reset_index(drop=True)
    rows = rows.iloc[noise.permutation(len(rows))[:CHANGED_ROWS]].reset_index(drop=True)
    columns = [name for name, column in model.schema.items() if column["kind"] not in ("constant", "identifier")]
    which = noise.choice(columns, len(rows))
    mask = np.array([[column == each for column in rows.columns] for each in which])
    low, high = (
        np.asarray(frame[rows.columns], dtype=float) for frame in model.impute_interval(rows, 0.99, missing=mask)
    )
    moved, kept = rows.astype(float).copy(), []
    for row, column in enumerate(which):
        at = rows.columns.get_loc(column)
        others = np.unique(task.train[column].to_numpy(float))
        outside = others[(others < low[row, at]) | (others > high[row, at])]
        if len(outside):
            moved.iloc[row, at] = noise.choice(outside)
            kept.append(row)
    if len(kept) < 10:
        return {"changed": len(kept)}
    scores = model.score(moved.iloc[kept].reset_index(drop=True), reasons=3)
    place = [[reason.column for reason in reasons] for reasons in scores.reasons]
    first = [which[row] in named[:1] for row, named in zip(kept, place, strict=True)]
    three = [which[row] in named for row, named in zip(kept, place, strict=True)]
    return {"changed": len(kept), "first": float(np.mean(first)), "among_three": float(np.mean(three))}


def both(task: Task, seed: int) -> dict[str, Any]:
    """One default fit: how well it ranks anomalies, and how often it names a changed cell."""
    model, found = compared(task, seed, None)
    return found | {"changed": changed(model, task, seed)}


PARTS: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "one_class": lambda name, seed: both(one_class(name, seed), seed),
    "unlabelled": lambda name, seed: compared(unlabelled(name, seed), seed, "robust")[1],
}


def means(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard error over tables (each the mean of its seeds) of every detector, and of the reasons named."""
    found: dict[str, Any] = {"tables": len(runs)}
    each = [list(by_seed.values()) for by_seed in runs.values()]
    for name in [name for name, value in each[0][0].items() if isinstance(value, dict) and "auroc" in value]:
        found[name] = {}
        for key in ("auroc", "ap"):
            values = [np.mean([run[name][key] for run in seeds]) for seeds in each]
            found[name][key] = round(float(np.mean(values)), 4)
            found[name][f"{key}_standard_error"] = round(float(np.std(values) / len(values) ** 0.5), 4)
        found[name]["cpu_s"] = round(float(np.sum([run[name]["cpu_s"] for seeds in each for run in seeds])), 1)
    told = [[run["changed"] for run in seeds] for seeds in each if "first" in seeds[0].get("changed", {})]
    if told:
        found["changed"] = {"tables": len(told)} | {
            key: round(float(np.mean([np.mean([run[key] for run in seeds]) for seeds in told])), 4)
            for key in ("first", "among_three")
        }
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", default=[], choices=[[], *PARTS])
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--tables", default="", help="comma-separated names; all 24 when empty")
    chosen = options.parse_args()
    done: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for part in chosen.parts or PARTS:
        for name in chosen.tables.split(",") if chosen.tables else tables():
            for seed in range(chosen.seeds):
                runs = done.setdefault(part, {}).setdefault(name, {})
                if str(seed) not in runs:
                    runs[str(seed)] = PARTS[part](name, seed)
                    KEPT.write_text(json.dumps(done))
                    print(part, name, seed, json.dumps(runs[str(seed)]), file=sys.stderr, flush=True)
    result = {part: {"mean": means(runs), "tables": runs} for part, runs in done.items()}
    write_result("anomaly", result)
    pages.anomaly(result)


if __name__ == "__main__":
    main()
