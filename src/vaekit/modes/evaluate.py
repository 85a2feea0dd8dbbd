"""How good all of this is: every measure of one model on one table, as plain numbers, a page or pictures."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import UserError
from vaekit.modes import FACTS, judge
from vaekit.modes.ask import ask, fitted_form
from vaekit.modes.judge import Subject, take
from vaekit.modes.latent_use import latent_use
from vaekit.sources import Table, give_back, whole_file

ROWS = 5_000  # more rows sharpen no measure by much

PARTS: Mapping[str, tuple[Callable[[Subject], dict[str, Any]], bool]] = {
    # name: the measure, and whether it needs a density
    "reconstruction": (judge.reconstruction, False),
    "bound": (judge.bound, True),
    "latents": (latent_use, False),
    "imputation": (judge.imputation, False),
    "calibration": (judge.calibration, False),
    "samples": (judge.samples, True),
    "privacy": (judge.nearest_records, True),
}

# The page is a room above this one: it is found by name, when it is asked for, as modes are.
WRITERS: Mapping[str, str] = {
    ".json": "vaekit.modes.evaluate:write_json",
    ".html": "vaekit.report.evaluation:write",
}


@dataclass(frozen=True, eq=False)
class Report:
    """The measures of a model on rows, in `.metrics`, a nested dict of plain numbers; `.pictures` holds what figures show.

    Parts: rows, reconstruction, bound, latents, imputation, calibration, samples, privacy, and left_out, which says why a
    part that this model lacks is missing.
    """

    metrics: dict[str, Any]
    about: dict[str, Any] = field(repr=False)
    pictures: dict[str, Any] = field(repr=False)
    _form: Table = field(repr=False)

    def to_arrow(self) -> pa.Table:
        """One measure a row: part, measure, value."""
        rows = list(flat(self.metrics))
        return pa.table({
            "part": [path[0] for path, _ in rows],
            "measure": [".".join(path[1:]) for path, _ in rows],
            "value": pa.array([float(value) for _, value in rows], pa.float64()),
        })  # fmt: skip

    def to_frame(self) -> Any:
        return give_back(self.to_arrow(), "rows" if self._form.flavour in ("numpy", "torch") else self._form)

    def save(self, path: str | Path) -> Path:
        """Write the report, whole or not at all: a page people read (.html), or the metrics (.json).

        Raises:
            UserError: for another ending, or a folder that cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in WRITERS:
            raise UserError(f"{target}: a report is written as {' or '.join(WRITERS)}", hint=f"{target.stem}.html")
        module, function = WRITERS[target.suffix.lower()].split(":")
        text = getattr(import_module(module), function)(self).encode()
        whole_file(target, partial(_fill, text=text))
        return target

    def plot(self) -> Any:
        """The measures at a glance."""
        from vaekit import figures

        return figures.overview(self.metrics)


def evaluate(fitted: Fitted, data: Any, seed: int = 0) -> Report:
    """Measure the model on rows; see `vaekit.Model.evaluate`. Of more than 5,000 rows a seeded choice is used."""
    asked = ask(fitted, data)
    order = rng.numpy(seed, "evaluate").permutation(len(asked))[:ROWS]
    subject = Subject(fitted, take(asked, order), seed)
    metrics: dict[str, Any] = {"rows": {"given": len(asked), "used": len(order)}, "left_out": {}, "seconds": {}}
    for name, (part, needs_density) in PARTS.items():
        if needs_density and not fitted.has_density:
            metrics["left_out"][name] = FACTS["density"][1]
            continue
        began = time.monotonic()
        metrics[name] = part(subject)
        metrics["seconds"][name] = round(time.monotonic() - began, 2)
    subject.pictures["real"] = subject.asked.arrow
    subject.pictures["history"] = fitted.history
    return Report(plain(metrics), _about(fitted), subject.pictures, fitted_form(fitted))


def _fill(stream: BinaryIO, text: bytes) -> None:
    stream.write(text)


def write_json(report: Report) -> str:
    """The metrics as JSON text."""
    return json.dumps(report.metrics, indent=1) + "\n"


def flat(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """The numbers of a nested dict with the way to each.

    >>> list(flat({"a": {"b": 1, "c": [2.0]}, "d": "text"}))
    [(('a', 'b'), 1), (('a', 'c', '0'), 2.0)]
    """
    if isinstance(tree, Mapping | list):
        for name, value in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
            yield from flat(value, (*path, str(name)))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path, tree


def plain(value: Any) -> Any:
    """The same tree of dicts, lists and Python numbers, None for what is not a number, so that any JSON reader takes it.

    >>> plain({"a": [np.float64(0.5), float("nan")]})
    {'a': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _about(fitted: Fitted) -> dict[str, Any]:
    """What a page says of the model: provenance, columns, latents."""
    kinds = {part.name: part.kind for part in fitted.fields}
    aside = {column.name: column.reason for column in fitted.schema.set_aside}
    return {**fitted.about, "kinds": kinds, "set_aside": aside, "latents": fitted.vae.latents}
