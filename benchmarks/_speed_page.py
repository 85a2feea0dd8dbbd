"""The page docs/speed.md, from the committed results of the benchmarks that `PARTS` names.

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


def slopes(found: Found) -> list[str]:
    text = [
        "## What cost depends on", "",
        f"Tables of {found['usual']['rows']:,} rows by {found['usual']['columns']} columns of numbers, 16 latents, batches of "
        f"{found['batch']}, one of these grown a hundredfold; levels are those of one name beside four columns, in 600,000 "
        "rows. Fits are cut short: 60 steps, of more rows one pass, at most 400. Processor microseconds a row, one "
        "thread; the slope is the exponent over the two decades: of microseconds a row "
        f"0 says that the cost is in proportion to the rows alone ({on(found)}).", "",
    ]  # fmt: skip
    for axis in (axis for axis in ("rows", "columns", "levels", "latents") if axis in found):
        points, slope = found[axis]["points"], found[axis]["slopes"]
        names = list(slope)
        rows = [[f"{int(value):,}", *(each[name] for name in names)] for value, each in points.items()]
        text += table([axis, *names], [*rows, ["slope", *(slope[name] for name in names)]])
    return text


def outofcore(found: Found) -> list[str]:
    fit, rate = found["fit"], found["rate"]
    return [
        "## More rows than memory", "",
        f"A file of {found['rows']:,} rows by {found['columns']} columns, {found['file_gb']} GB on disk ({on(found)}). The "
        f"fit, stopped after {fit['steps']:,} steps of its first stage and a quarter as many of the prior's, peaks at "
        f"{fit['peak_gb']} GB; its first step comes after {fit['before_first_step_s']} s. From the file a training "
        f"passes {rate['rows_per_s']['from_file']:,} rows a second, "
        f"in memory {rate['rows_per_s']['in_memory']:,}, by turns in one process: {rate['of_in_memory_by_cpu_time']} of it by "
        f"processor time; on the clock the median of {len(rate['by_turn'])} turns is {rate['of_in_memory']}, between "
        f"{min(rate['by_turn'])} and {max(rate['by_turn'])}, since others used the machine.", "",
    ]  # fmt: skip


def scale(found: Found) -> list[str]:
    names = {"one": "one process", "torchrun_2": "torchrun, 2 processes", "ray_2": "Ray, 2 actors"}
    rows = [[f"{what}: {names[who]}", spent] for what in ("fit", "score") for who, spent in found[f"{what}_s"].items()]
    return [
        "## More than one process", "",
        f"{found['rows']:,} rows by 20 columns, seconds on the clock, on a busy machine of two cores ({on(found)}): what the "
        "engine costs, not how it scales. Ray's time holds the start of its own processes. Largest difference of a score: "
        f"{found['largest_difference']}.", "",
        *table(["", "seconds"], rows),
    ]  # fmt: skip


PARTS = {
    "training": training, "scoring": scoring, "startup": startup, "slopes": slopes, "outofcore": outofcore, "scale": scale,
}  # fmt: skip


def main() -> None:
    text = [
        "# Speed, measured", "",
        f"Written by `benchmarks/_speed_page.py` from the results of {', '.join(f'`{name}.py`' for name in PARTS)} beside it, "
        "run on a machine that others used at the same time: compare ratios rather than seconds. Where the time goes and what "
        "bounds it: [note](notes/0005-where-time-goes.md).", "",
    ]  # fmt: skip
    for name, part in PARTS.items():
        path = RESULTS / f"{name}.json"
        text += part(json.loads(path.read_text())) if path.exists() else []
    (DOCS / "speed.md").write_text("\n".join(text).rstrip() + "\n")


if __name__ == "__main__":
    main()
