"""How good all of this is: every measure of one model on rows, images or a stream, as plain numbers, a page or pictures."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from vaekit.modes import FACTS, drift, judge, judge_images, judge_streams, looks
from vaekit.modes.ask import ask, fitted_form
from vaekit.modes.disentangle import disentanglement, read_factors, sizes_of, told, whole_rows
from vaekit.modes.encode import latents_of
from vaekit.modes.judge import Subject, take
from vaekit.modes.latent_use import latent_use
from vaekit.modes.shown import shown
from vaekit.modes.verdicts import verdicts
from vaekit.sources import Table, give_back, whole_file

ROWS = 5_000  # more rows sharpen no measure by much
CELLS = 2**25  # of large images and long windows fewer are taken

Parts = Mapping[str, tuple[Callable[[Subject], "dict[str, Any] | None"], bool]]

PARTS: Parts = {
    # name: the measure, and whether it needs a density
    "reconstruction": (judge.reconstruction, False),
    "bound": (judge.bound, True),
    "latents": (latent_use, False),
    "imputation": (judge.imputation, False),
    "calibration": (judge.calibration, False),
    "drift": (drift.drift, False),
    "generalisation": (drift.generalisation, False),
    "samples": (judge.samples, True),
    "privacy": (judge.nearest_records, True),
    "memory": (drift.memory, True),
}
IMAGE_PARTS: Parts = {
    "reconstruction": (judge_images.reconstruction, False),
    "bound": (judge_images.bound, True),
    "latents": (looks.latents, False),
    "neighbours": (judge_images.neighbours, False),
    "imputation": (judge_images.imputation, False),
    "calibration": (judge_images.calibration, False),
    "drift": (drift.drift, False),
    "generalisation": (drift.generalisation, False),
    "samples": (judge_images.samples, True),
    "privacy": (judge_images.nearest_records, True),
}
STREAM_PARTS: Parts = {
    "reconstruction": (judge_streams.reconstruction, False),
    "bound": (judge.bound, True),
    "latents": (latent_use, False),
    "imputation": (judge_streams.imputation, False),
    "calibration": (judge_streams.calibration, False),
    "drift": (drift.drift, False),
    "generalisation": (drift.generalisation, False),
    "samples": (judge_streams.samples, True),
}
KINDS: Mapping[str, Parts] = {"rows": PARTS, "images": IMAGE_PARTS, "windows": STREAM_PARTS}

# Parts that do not apply, and why.
APART: Mapping[str, Mapping[str, str]] = {
    "rows": {},
    "images": {},
    "windows": {"privacy": "windows overlap, so that each has near copies among the others"},
}
NO_CLASSES = "no column says what an image shows; vaekit.images(array, columns={...}) has room for one"

# The page is a room above this one: it is found by name, when it is asked for, as modes are.
WRITERS: Mapping[str, str] = {
    ".json": "vaekit.modes.evaluate:write_json",
    ".html": "vaekit.report.evaluation:write",
}


@dataclass(frozen=True, eq=False)
class Report:
    """The measures of a model on rows, in `.metrics`, a nested dict of plain numbers; `.pictures` holds what figures show.

    Parts: rows, reconstruction, bound, latents, imputation, calibration, drift, generalisation, samples, privacy, memory, of
    images neighbours, and left_out, which says why a part is missing; mig and dci where factors were given; and verdicts, dicts
    of about, state and says: is there collapse, overfitting, memorisation, are intervals off, have rows drifted?
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

    def _repr_html_(self) -> str:
        return shown(self)

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


def evaluate(
    fitted: Fitted, data: Any, seed: int = 0, factors: Mapping[str, Any] | Iterable[str] | None = None
) -> Report:
    """Measure the model on rows; see `vaekit.Model.evaluate`. Of more than 5,000 rows a seeded choice is used."""
    asked, of = ask(fitted, data), kind_of(fitted)
    known = None if factors is None else read_factors(asked, factors)
    order = rng.numpy(seed, "evaluate").permutation(len(asked))[: max(1, min(ROWS, CELLS // fitted.vae.K))]
    subject = Subject(fitted, take(asked, order), seed, order, asked if asked.at is not None else None)
    count = {"given": len(asked), "used": len(order)} | (
        {"steps": asked.arrow.num_rows} if asked.at is not None else {}
    )
    metrics: dict[str, Any] = {"of": of, "rows": count, "left_out": dict(APART[of]), "seconds": {}}
    for name, (part, needs_density) in KINDS[of].items():
        if needs_density and not fitted.has_density:
            metrics["left_out"][name] = FACTS["density"][1]
            continue
        began = time.monotonic()
        if (found := part(subject)) is None:
            metrics["left_out"][name] = NO_CLASSES
            continue
        metrics[name] = found
        metrics["seconds"][name] = round(time.monotonic() - began, 2)
    if known is not None:
        whole = whole_rows(latents_of(fitted, subject.asked).mean, {name: each[order] for name, each in known.items()})
        metrics |= disentanglement(*whole, seed, sizes_of(fitted.vae.posterior))
        subject.pictures["told"] = told(whole[0], list(whole[1].values()))
    metrics["verdicts"] = [verdict._asdict() for verdict in verdicts(metrics)]
    subject.pictures["real"] = subject.asked.arrow
    subject.pictures["trained"] = fitted.arrays.get("neighbours.latents")
    subject.pictures["history"] = fitted.history
    return Report(plain(metrics), _about(fitted), subject.pictures, fitted_form(fitted))


def kind_of(fitted: Fitted) -> str:
    """What a model is asked about: rows, images or windows."""
    if fitted.cut is not None:
        return "windows"
    return "images" if fitted.layout.shape else "rows"


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
    kinds = {part.name: part.kind for part in fitted.layout.columns}
    aside = {column.name: column.reason for column in fitted.schema.set_aside}
    return {**fitted.about, "kinds": kinds, "set_aside": aside, "latents": fitted.vae.latents}
