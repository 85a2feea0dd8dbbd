"""The pages docs/anomaly.md, docs/imputation.md and docs/synthesis.md, from the results of the benchmarks of the same names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PARTS = {
    "one_class": "Ordinary rows train, others are told from them",
    "unlabelled": "All rows train, nobody says which are strange (preset `robust`)",
}


def anomaly(result: Mapping[str, Any]) -> None:
    """Means over tables, then every table."""
    text = _top("Strange rows of tables", "anomaly")
    for part, found in result.items():
        mean, runs = found["mean"], found["tables"]
        names = [name for name, value in mean.items() if isinstance(value, Mapping) and "auroc" in value]
        text += [f"## {PARTS[part]}", "", f"Means over {mean['tables']} tables, with their standard errors.", ""]
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
        text += _table(
            ("AUROC / average precision", *shown),
            ([table, *(f"{a:.3f} / {p:.3f}" for a, p in each[table])] for table in sorted(each)),
        )
    _write("anomaly", text)


def imputation(result: Mapping[str, Any]) -> None:
    """Squared error of every table and imputer."""
    summary, runs = result["summary"], result["runs"]
    peers = [name for name in next(iter(next(iter(runs.values())).values())) if name != "rows"]
    text = _top("Missing cells", "imputation")
    text += [
        f"{result['share']:.0%} of the cells hidden at random; squared error of the hidden cells, standardised. vaekit's error "
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
    text += _table(("", *peers, "against the best other", "intervals"), rows)
    _write("imputation", text)


def synthesis(result: Mapping[str, Any]) -> None:
    """Every measure of every table and generator."""
    text = _top("New rows of tables", "synthesis")
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


def _top(title: str, name: str) -> list[str]:
    source = f"Written by `benchmarks/{name}.py` from [`benchmarks/results/{name}.json`](../benchmarks/results/{name}.json), "
    return [
        f"# {title}, measured",
        "",
        source + "which has machine, commit and seconds. `make bench-peers` runs it.",
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
