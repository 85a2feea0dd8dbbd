"""A fit on Parquet and CSV files that are larger than memory: the same plan from a survey of the files, and lots of their rows.

```
files --survey--> sample, witnesses, tallies --> schema, codec, held-out rows, lot 0
      --lanes---> lots 1, 2, ... of rows, encoded ahead by a thread
```

Whatever looks at the training rows beside the training itself (calibration, the prior, kept neighbours) looks at the sample.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

from vaekit import codec as codecs
from vaekit import peers
from vaekit import spec as specs
from vaekit.codec import Codec
from vaekit.errors import DataError, VaekitWarning
from vaekit.fitting import HELD_OUT, Plan, planned
from vaekit.goals import Rows
from vaekit.lots import Lots, Stop
from vaekit.modes.ask import tensors
from vaekit.pace import adamw
from vaekit.schema import Schema, plain
from vaekit.schema.column import DISCRETE
from vaekit.schema.conform import conform_column
from vaekit.sources import Table, holdout, lanes
from vaekit.sources.memory import free
from vaekit.sources.pieces import Piece, paths_of, read, size_in_memory
from vaekit.sources.survey import Survey, survey

CELLS, LEAST = 2**23, 2**15  # of a lot, and so of the sample: cells, and rows whatever the width
PART = 0.5  # of the free memory that rows may take
TOGETHER = 2**14  # rows that are encoded at once
_ROW = re.compile(r"\brow (\d+)\b")
Watch = Callable[[int, int], None]


def too_large(data: Any, parts: Mapping[str, Any]) -> list[str] | None:
    """The files that data name, where they can be read in pieces and would take more memory than they may; else None.

    >>> too_large({"x": [1.0]}, {}) is None
    True
    """
    paths = paths_of(data)
    if paths is None:
        return None
    memory = specs.normalise("train", parts.get("train"), {"adamw": adamw})["memory"]
    budget = PART * free() if memory is None else memory * 2**30
    return paths if peers.told(float(size_in_memory(paths) > budget)) else None


def plan(
    paths: Sequence[str], preset: str | None, parts: Mapping[str, Any], validation: float, seed: int,
    schema: Mapping[str, Any] | Schema | None = None, watch: Watch | None = None, **roles: Any,
) -> Plan:  # fmt: skip
    """Survey the files, infer the schema, fit the codec, complete the spec.

    Args:
        paths: Parquet and CSV files of the same columns.
        preset: as in `fit`.
        parts: as in `fit`.
        validation: share of the rows that never train, of which `HELD_OUT` are kept at most.
        seed: of sample, split and order.
        schema: kinds that shall not be inferred.
        watch: told how many rows are done, and how many there are.
        roles: given, label, ignore.

    Raises:
        DataError, SchemaError, SpecError: as a fit in memory does.
    """
    holdout.check(validation)
    found = survey(paths, _sampled(paths) + HELD_OUT, seed, watch=watch)
    columns = Schema.infer(found.table, schema, **roles)
    conformed = columns.conform(found.table)
    apart = min(round(found.rows * validation), HELD_OUT)
    last = int(np.sort(found.words[found.sampled])[apart - 1]) if apart else -1
    held = found.words <= np.uint64(last) if apart else np.zeros(len(found.words), dtype=bool)
    known = conformed.filter(pa.array(~held))
    counts = counted(found, columns, conformed.filter(pa.array(held & found.sampled)))
    codec = codecs.fit(known, columns, every=conformed, counted=counts)
    train = encoded(codec, found.table.filter(pa.array(found.sampled & ~held)))
    held_out = encoded(codec, found.table.filter(pa.array(held & found.sampled)))
    if found.rows <= len(train) + len(held_out):  # they fit after all
        return planned(Table(conformed, "file"), codec, preset, parts, train, held_out)
    part = peers.place()  # processes that train together share the rows of a lot
    lots = lots_of(found, codec, max(len(train) // part[1], 1), seed, last, part)
    rows = found.rows - len(held_out)
    chosen = _paced(parts, rows / len(train))
    made = planned(Table(conformed.slice(0, 0), "file"), codec, preset, chosen, train, held_out)
    return replace(made, lots=Lots(train, lots), count=rows)


def _sampled(paths: Sequence[str]) -> int:
    """Rows of the sample, from the width of the table."""
    wide = len(next(_first(paths)).column_names)
    return max(CELLS // max(wide, 1), LEAST)


def _first(paths: Sequence[str]) -> Iterator[pa.Table]:
    from vaekit.sources.pieces import walk

    for _, tables in walk(paths):
        yield from tables


def counted(found: Survey, schema: Schema, held: pa.Table) -> dict[str, tuple[pa.Array, NDArray[np.int64]]]:
    """The plain values of columns of levels, and the training rows of each: all rows less those held out."""
    counts = {}
    for column in schema.columns:
        tally = found.tallies[column.name].counted() if column.kind in DISCRETE and not column.is_set_aside else None
        if tally is None:
            continue
        values = plain(column, conform_column(column, pa.chunked_array([tally[0]])))
        minus = pc.value_counts(plain(column, held[column.name]).drop_null())
        both = pa.table({
            "value": pa.concat_arrays([values, minus.field("values").cast(values.type)]),
            "rows": pa.concat_arrays([tally[1].cast(pa.int64()), pc.negate(minus.field("counts"))]),
        })  # fmt: skip
        total = both.group_by("value").aggregate([("rows", "sum")]).filter(pc.field("rows_sum") > 0).combine_chunks()
        if total.num_rows:
            counts[column.name] = (total["value"].chunk(0), total["rows_sum"].to_numpy())
    return counts


def lots_of(
    found: Survey, codec: Codec, rows: int, seed: int, last: int, part: tuple[int, int] = (0, 1)
) -> Callable[[int, Stop], Rows]:
    """What makes a lot of about so many encoded rows from its number; rows of words up to `last` are held out."""
    schema = codec.schema
    needed = [column.name for column in schema.columns if not column.is_set_aside]
    text = {*found.text, *schema.text}

    def of(piece: Piece) -> Iterator[pa.Table]:
        return read(piece, text, needed)

    every = lanes.Lanes(found.pieces, of, rows=rows, seed=seed, but=last, part=part)

    def make(number: int, stop: Stop) -> Rows:
        made = [_encoded(codec, *several) for several in together(every.lot(number, stop))]
        if not made:
            return Rows(torch.zeros(0, codec.width), torch.zeros(0, codec.width, dtype=torch.bool))
        return Rows(torch.cat([each.cells for each in made]), torch.cat([each.observed for each in made]))

    return make


def together(tables: Iterator[tuple[NDArray[np.int64], pa.Table]]) -> Iterator[tuple[NDArray[np.int64], pa.Table]]:
    """Small tables joined to some thousand rows, since each costs time of its own."""
    waiting: list[tuple[NDArray[np.int64], pa.Table]] = []
    for each in tables:
        waiting.append(each)
        if sum(len(numbers) for numbers, _ in waiting) >= TOGETHER:
            yield _one(waiting)
            waiting = []
    if waiting:
        yield _one(waiting)


def _one(several: list[tuple[NDArray[np.int64], pa.Table]]) -> tuple[NDArray[np.int64], pa.Table]:
    tables = [table for _, table in several]
    return np.concatenate([numbers for numbers, _ in several]), pa.concat_tables(tables, promote_options="permissive")


def _encoded(codec: Codec, numbers: NDArray[np.int64], table: pa.Table) -> Rows:
    try:
        return encoded(codec, table)
    except DataError as error:  # told of the row of the files
        message = _ROW.sub(lambda row: f"row {numbers[min(int(row[1]), len(numbers) - 1)]}", error.message)
        raise DataError(message, hint=error.hint) from None


def encoded(codec: Codec, table: pa.Table) -> Rows:
    """Rows of the fitted columns as tensors; what is odd about them (a level too rare to have been kept) is not told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VaekitWarning)
        return Rows(*tensors(codec, codec.schema.conform(table)))


def _paced(parts: Mapping[str, Any], lots: float) -> dict[str, Any]:
    """Parts in whose training an epoch that the user chose is as many lots as all rows make.

    Where nobody chose, training takes its usual number of steps, which may be less than one pass over the rows.
    """
    train = parts.get("train")
    if not isinstance(train, Mapping):
        return dict(parts)
    longer = {
        name: math.ceil(train[name] * lots) for name in ("epochs", "patience") if isinstance(train.get(name), int)
    }
    usual = {"prior_epochs": 12} if "epochs" in longer and not train.get("prior_epochs") else {}
    return {**parts, "train": {**train, **longer, **usual}}
