"""Fill the README's example, output and figures from what was run and measured: python docs/make_readme.py."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/first_steps.py"
RESULTS = ROOT / "benchmarks/results"


def example() -> str:
    """The example's code without its docstring."""
    return "```python\n" + EXAMPLE.read_text().split('"""')[2].strip() + "\n```"


def figures(result: dict[str, Any]) -> str:
    """What the benchmark measured, as a table."""
    sampling, imputation = result["sampling"], result["imputation"]
    given = [value for name, value in sampling.items() if name.startswith("auc given")]
    columns = [column for column in imputation.values() if isinstance(column, dict)]
    errors = [column["squared_error_over_mean"] for column in columns if "squared_error_over_mean" in column]
    right = [(column["right"], column["right_by_mode"]) for column in columns if "right" in column]
    changed = result["changed_cells"].values()
    rows = [
        ("fit", f"{result['fit_s']:.0f} s on {result['measured_on']['cores']} cores"),
        ("gradient boosting telling new rows from real ones (AUC; .5 cannot, 1 always)", f"{sampling['auc']:.2f}"),
        ("the same, given a marital status, three statuses", span(given)),
        ("one cell set to another value, three columns: changed rows score higher (AUC)", span([c["auc"] for c in changed])),
        ("the changed column is among the first three reasons", span([c["among_three"] for c in changed])),
        ("ordinary rows flagged at `alpha=0.01`", f"{100 * result['flagged_at_0.01']:.1f} %"),
        ("half of the cells hidden: squared error of numbers, over that of the mean", span(errors)),
        ("half of the cells hidden: names right, beside the most frequent level, mean of the columns",
         f"{sum(a for a, _ in right) / len(right):.2f} / {sum(b for _, b in right) / len(right):.2f}"),
        ("hidden numbers inside their 90 % interval", f"{100 * imputation['coverage_of_90_percent_intervals']:.0f} %"),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def of_images(result: dict[str, Any]) -> str:
    """What the benchmark of images measured, as a table."""
    binarised, grey, strange = (
        result["binarised"],
        result["grey"]["error_lowered_against_mean"],
        result["one_class"]["auroc"],
    )
    rows = [
        ("fit, 60,000 images", f"{binarised['fit_cpu_s']:.0f} s of one core"),
        ("static binarised MNIST, -log p(x) of test images, 500 importance samples", f"{binarised['nats']:.1f} nats"),
        ("a digit given is the digit drawn, as a classifier of real digits reads it",
         f"{100 * result['given']['digit_drawn']:.1f} %"),
        ("lower half filled in: squared error below that of the mean image (nearest neighbours, linear regression)",
         f"{100 * grey['vaekit']:.0f} % ({100 * grey['nearest_neighbours']:.0f} %, {100 * grey['linear']:.0f} %)"),
        ("one digit known, the others strange: AUROC, mean of ten (nearest neighbours on pixels, PCA)",
         f"{strange['vaekit']:.3f} ({strange['nearest_neighbours']:.3f}, {strange['pca']:.3f})"),
        ("Frey faces, the last fifth of the film", f"{result['frey']['bits_per_dimension']:.2f} bits per dimension"),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def of_sensors(result: dict[str, Any]) -> str:
    """VUS-PR of every detector by family, and the causal mean."""
    mean, causal = result["mean"], result["causal"]
    families = list(mean["vaekit"]["families_vus_pr"])
    lines = [
        f"| | {' | '.join(name.upper() for name in families)} | mean | causal mean |",
        "|---" * (len(families) + 3) + "|",
    ]
    for name, each in mean.items():
        cells = [*each["families_vus_pr"].values(), each["vus_pr"], causal[name]["vus_pr"]]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {"adult": figures, "images": of_images, "sensors": of_sensors}


def span(values: list[float]) -> str:
    """The least and the greatest of some figures."""
    return f"{min(values):.2f} to {max(values):.2f}"


def fill(text: str, name: str, content: str) -> str:
    """Put content between `<!-- name -->` and `<!-- /name -->`."""
    return re.sub(
        rf"<!-- {name} -->.*?<!-- /{name} -->",
        lambda _: f"<!-- {name} -->\n{content}\n<!-- /{name} -->",
        text,
        flags=re.S,
    )


def main() -> None:
    """Run the example, read the result, write the README."""
    text = (ROOT / "README.md").read_text()
    ran = subprocess.run(
        [sys.executable, EXAMPLE], capture_output=True, text=True, check=True, cwd=tempfile.gettempdir()
    )
    text = fill(text, "example", example())
    text = fill(text, "output", f"```\n{ran.stdout.strip()}\n```")
    for name, table in TABLES.items():
        text = fill(text, name, table(json.loads((RESULTS / f"{name}.json").read_text())))
    (ROOT / "README.md").write_text(text)


if __name__ == "__main__":
    main()
