"""The page docs/speed.md, from the committed results of scoring.py, startup.py and training.py.

usage: python benchmarks/_speed_page.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RESULTS, DOCS = Path(__file__).parent / "results", Path(__file__).parents[1] / "docs"
Found = Mapping[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    names = list(head)
    return [
        f"| {' | '.join(names)} |",
        f"|{'---|' * len(names)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def on(found: Found) -> str:
    about = found["measured_on"]
    return f"{about['cores']} cores, {about['processor']}, torch {about['torch']}, commit {about['commit']}, {about['date']}"


def training(found: Found) -> list[str]:
    rows = [
        [name, *(each["ms a step"].get(who, "-") for who in ("vaekit", "bare products", "tutorial", "pythae")),
         each["vaekit over bare products"], each["tutorial over vaekit"], each["pythae over vaekit"]]
        for name, each in found["images"].items()
    ]  # fmt: skip
    names = ["MNIST, 784-400-32", "vaekit, ms a step", "bare products", "tutorial", "pythae", "vaekit / bare",
             "tutorial / vaekit", "pythae / vaekit"]  # fmt: skip
    ours, theirs = found["table"]["vaekit"], found["table"]["tutorial, 20 epochs"]
    told = (
        f"A table of 20 columns, 20-64-10, 90,000 rows: the tutorials' loop ends its 20 epochs at {theirs['bound']} nats a row "
        f"after {theirs['seconds']} s; vaekit stands at {ours['bound']} after {ours['epochs']} epochs and {ours['seconds']} s, "
        f"{found['table'][_SHARE]} of the time."
    )
    return ["## Training", "", f"Processor time of one thread ({on(found)}).", "", *table(names, rows), told, ""]


_SHARE = "share of the tutorial's time"


def scoring(found: Found) -> list[str]:
    memory, files = found["rows_per_s in memory"], found["file to file, default with 3 reasons"]
    rows = [[by, each["0 reasons"], each["3 reasons"]] for by, each in memory.items()]
    sizes = {name: each for name, each in files.items() if isinstance(each, dict)}
    peers = ", ".join(f"{name} {count:,}" for name, count in found["peers, rows_per_s"].items())
    return [
        "## Scoring", "", f"20 mixed columns, rows a second of one processor ({on(found)}).", "",
        *table(["in memory, by", "no reasons", "3 reasons"], rows),
        f"From file to file {files['rows_per_s beyond the start']:,} rows a second beyond the start, by default, 3 reasons. "
        f"Beside them on the numeric columns alone: {peers}.", "",
        *table(["file", "seconds", "peak MiB"], [[name, each["seconds"], each["peak_mib"]] for name, each in sizes.items()]),
    ]  # fmt: skip


def startup(found: Found) -> list[str]:
    rows = [
        [name, each["processor_seconds"], each["seconds"]] for name, each in found.items()
        if isinstance(each, dict) and "processor_seconds" in each
    ]  # fmt: skip
    return ["## Start", "", f"The least of {found['runs']} runs ({on(found)}).", "",
            *table(["", "processor seconds", "seconds on the clock"], rows)]  # fmt: skip


PARTS = {"training": training, "scoring": scoring, "startup": startup}


def main() -> None:
    text = [
        "# Speed, measured", "",
        "Written by `benchmarks/_speed_page.py` from the results of `benchmarks/training.py`, `scoring.py` and `startup.py`, "
        "run on a machine that others used at the same time: compare ratios rather than seconds. Where the time goes and what "
        "bounds it: [note](notes/0005-where-time-goes.md).", "",
    ]  # fmt: skip
    for name, part in PARTS.items():
        path = RESULTS / f"{name}.json"
        text += part(json.loads(path.read_text())) if path.exists() else []
    (DOCS / "speed.md").write_text("\n".join(text).rstrip() + "\n")


if __name__ == "__main__":
    main()
