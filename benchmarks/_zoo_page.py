"""The page docs/zoo.md, from the results of benchmarks/zoo.py at every scale."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = Path(__file__).parent / "results"
SCALES = {"small": "zoo", "middle": "zoo_middle", "full": "zoo_full"}
Runs = Mapping[str, Mapping[str, Mapping[str, Any]]]  # preset -> seed -> what was found

TITLES = {
    "density": "Static binarised MNIST: -log p(x) of test images, nats (lower is better)",
    "beta": "dSprites: rate and disentanglement",
    "incomplete": "Half of the cells missing in training and test: log p(observed cells), nats (higher is better)",
    "robust": "One training row in ten an anomaly: AUROC and average precision of the same rows",
    "cluster": "MNIST: components matched to digits one to one, share of test images right",
    "labels": "MNIST with 100 labels: share of test images wrong",
    "lossless": "Lossless compression",
    "conditional": "Adult: AUC of gradient boosting that tells new rows from real ones (.5 cannot)",
}
# what a reader must know of how a part is measured
REMARKS = {
    "density": "Perceptrons; small: one hidden layer and 4,000 images, so few that the figures are far from those of papers; "
    "middle: two layers of 500 smooth units with weight decay, 200 passes over all "
    "([why](notes/0010-idle-latents.md)); all 10,000 test images by 50 samples of each, and what 5,000 change on 1,000 "
    "(on 250 with convolutions, which have 48 passes).",
    "cluster": "Ten latents and the paper's net, 500-500-2000; test images, which the paper has among those that train. The "
    "paper has .945 after 300 passes; small: 60 passes over 4,000 images, middle: 30 over all, after 40 and 24 of the plain "
    "bound ([why](notes/0009-groups.md)).",
    "labels": "Ten labels a digit and 16 latents; small: 25 passes over 10,000 images, middle: 20 over all, a third of them "
    "with convolutions; 75 and 120 for the upper layer of M1+M2 ([why](notes/0012-few-labels.md)). The paper has .120 for M2 "
    "and .033 for M1+M2.",
    "robust": "Means over five tables, scored by likelihood; `bound` is `robust` without trimming, the rate weighed alike.",
    "beta": "Small: 4,000 images, 1,700 steps, where papers take hundreds of thousands: beta lowers the rate, the capacity "
    "(25 nats) is reached, but nothing is disentangled yet.",
    "incomplete": "`bound, net of miwae` is `miwae` with one latent a row.",
    "lossless": "Bits a pixel, or bytes of Adult's rows; gzip and bz2 are given one bit a pixel where images are binary. "
    "Images by convolutions against N(0, I), middle: `raw` so far of 1,000 test images, whose header and first bits weigh more "
    "than those of 10,000 would, `binarised` of all 10,000; `binarised, vamp` by the fit of `vamp` above, of all.",
    "conditional": "`two-stage` and `vae` hide no cells in training, as in their papers, and so learn nothing of rows of which "
    "only some cells are known; `default` does, and has a prior of two stages.",
}
MEANS = ("robust",)  # of which single tables stay in the result
PREAMBLE = """# The models of the literature, measured

Written by `benchmarks/zoo.py`, which says what is done, from the results of its scales: {files}. They have machine, seeds and
the commit of every run; what was not run yet is absent. Figures are medians over the seeds, seconds those of one core. Presets
and papers: `vaekit presets`.
"""


def write_page() -> None:
    """Write docs/zoo.md, one section a part, one row a scale and preset."""
    found = {scale: json.loads(path.read_text()) for scale, name in SCALES.items() if (path := _path(name)).exists()}
    files = ", ".join(f"[{scale}](../benchmarks/results/{SCALES[scale]}.json)" for scale in found)
    text = [PREAMBLE.format(files=files)]
    for part, title in TITLES.items():
        runs = {scale: result[part] for scale, result in found.items() if part in result}
        if runs:
            text += [
                f"## {title}",
                "",
                *([REMARKS[part], ""] if part in REMARKS else []),
                *_section(runs, part in MEANS),
                "",
            ]
    (DOCS / "zoo.md").write_text("\n".join(text))


def _path(name: str) -> Path:
    return RESULTS / f"{name}.json"


def _section(found: Mapping[str, Runs], means: bool) -> list[str]:
    rows = [
        (scale, preset, len(seeds), _flat([_alone(seed) if means else seed for seed in seeds.values()]))
        for scale, runs in found.items()
        for preset, seeds in runs.items()
    ]
    columns = list(dict.fromkeys(name for *_, row in rows for name in row))
    columns = [name for name in columns if name != "cpu_s"] + ["cpu_s"]
    names = ["preset", "scale", "seeds", *(column.replace("_", " ") for column in columns)]
    head = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    return head + [
        "| " + " | ".join([preset, scale, str(seeds), *(_shown(row.get(column)) for column in columns)]) + " |"
        for scale, preset, seeds, row in rows
    ]


def _alone(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Mapping)}


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
