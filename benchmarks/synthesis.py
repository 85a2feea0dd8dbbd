"""New rows of mixed tables: vaekit's default, and TVAE where it is installed, judged by outsiders' measures.

usage: VAEKIT_DATA=... python benchmarks/synthesis.py [--alone] [table ...]

Of each table a seeded split trains and tests (of Adult the first 32,561 rows, 90 / 10); gaps of names are levels; as many
rows are drawn as were trained on. Shape and pair-trend errors are SDMetrics' (requirements-peers.txt), the two-sample AUC is
that of gradient boosting in cross-validation, TSTR trains gradient boosting on new rows and tests it on real ones. Privacy:
share of new rows that lie closer to a training than to a held-out row (as many of each; one half is ideal), and exact copies.
Unseen pairs: share of new rows, and of real test rows, with two values that no training row has together though 100 have each.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import combinations
from typing import Any

import _answers_page as pages
import numpy as np
import pandas as pd
from _common import RESULTS, adult, commit, data_folder, two_sample_auc, write_result
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

import vaekit

Array = NDArray[Any]
KEPT = RESULTS / "synthesis.partial.json"
TARGETS = {
    "adult": "income", "bank_churn": "Exited", "bank_marketing": "y", "beijing_pm25": "pm2.5",
    "california_housing": "median_house_value", "covertype_balanced": "Cover_Type",
    "default_credit": "default payment next month",
    "insurance": "charges", "king_county_house": "price", "news_popularity_subset": "shares", "telco_churn": "Churn",
}  # fmt: skip
MANY = 250  # levels that gradient boosting takes as such


def read(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows without identifiers and times; a gap of a name is a level, rows with other gaps are left out."""
    if name == "adult":
        both = adult()
    else:
        table = pd.read_parquet(data_folder() / "tabular" / f"{name}.parquet")
        order = np.random.default_rng(0).permutation(len(table))
        cut = len(table) // 5
        both = table.iloc[order[cut:]], table.iloc[order[:cut]]
    index = json.loads((data_folder() / "index.json").read_text())
    kinds = next(entry for entry in _entries(index) if entry.get("file", "").endswith(f"tabular/{name}.parquet"))[
        "kinds"
    ]
    aside = [column for column in both[0] if kinds.get(column) in ("id", "datetime")]
    return tuple(plain(part.drop(columns=aside)) for part in both)  # type: ignore[return-value]


def _entries(index: Any) -> list[dict[str, Any]]:
    return index if isinstance(index, list) else index.get("files", list(index.values()))


def plain(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in table:
        if not pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].astype(object).where(table[column].notna(), "nan").astype(str)
    return table.dropna().reset_index(drop=True)


def is_name(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values) or values.nunique() <= 2


def codes(tables: list[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[str]]:
    """The tables as numbers, names by one coding; and which columns are names."""
    named = [column for column in tables[0] if is_name(tables[0][column])]
    out = [table.copy() for table in tables]
    for column in tables[0]:
        if column in named:
            levels = pd.Index(pd.concat([table[column].astype(str) for table in tables]).unique())
            for table in out:
                table[column] = levels.get_indexer(table[column].astype(str)).astype(float)
        else:
            for table in out:
                table[column] = pd.to_numeric(table[column]).astype(float)
    return out, named


def useful(train: pd.DataFrame, test: pd.DataFrame, drawn: pd.DataFrame, target: str) -> dict[str, float]:
    """Train on real or on new rows, test on real ones."""
    (real, apart, new), named = codes([train, test, drawn])
    columns = [column for column in real if column != target]
    flags = [column in named and real[column].nunique() <= MANY for column in columns]
    found = {}
    for name, rows in (("real", real), ("synthetic", new)):
        if target in named:
            model: Any = HistGradientBoostingClassifier(categorical_features=flags, random_state=0)
            chance = model.fit(rows[columns], rows[target]).predict_proba(apart[columns])
            two = chance.shape[1] == 2
            found[name] = roc_auc_score(
                apart[target], chance[:, 1] if two else chance, multi_class="raise" if two else "ovr"
            )
        else:
            model = HistGradientBoostingRegressor(categorical_features=flags, random_state=0)
            found[name] = r2_score(apart[target], model.fit(rows[columns], rows[target]).predict(apart[columns]))
    kind = "auc" if target in named else "r2"
    return {f"tstr_{kind}_{name}": round(float(value), 4) for name, value in found.items()}


def outsiders(train: pd.DataFrame, drawn: pd.DataFrame) -> dict[str, float]:
    """Shape and pair-trend errors in per cent."""
    try:
        from sdmetrics.reports.single_table import QualityReport
    except ImportError:
        return {}
    kinds = {c: {"sdtype": "categorical" if is_name(train[c]) else "numerical"} for c in train}
    report = QualityReport()
    report.generate(train, drawn, {"columns": kinds}, verbose=False)
    score = report.get_properties().set_index("Property")["Score"]
    return {
        "shape_error_%": round(100 * (1 - score["Column Shapes"]), 3),
        "trend_error_%": round(100 * (1 - score["Column Pair Trends"]), 3),
    }


def private(train: pd.DataFrame, test: pd.DataFrame, drawn: pd.DataFrame, most: int = 3_000) -> dict[str, float]:
    (real, apart, new), named = codes([train, test, drawn])
    numbers = [column for column in real if column not in named]
    noise = np.random.default_rng(0)

    def placed(rows: pd.DataFrame) -> Array:
        parts = [((rows[numbers] - real[numbers].mean()) / real[numbers].std().replace(0, 1)).to_numpy()]
        parts += [(rows[[c]].to_numpy() == np.unique(real[c])[None]) * 0.7071 for c in named if real[c].nunique() <= 60]
        return np.hstack(parts)

    count = min(len(real), len(apart))
    asked = placed(new.iloc[noise.permutation(len(new))[:most]])
    known, other = placed(real), placed(apart.iloc[:count])
    some = known[noise.permutation(len(known))[:count]]
    near = [NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(asked)[0][:, 0] for rows in (some, other, known)]
    closer = (near[0] < near[1]).mean() + (near[0] == near[1]).mean() / 2
    return {"closer_to_train": round(float(closer), 4), "exact_copies": round(float((near[2] < 1e-9).mean()), 4)}


def unseen(train: pd.DataFrame, rows: pd.DataFrame, often: int = 100) -> float:
    """Share of rows with a pair of values that no training row has, both of which so many have."""
    both = pd.concat(codes([train, rows])[0])
    values = [pd.factorize(both[column])[0] for column in both]
    known, asked = [value[: len(train)] for value in values], [value[len(train) :] for value in values]
    widths = [value.max() + 1 for value in values]
    frequent = [np.bincount(a, minlength=n)[b] >= often for a, b, n in zip(known, asked, widths, strict=True)]
    found = np.zeros(len(rows), dtype=bool)
    for i, j in combinations(range(len(values)), 2):
        seen = np.isin(asked[i] * widths[j] + asked[j], known[i] * widths[j] + known[j])
        found |= frequent[i] & frequent[j] & ~seen
    return float(found.mean())


def judged(train: pd.DataFrame, test: pd.DataFrame, drawn: pd.DataFrame, target: str) -> dict[str, Any]:
    drawn = drawn[list(train.columns)].astype(train.dtypes.to_dict())
    return {
        **outsiders(train, drawn), "two_sample_auc": round(two_sample_auc(train, drawn), 4),
        **useful(train, test, drawn, target), **private(train, test, drawn),
        "unseen_pairs": round(unseen(train, drawn), 4), "unseen_pairs_real": round(unseen(train, test), 4),
    }  # fmt: skip


def run(name: str, alone: bool) -> dict[str, Any]:
    train, test = read(name)
    found = {"rows": list(train.shape), "vaekit": drawn_by_default(train, test, TARGETS[name])}
    if name == "adult" and not alone:
        found |= tvae(train, test, TARGETS[name])
    return found


def drawn_by_default(train: pd.DataFrame, test: pd.DataFrame, target: str) -> dict[str, Any]:
    """New rows of a default fit, judged."""
    began = time.process_time()
    model = vaekit.fit(train, progress=False)
    fitted = time.process_time()
    drawn = model.sample(len(train))
    spent = time.process_time() - fitted
    return {
        **judged(train, test, drawn, target),
        "fit_cpu_s": round(fitted - began, 1), "rows_per_cpu_s": round(len(train) / spent), "commit": commit(),
    }  # fmt: skip


def tvae(train: pd.DataFrame, test: pd.DataFrame, target: str) -> dict[str, Any]:
    try:
        from ctgan import TVAE
    except ImportError:
        return {}
    began = time.process_time()
    model = TVAE(epochs=300, enable_gpu=False)
    model.fit(train, [column for column in train if not pd.api.types.is_numeric_dtype(train[column])])
    fitted = time.process_time()
    drawn = model.sample(len(train))
    spent = time.process_time() - fitted
    return {"tvae": {
        **judged(train, test, drawn, target),
        "fit_cpu_s": round(fitted - began, 1), "rows_per_cpu_s": round(len(train) / spent),
    }}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tables", nargs="*", default=[], choices=[[], *TARGETS])
    options.add_argument("--alone", action="store_true", help="without TVAE")
    chosen = options.parse_args()
    done: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in chosen.tables or TARGETS:
        if name not in done:
            done[name] = run(name, chosen.alone)
            KEPT.write_text(json.dumps(done))
            print(name, json.dumps(done[name]), file=sys.stderr, flush=True)
    keys = ("shape_error_%", "trend_error_%", "two_sample_auc", "closer_to_train")
    means = {
        key: round(float(np.mean([run["vaekit"][key] for run in done.values() if key in run["vaekit"]])), 4)
        for key in keys
        if any(key in run["vaekit"] for run in done.values())
    }
    result = {"mean": means, "tables": done}
    write_result("synthesis", result)
    pages.synthesis(result)


if __name__ == "__main__":
    main()
