"""One default fit on Adult, asked for everything: samples, conditional samples, gaps, changed cells, false alarms.

usage: VAEKIT_DATA=... python benchmarks/adult.py [name of the result] [option=JSON ...]
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from _common import adult, two_sample_auc, write_result
from sklearn.metrics import roc_auc_score

import vaekit

CHANGED = ("education-num", "relationship", "marital-status")


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "adult"
    options = {key: json.loads(value) for key, _, value in (word.partition("=") for word in sys.argv[2:])}
    train, test = adult()
    began = time.perf_counter()
    model = vaekit.fit(train, **options)
    result: dict[str, Any] = {"options": options, "fit_s": round(time.perf_counter() - began, 1)}
    result["sampling"] = sampling(model, train)
    result["imputation"] = imputation(model, train, test)
    result["changed_cells"] = {column: changed(model, test, column) for column in CHANGED}
    scores, began = model.score(test), time.perf_counter()
    model.score(test)
    result["rows_scored_per_s"] = round(len(test) / (time.perf_counter() - began))
    result["flagged_at_0.01"] = round(float(scores.flagged.mean()), 4)
    result["log_prob_nats"] = round(float(model.log_prob(test).mean()), 2)
    write_result(name, result)


def sampling(model: vaekit.Model, train: pd.DataFrame) -> dict[str, Any]:
    """Two-sample AUC of new rows, and of new rows given a marital status against the real rows of that status."""
    began = time.perf_counter()
    drawn = model.sample(len(train))
    seconds = time.perf_counter() - began
    result: dict[str, Any] = {"rows_per_s": round(len(train) / seconds), "auc": round(two_sample_auc(train, drawn), 3)}
    for status in ("Married-civ-spouse", "Never-married", "Divorced"):
        real = train[train["marital-status"] == status]
        given = model.sample(len(real), given={"marital-status": status})
        result[f"auc given {status}"] = round(two_sample_auc(real, given), 3)
    return result


def imputation(model: vaekit.Model, train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Any]:
    """Half of the cells hidden: squared error over that of the mean, share right beside that of the most frequent level."""
    hide = (np.random.default_rng(1).random(test.shape) < 0.5) & test.notna().to_numpy()
    filled = model.impute(test, missing=hide)
    low, high = model.impute_interval(test, 0.9, missing=hide)
    result: dict[str, Any] = {}
    inside = []
    for k, column in enumerate(test):
        at = hide[:, k]
        truth, guess = test[column].to_numpy()[at], filled[column].to_numpy()[at]
        if pd.api.types.is_numeric_dtype(train[column]):
            truth, guess = truth.astype(float), guess.astype(float)
            error = ((guess - truth) ** 2).mean() / ((train[column].mean() - truth) ** 2).mean()
            result[column] = {"squared_error_over_mean": round(float(error), 3)}
            inside.append(((truth >= low[column].to_numpy()[at]) & (truth <= high[column].to_numpy()[at])).mean())
        else:
            most = train[column].mode()[0]
            right, mode = (guess == truth).mean(), (truth == most).mean()
            result[column] = {"right": round(float(right), 3), "right_by_mode": round(float(mode), 3)}
    return {**result, "coverage_of_90_percent_intervals": round(float(np.mean(inside)), 3)}


def changed(model: vaekit.Model, test: pd.DataFrame, column: str) -> dict[str, Any]:
    """One column set to another of its values in every row: can the score tell, and does it name the column?"""
    rng, values = np.random.default_rng(1), np.sort(test[column].unique())
    other = test.copy()
    place = {value: i for i, value in enumerate(values)}
    steps = rng.integers(1, len(values), len(test))
    other[column] = [values[(place[v] + s) % len(values)] for v, s in zip(test[column], steps, strict=True)]
    before, after = model.score(test), model.score(other)
    truth = np.repeat([0, 1], len(test))
    names = [[reason.column for reason in row] for row in after.reasons]
    return {
        "auc": round(float(roc_auc_score(truth, np.concatenate([before.total, after.total]))), 3),
        "first_reason": round(float(np.mean([row[:1] == [column] for row in names])), 3),
        "among_three": round(float(np.mean([column in row for row in names])), 3),
    }


if __name__ == "__main__":
    main()
