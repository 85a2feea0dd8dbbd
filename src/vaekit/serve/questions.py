"""Modes over HTTP: the options of each, and what asks a model about rows; routes follow from the table of modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from vaekit.api import Model
from vaekit.errors import DataError
from vaekit.modes import MODES
from vaekit.modes.cluster import assigning
from vaekit.modes.score import Scores

Ask = Callable[[Model, Any, dict[str, Any]], Any]  # a table, or what has `to_arrow`
Seed = Annotated[int, Field(ge=0, le=2**63 - 1, description="Equal seed and input, equal answer.")]
Many = Annotated[int, Field(ge=1, le=100)]
Steps = Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True)
class Question:
    """A mode over HTTP.

    Args:
        ask: (model, table or None, options) -> table.
        options: {name: (type, default)}, as pydantic makes a body of them.
        rows: "needed", "optional", "none"; "latents" are rows of mean_0, mean_1, ...
        answer: "fitted" columns, or those that are "made" for it.
        alone: requests do not share a pass, since an answer depends on more than its own row.
        prepare: finds what takes seconds the first time, and neither the rows nor the thread at the model.
    """

    ask: Ask
    options: dict[str, tuple[Any, Any]]
    rows: Literal["needed", "optional", "none", "latents"] = "needed"
    answer: Literal["fitted", "made"] = "made"
    alone: bool = False
    prepare: Callable[[Model, dict[str, Any]], object] | None = None


def arrow(answer: Any) -> pa.Table:
    """An answer of a mode as an Arrow table."""
    return answer.to_arrow() if hasattr(answer, "to_arrow") else answer


def score(model: Model, rows: Any, options: dict[str, Any]) -> Scores:
    """Columns row, score, p_value, flagged, reason_1_column, ..."""
    return model.score(rows, **options).explained()


def log_prob(model: Model, rows: Any, options: dict[str, Any]) -> pa.Table:
    """Columns row, log_prob."""
    nats = model.log_prob(rows, **options)
    return pa.table({"row": np.arange(len(nats)), "log_prob": pa.array(nats, from_pandas=True)})


def impute(model: Model, rows: Any, options: dict[str, Any]) -> pa.Table:
    """The rows completed; with draws one completion below the other, with interval NAME_low and NAME_high beside."""
    options = dict(options)
    level, draws, missing = options.pop("interval", None), options.get("draws"), mask(options.pop("missing", None))
    options["missing"] = missing
    if draws is not None and level is not None:
        raise DataError("impute: draws beside interval", hint="one or the other")
    if draws is not None:
        tables = [arrow(each) for each in model.impute(rows, **options)]
        number = pa.array(np.repeat(np.arange(len(tables)), tables[0].num_rows))
        return pa.concat_tables(tables).add_column(0, "draw", number)
    table = arrow(model.impute(rows, **options))
    if level is None:
        return table
    low, high = map(arrow, model.impute_interval(rows, level, missing, options["seed"]))
    for column in model.fitted.schema.modelled:
        if column.kind not in ("categorical", "binary", "image"):
            for name, end in (("low", low), ("high", high)):
                table = table.append_column(f"{column.name}_{name}", end[column.name])
    return table


def mask(lines: list[list[bool]] | None) -> Any:
    """Which pixels of every image, or cells of each row, are to be filled in, (H, W) or (B, columns).

    >>> mask([[True, False]]).shape
    (1, 2)
    """
    if lines is None:
        return None
    if len({len(line) for line in lines}) > 1:
        raise DataError(
            "impute: the lines of missing differ in length", hint="as many flags in each, true is to be filled in"
        )
    return np.array(lines, dtype=bool)


def interpolate(model: Model, rows: Any, options: dict[str, Any]) -> pa.Table:
    """Columns latent, where, then the fitted ones; the first row to the second."""
    table = rows.arrow
    whole = model.fitted.steps or 1
    if table.num_rows != 2 * whole:
        raise DataError(f"interpolate: {table.num_rows} rows were given, expected two", hint='{"rows": [{...}, {...}]}')
    first, last = table.slice(0, whole), table.slice(whole)
    return model.interpolate(first, last, **options).to_arrow()


def traverse(model: Model, rows: Any, options: dict[str, Any]) -> pa.Table:
    """Columns latent, where, then the fitted ones; from one row, or from the centre."""
    return model.traverse(None if rows is None else rows.arrow, **options).to_arrow()


def plain(mode: str) -> Ask:
    """What asks a mode whose options go to the model's method as they are."""
    return lambda model, rows, options: arrow(getattr(model, mode)(rows, **options))


def sample(model: Model, rows: Any, options: dict[str, Any]) -> pa.Table:
    """New rows; `rows` are conditions, one new row for each."""
    options = dict(options)
    given = rows if rows is not None else options.pop("given", None)
    options.pop("given", None)
    n = options.pop("n", None)
    return arrow(model.sample(n if rows is None else None, given, **options))


SEED = {"seed": (Seed, 0)}
OWN: dict[str, Question] = {
    "score": Question(score, {
        "by": (Literal["default", "likelihood", "reconstruction", "latent"], "default"),
        "reasons": (Annotated[int, Field(ge=0, le=100)], 3),
        "alpha": (Annotated[float, Field(gt=0, lt=1)], 0.01), **SEED,
    }),
    "log_prob": Question(log_prob, {"samples": (Annotated[int, Field(ge=1, le=1000)], 64), **SEED}),
    "sample": Question(sample, {
        "n": (Annotated[int, Field(ge=1, le=100_000)] | None, None), "given": (dict[str, Any] | None, None),
        "temperature": (Annotated[float, Field(ge=0, lt=10)], 1.0), **SEED,
    }, "none", "fitted", alone=True),
    "impute": Question(impute, {
        "draws": (Many | None, None), "interval": (Annotated[float, Field(gt=0, lt=1)] | None, None),
        "missing": (list[list[bool]] | None, None), **SEED,
    }, answer="fitted", alone=True),
    "reconstruct": Question(plain("reconstruct"), {}, answer="fitted"),
    "denoise": Question(plain("denoise"), SEED, answer="fitted", alone=True),
    "decode": Question(plain("decode"), {"given": (dict[str, Any] | None, None)}, "latents", "fitted"),
    "traverse": Question(traverse, {
        "dims": (list[int] | None, None),
        "span": (Annotated[float, Field(gt=0, lt=100)], 3.0), "steps": (Steps, 9),
    }, "optional", "fitted", alone=True),
    "interpolate": Question(interpolate, {
        "steps": (Steps, 9), "path": (Literal["linear", "spherical"], "linear"),
    }, answer="fitted", alone=True),
    "cluster": Question(plain("cluster"), {
        "clusters": (Annotated[int, Field(ge=2, le=100)] | None, None),
        "by": (Literal["default", "prior", "mixture", "neighbours", "kmeans"], "default"),
    }, prepare=lambda model, options: assigning(model.fitted, **options)),
}  # fmt: skip
ELSEWHERE = ("impute_interval", "shift", "compress", "decompress", "evaluate")  # Python and the command line have them


def questions() -> dict[str, Question]:
    """The question of every mode that is asked over HTTP, in the order of their table."""
    return {
        mode: OWN.get(mode, Question(plain(mode), {}))
        for mode, about in MODES.items()
        if mode not in ELSEWHERE and (mode in OWN or about.takes == "rows")
    }
