"""Rows with what the model made of their missing cells, and every observed cell as it was given."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.ask import Asked, decode_rows, legal
from vaekit.modes.stream import by_row
from vaekit.schema.tensors import is_tensor, ndarray_of, tensor_array


def complete(
    fitted: Fitted, asked: Asked, known: Tensor | None, filled: Tensor, seed: int = 0, blank: Collection[str] = (),
    *, drawn: bool = False,
) -> pa.Table:  # fmt: skip
    """The fitted columns with the missing cells taken from `filled`; those of a constant column are its one value.

    Args:
        fitted: the model.
        asked: the rows.
        known: which cells are kept, one entry a row that was given (N, K + G); None keeps no modelled cell.
        filled: the model's cells (B, K).
        seed: for the draws of rare levels.
        blank: columns whose missing cells stay null.
        drawn: the cells are random ones rather than the best (see `by_row`).
    """
    values, covered = by_row(fitted, asked, legal(fitted, filled.double()), drawn=drawn)
    own, K = asked.rows, fitted.codec.modelled
    seen = torch.cat([covered[:, None].expand(-1, K), own.observed[:, K:]], -1)
    for name in fitted.codec.spans.keys() & blank:
        seen[:, fitted.codec.spans[name]] = False
    decoded = decode_rows(fitted, torch.cat([values, own.cells[:, K:].double()], -1), seen, seed)
    columns = []
    for name in fitted.schema.names:
        given = asked.arrow[name].combine_chunks()
        at = fitted.codec.spans.get(name)
        if at is None or at.start >= K:
            one = fitted.schema[name].kind == "constant" and name not in blank
            aside = _aside(fitted, asked, name)
            columns.append(pc.coalesce(aside.combine_chunks(), decoded[name].combine_chunks()) if one else aside)
        elif known is None:
            columns.append(decoded[name].combine_chunks())
        elif is_tensor(given.type):
            columns.append(_pixels(given, decoded[name], known[:, at].numpy()))
        else:
            keep = pa.array(known[:, at.start].numpy())
            # what the codec could not represent (a new level that became missing) is observed all the same
            unasked = (known | ~own.observed)[:, at.start].numpy()
            keep = pc.or_(keep, pc.and_(given.is_valid(), pa.array(unasked)))
            columns.append(pc.if_else(keep, given, decoded[name].combine_chunks()))
    return pa.table(columns, names=list(fitted.schema.names))


def with_aside(fitted: Fitted, decoded: pa.Table, asked: Asked) -> pa.Table:
    """Decoded columns, beside what is not modelled (given columns, identifiers, ignored ones) as it was given."""
    modelled = {column.name for column in fitted.schema.modelled}
    return pa.table({
        name: decoded[name] if name in modelled else _aside(fitted, asked, name) for name in fitted.schema.names
    })  # fmt: skip


def _aside(fitted: Fitted, asked: Asked, name: str) -> pa.ChunkedArray:
    """A column that is not modelled, as it was given; of an ignored one the model knows not even the type."""
    raw = fitted.schema[name].role == "ignored" and name in asked.table.names
    return (asked.table.arrow if raw else asked.arrow)[name]


def _pixels(given: pa.Array, decoded: pa.ChunkedArray, keep: np.ndarray) -> pa.Array:
    """Images (B,) whose pixels are the given ones where the flags (B, n) say so."""
    before, after = ndarray_of(given)[0], ndarray_of(decoded)[0]
    return tensor_array(np.where(keep.reshape(after.shape), before, after))
