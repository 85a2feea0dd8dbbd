"""Anomalies of sensor streams, per time step: vaekit's default beside detectors on windows, in one run.

usage: VAEKIT_DATA=... python benchmarks/sensors.py [family ...]     families: skab smd smap msl nab

Windows of 64 steps; a step's score is the mean over the windows that cover it ("mean"), or that of the window which ends in it
("causal": all that a live monitor has). No point adjustment. Train part: the `split` column; else the first 400 rows of a
recording (skab), the first 15 %, at most 750, of a series (nab). At most 12 series a family and 20,000 test steps a series;
series whose train part holds labelled anomalies, or whose test part holds one class only, are left out. All peers see windows
of standardised channels. PyOD's autoencoder takes part where PyOD is installed (requirements-peers.txt). Results are kept after
every series, and a run that was cut off goes on where it stood.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from _common import RESULTS, data_folder, write_result
from _vus import volumes
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

import vaekit

STEPS, MOST_SERIES, MOST_TEST = 64, 12, 20_000
FAMILIES = ("skab", "smd", "smap", "msl", "nab")
ASIDE = (
    "split",
    "channel",
    "file",
    "series",
    "timestamp",
    "datetime",
    "label",
    "label_point",
    "anomaly",
    "changepoint",
)
KEPT = RESULTS / "sensors.partial.jsonl"
Array = NDArray[Any]


class Series(NamedTuple):
    """One stream: train and test rows (N, C), and the labels of the test rows (N,)."""

    name: str
    train: Array
    test: Array
    truth: Array

    @property
    def stride(self) -> int:
        """Between training windows: about 250 windows, at most 8 steps apart."""
        return int(np.clip((len(self.train) - STEPS) // 250, 1, 8))


def series(family: str) -> list[Series]:
    """The streams of a family that take part."""
    path = data_folder() / "timeseries" / family
    found: list[Series] = []
    for file in sorted(path.glob("*.parquet")) or [path.with_suffix(".parquet")]:
        table = pd.read_parquet(file)
        key = next((name for name in ("channel", "file", "series") if name in table), None)
        groups = table.groupby(key, observed=True) if key else [(file.stem, table)]
        found += [one for name, rows in groups if (one := _series(str(name), rows, key)) is not None]
    found.sort(key=lambda one: one.name)
    return [found[i] for i in sorted(set(np.linspace(0, len(found) - 1, MOST_SERIES).round().astype(int)))]


def _series(name: str, rows: pd.DataFrame, key: str | None) -> Series | None:
    cells = rows.drop(columns=list(ASIDE), errors="ignore").to_numpy(np.float64)
    label = rows["anomaly" if "anomaly" in rows else "label"].to_numpy(np.float64)
    first = 400 if key == "file" else min(750, int(0.15 * len(rows)))
    train = (rows["split"] == "train").to_numpy() if "split" in rows else np.arange(len(rows)) < first
    truth = label[~train][:MOST_TEST]
    one_class = len(np.unique(truth[~np.isnan(truth)])) < 2
    if (label[train] == 1).any() or cells[train].std(0).max() == 0 or one_class:
        return None
    return Series(name, cells[train], cells[~train][:MOST_TEST], truth.astype(int))


# -- detectors: what scores every step of the test part, by the mean over covering windows and causally


def ours(one: Series) -> dict[str, Array]:
    names = [f"x{i}" for i in range(one.train.shape[1])]
    stream = vaekit.windows(pd.DataFrame(one.train, columns=names), size=STEPS, stride=one.stride)
    model = vaekit.fit(stream, progress=False)
    scored = model.score(pd.DataFrame(one.test, columns=names), reasons=0)
    return {"mean": scored.total, "causal": scored.causal}


def pca(train: Array) -> Callable[[Array], Array]:
    model = PCA(0.9, random_state=0).fit(train)
    return lambda rows: np.square(rows - model.inverse_transform(model.transform(rows))).mean(1)


def knn(train: Array) -> Callable[[Array], Array]:
    some = train[np.random.default_rng(0).permutation(len(train))[:5_000]]
    model = NearestNeighbors(n_neighbors=min(5, len(some)), algorithm="brute").fit(some)
    return lambda rows: model.kneighbors(rows)[0][:, -1]


def iforest(train: Array) -> Callable[[Array], Array]:
    model = IsolationForest(random_state=0).fit(train)
    return lambda rows: -model.score_samples(rows)


def pyod_autoencoder(train: Array) -> Callable[[Array], Array]:
    """PyOD's defaults, with at least 1,000 steps; the windows are standardised already."""
    from pyod.models.auto_encoder import AutoEncoder

    batch = min(32, len(train))
    epochs = max(10, -(-1_000 // (len(train) // batch)))
    model = AutoEncoder(batch_size=batch, epoch_num=epochs, preprocessing=False, random_state=0, verbose=0).fit(train)
    return lambda rows: model.decision_function(rows, batch_size=1024)


PEERS: dict[str, Callable[[Array], Callable[[Array], Array]]] = {
    "pca": pca, "knn": knn, "iforest": iforest, "pyod_autoencoder": pyod_autoencoder
}  # fmt: skip


def peer(one: Series, fit: Callable[[Array], Callable[[Array], Array]]) -> dict[str, Array]:
    """A detector of windows on a stream of standardised channels."""
    mean, spread = one.train.mean(0), one.train.std(0)
    spread[spread == 0] = 1
    train, test = (((rows - mean) / spread).astype(np.float32) for rows in (one.train, one.test))
    scored = fit(_windows(train, one.stride))(_windows(test))
    total, steps = np.cumsum([0, *scored]), np.arange(len(test))
    low, high = np.maximum(steps - STEPS + 1, 0), np.minimum(steps, len(test) - STEPS) + 1
    return {"mean": (total[high] - total[low]) / (high - low), "causal": np.pad(scored, (STEPS - 1, 0), "edge")}


def _windows(rows: Array, stride: int = 1) -> Array:
    return np.lib.stride_tricks.sliding_window_view(rows, STEPS, axis=0)[::stride].reshape(-1, STEPS * rows.shape[1])


# -- measures


def measures(truth: Array, score: Array) -> dict[str, float]:
    """Per time step; steps before the first whole window count as the least strange."""
    score = np.nan_to_num(score, nan=np.nanmin(score))
    volume_roc, volume_pr = volumes(truth, score)
    return {
        "auroc": float(roc_auc_score(truth, score)),
        "average_precision": float(average_precision_score(truth, score)),
        "vus_roc": volume_roc,
        "vus_pr": volume_pr,
    }


def measured(family: str, one: Series) -> Iterator[dict[str, Any]]:
    detectors: dict[str, Callable[[], dict[str, Array]]] = {"vaekit": lambda: ours(one)}
    for name, fit in PEERS.items():
        detectors[name] = lambda fit=fit: peer(one, fit)  # type: ignore[misc]
    for name, detect in detectors.items():
        began = time.process_time()
        try:
            scored = detect()
        except ModuleNotFoundError as missing:
            print(f"{name} is left out: {missing.name} is not installed", file=sys.stderr)
            continue
        seconds = time.process_time() - began
        for by, score in scored.items():
            row = {"family": family, "series": one.name, "detector": name, "by": by, "cpu_s": round(seconds, 2)}
            yield {**row, **measures(one.truth, score)}


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Means over the series of a family, then over families; and how often vaekit is ahead, series by series."""
    names = ["auroc", "average_precision", "vus_roc", "vus_pr"]
    out: dict[str, Any] = {}
    for by, part in rows.groupby("by", sort=False):
        families = part.groupby(["detector", "family"], sort=False)[names].mean()
        table = part.pivot(index=["family", "series"], columns="detector", values="vus_pr")
        out[str(by)] = {
            detector: {
                **families.loc[detector].mean().round(4).to_dict(),
                "families_vus_pr": families.loc[detector]["vus_pr"].round(4).to_dict(),
                "cpu_s_per_series": round(float(part[part.detector == detector].cpu_s.mean()), 2),
                **({} if detector == "vaekit" else {"vaekit_ahead": round(float((table.vaekit > table[detector]).mean()), 3)}),
            }
            for detector in part.detector.unique()
        }  # fmt: skip
    return out


def main() -> None:
    families = sys.argv[1:] or list(FAMILIES)
    RESULTS.mkdir(exist_ok=True)
    rows = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    done = {(row["family"], row["series"]) for row in rows}
    for family in families:
        for one in series(family):
            if (family, one.name) in done:
                continue
            rows += (new := list(measured(family, one)))
            with Path(KEPT).open("a") as kept:
                kept.writelines(json.dumps(row) + "\n" for row in new)
            told = " ".join(f"{row['detector']} {row['vus_pr']:.2f}" for row in new if row["by"] == "mean")
            print(f"{family} {one.name} {one.train.shape}: {told}", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    table = table[table.family.isin(families)]
    write_result("sensors", {"series": int(table.groupby("family").series.nunique().sum()), **summary(table)})
    KEPT.unlink()


if __name__ == "__main__":
    main()
