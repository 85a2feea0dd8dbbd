"""An exported model at work with numpy and onnxruntime alone: neither torch nor vaekit is needed.

    python model.runtime.py model.onnx rows.csv        prints row, score and p_value of each row

    model = Runtime("model.onnx")
    model.score([{"age": 31, "city": "Bern", "income": None}])

A copy of this file lies beside every exported model; it is an example to read, and to write in another language.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FORWARD: dict[str, Any] = {"linear": lambda x: x, "log": np.log, "log1p": np.log1p}
INVERSE: dict[str, Any] = {"linear": lambda x: x, "log": np.exp, "log1p": np.expm1}


class Runtime:
    """The scorer in `model.onnx`, the encoder and the decoder beside it, and the columns in `model.codec.json`.

    Rows are dicts {column: value or None}; an absent column is missing. Of a stream they are steps, one window after another.
    """

    def __init__(self, path: str | Path) -> None:
        import onnxruntime

        path = Path(path)
        self.about: dict[str, Any] = json.loads(path.with_suffix(".codec.json").read_text(encoding="utf-8"))
        places = {"scorer": path, **{name: path.with_suffix(f".{name}.onnx") for name in ("encoder", "decoder")}}
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors alone: it warns of what it does not do faster
        self.graphs = {name: onnxruntime.InferenceSession(str(place), options) for name, place in places.items()}

    def score(self, rows: list[dict[str, Any]], noise: Any = None) -> dict[str, Any]:
        """Score (B,), higher is stranger; p_value (B,), None without calibration; cells (B, K); bound (B,) in nats."""
        noise = np.zeros((1, self.about["latents"])) if noise is None else noise
        score, cells, bound = self._run("scorer", *self.cells(rows), noise)
        known, p_value = self.about["calibration"], None
        if known is not None:
            least = np.searchsorted(known, score - 1e-5 * (1 + np.abs(score)))
            p_value = (1.0 + len(known) - least) / (len(known) + 1.0)
        return {"score": score, "p_value": p_value, "cells": cells, "bound": bound}

    def encode(self, rows: list[dict[str, Any]], noise: Any = None) -> dict[str, Any]:
        """mean, std and z, each (B, L); z is the mean moved by noise (B, L) deviations."""
        cells, observed = self.cells(rows)
        noise = np.zeros((len(cells), self.about["latents"])) if noise is None else noise
        return dict(zip(("mean", "std", "z"), self._run("encoder", cells, observed, noise), strict=True))

    def decode(self, z: Any, given: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Rows at latents (B, L): the best value of every column; `given` holds the columns that the model is told."""
        steps = self.about["steps"] or 1
        cells, observed = self.cells([{}] * (len(z) * steps) if given is None else given)
        (best,) = self._run("decoder", z, cells, observed)
        best = best.reshape(len(z) * steps, -1)
        columns, at = self.about["columns"][: self._modelled], 0
        out: list[dict[str, Any]] = [{} for _ in best]
        for column in columns:
            width = int(np.prod(column["shape"])) if column["is"] == "image" else 1
            for row, cell in zip(out, best[:, at : at + width], strict=True):
                row[column["name"]] = value_of(column, cell)
            at += width
        return out

    def cells(self, rows: list[dict[str, Any]]) -> tuple[Any, Any]:
        """Cells (B, K + G), 0 where missing, and which are observed."""
        parts = [[cell_of(column, row.get(column["name"])) for row in rows] for column in self.about["columns"]]
        cells = np.concatenate([np.array(part, dtype=np.float64).reshape(len(rows), -1) for part in parts], 1)
        if steps := self.about["steps"]:
            halves = cells[:, : self._modelled], cells[:, self._modelled :]
            cells = np.concatenate([half.reshape(len(rows) // steps, -1) for half in halves], 1)
        return np.nan_to_num(np.clip(cells, -1e6, 1e6)), ~np.isnan(cells)

    @property
    def _modelled(self) -> int:
        return len(self.about["columns"]) - len(self.about["given"])

    def _run(self, name: str, *inputs: Any) -> Any:
        ran = self.graphs[name]
        kinds: dict[str, Any] = {"tensor(bool)": np.bool_, "tensor(float)": np.float32}
        fed = {i.name: np.asarray(x, kinds[i.type]) for i, x in zip(ran.get_inputs(), inputs, strict=True)}
        return ran.run(None, fed)


def cell_of(column: dict[str, Any], value: Any) -> Any:
    """What the graphs see of a value: standard deviations, the index of a level, shares of brightness; NaN where missing."""
    if column["is"] == "image":
        missing = np.full(column["shape"], np.nan)
        return ((missing if value is None else np.asarray(value, float)) - column["mean"]) / column["std"]
    if value is None or value == "" or value != value:
        return np.nan
    if column["is"] == "levels":
        found = [level for level in column["levels"] if level == value or str(level).lower() == str(value).lower()]
        other = np.nan if column["other"] is None else column["other"]
        return column["cell_of"][column["levels"].index(found[0])] if found else other
    unit = column["unit"]
    number = float(value) if unit is None else (np.datetime64(value) - np.datetime64(0, "s")) / np.timedelta64(1, unit)
    if (column["transform"] == "log" and number <= 0) or (column["transform"] == "log1p" and number < 0):
        return column["outside"]
    return (FORWARD[column["transform"]](number) - column["mean"]) / column["std"]


def value_of(column: dict[str, Any], cell: Any) -> Any:
    """The value that a cell stands for."""
    if column["is"] == "image":
        return (cell * column["std"] + column["mean"]).reshape(column["shape"])
    if column["is"] == "levels":
        return column["levels"][column["level_of"][int(np.clip(np.rint(cell[0]), 0, len(column["level_of"]) - 1))]]
    low, high = (np.inf * sign if end is None else end for end, sign in ((column["low"], -1), (column["high"], 1)))
    number = INVERSE[column["transform"]](float(np.clip(cell[0], low, high)) * column["std"] + column["mean"])
    step = column["resolution"]
    number = float(np.rint(number / step) * step) if step else float(number)
    unit = column["unit"]
    return number if unit is None else str(np.datetime64(0, "s") + np.round(number) * np.timedelta64(1, unit))


def main(model: str, data: str) -> None:
    """Score the rows of a CSV file, one line each."""
    with open(data, newline="", encoding="utf-8") as stream:
        found = Runtime(model).score(list(csv.DictReader(stream)))
    print("row,score,p_value")
    for row, score in enumerate(found["score"]):
        p_value = "" if found["p_value"] is None else f"{found['p_value'][row]:.6g}"
        print(f"{row},{score:.6g},{p_value}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} model.onnx rows.csv")
    try:
        main(*sys.argv[1:])
    except FileNotFoundError as error:
        sys.exit(f"{error.filename}: there is no such file")
