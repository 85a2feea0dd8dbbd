"""How long a default fit takes: 20,000 rows by 30 mixed columns (credit cards, and six columns of Adult beside them).

usage: VAEKIT_DATA=... python benchmarks/fit_time.py
"""

from __future__ import annotations

import time

import pandas as pd
from _common import data_folder, write_result

import vaekit

BESIDE = ["age", "workclass", "education", "occupation", "hours-per-week", "native-country"]


def main() -> None:
    folder = data_folder() / "tabular"
    credit, people = (pd.read_parquet(folder / f"{name}.parquet").iloc[:20_000] for name in ("default_credit", "adult"))
    table = pd.concat([credit, people[BESIDE]], axis=1)
    began = time.perf_counter()
    model = vaekit.fit(table)
    seconds = time.perf_counter() - began
    history = model.history
    rates = {stage: round(part["rows_per_s"].median()) for stage, part in history.groupby("stage")}
    epochs = {stage: len(part) for stage, part in history.groupby("stage")}
    write_result(
        "fit_time",
        {
            "rows": len(table),
            "columns": table.shape[1],
            "fit_s": round(seconds, 1),
            "epochs": epochs,
            "rows_per_s": rates,
            "parameters": model.card["parameters"],
        },
    )


if __name__ == "__main__":
    main()
