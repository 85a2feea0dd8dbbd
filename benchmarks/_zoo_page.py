"""The page docs/zoo.md, from the results of benchmarks/zoo.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

DOCS = Path(__file__).parents[1] / "docs"
Runs = Mapping[str, Mapping[str, Mapping[str, Any]]]  # preset -> seed -> what was found

TITLES = {
    "density": "Static binarised MNIST: -log p(x) of test images, nats (lower is better)",
    "beta": "dSprites: rate and disentanglement",
    "incomplete": "Half of the cells missing in training and test: log p(observed cells), nats (higher is better)",
    "robust": "One training row in ten an anomaly: average precision of the same rows, mean of the tables",
    "cluster": "MNIST: components matched to digits one to one, share of test images right",
    "labels": "MNIST with 100 labels: share of test images wrong",
    "lossless": "Lossless compression",
    "conditional": "Adult: AUC of gradient boosting that tells new rows from real ones (.5 cannot)",
}
# what a reader must know of how a part is measured
REMARKS = {
    "density": "Perceptrons with one hidden layer, 4,000 images: few, so that the figures are far from those of papers.",
    "incomplete": "`vae` and `miwae` differ in net as well as objective.",
    "labels": "10,000 images at the small scale.",
    "lossless": "Bits a pixel, or bytes of Adult's rows; gzip and bz2 are given one bit a pixel where images are binary.",
    "conditional": "`two-stage` and `vae` hide no cells in training, as in their papers, and so learn nothing of rows of which "
    "only some cells are known; `default` does, and has a prior of two stages.",
}


def write_page(name: str, done: Mapping[str, Runs]) -> None:
    """Write docs/NAME.md, one section a part, one row a preset; medians over seeds."""
    text = ["# The models of the literature, measured", "", _preamble(name), ""]
    for part, title in TITLES.items():
        if part in done:
            text += [
                f"## {title}",
                "",
                *([REMARKS[part], ""] if part in REMARKS else []),
                *_section(part, done[part]),
                "",
            ]
    (DOCS / f"{name}.md").write_text("\n".join(text))


def _preamble(name: str) -> str:
    scale = "--full" if name.endswith("full") else "at the small scale (`benchmarks/zoo.py` says what that is)"
    return (
        f"Written by `benchmarks/zoo.py`, {scale}, from [`benchmarks/results/{name}.json`](../benchmarks/results/{name}.json), "
        "which has machine, commit, seeds and seconds; parts and presets that were not run yet are absent. Presets and papers: "
        "`vaekit presets`."
    )


def _section(part: str, runs: Runs) -> list[str]:
    rows = [(preset, _flat(list(seeds.values()))) for preset, seeds in runs.items()]
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    head = [
        "| preset | " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    return head + [
        f"| {preset} | " + " | ".join(_shown(row.get(column)) for column in columns) + " |" for preset, row in rows
    ]


def _flat(seeds: list[Mapping[str, Any]]) -> dict[str, float]:
    """Medians over seeds of every number, those of nested tables under both their names."""
    pairs = [dict(_numbers(seed)) for seed in seeds]
    return {name: float(np.median([pair[name] for pair in pairs if name in pair])) for name in pairs[0]}


def _numbers(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{before}{name} ")
        elif isinstance(value, int | float):
            yield f"{before}{name}", float(value)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
