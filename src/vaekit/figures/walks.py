"""Walks through the latents of pictures and of streams: what a walk decodes to, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.figures.images import positions, strip, traversals
from vaekit.figures.streams import windows_grid
from vaekit.schema.tensors import is_tensor, ndarray_of

LATENTS = 12  # rows of pictures at most
PANELS, PLACES = 3, 3  # latents of a stream's walk, and windows of each


def walk_of_images(along: Any) -> Any:
    """A row of pictures for each latent walked, the most used first, or one strip between two pictures.

    Args:
        along: `vaekit.modes.traverse.Walk` of images.
    """
    table = along.to_arrow()
    images = ndarray_of(next(column for column in table.columns if is_tensor(column.type)))[0]
    if along.latent[0] < 0:
        return strip(images, along.where)
    latents = list(dict.fromkeys(along.latent.tolist()))[:LATENTS]
    steps = len(along) // len(set(along.latent.tolist()))
    kept = images[: len(latents) * steps].reshape(len(latents), steps, *images.shape[1:])
    return traversals(kept, latents, along.where[:steps])


def walk_of_windows(along: Any) -> Any:
    """Windows along the way: all of one latent or between two windows, or both ends and the middle of several latents.

    Args:
        along: `vaekit.modes.traverse.Walk` of a stream.
    """
    table = along.to_arrow().drop_columns(["latent", "where", "window", "step"])
    names = table.column_names
    windows = np.stack([coded(table[name]) for name in names], -1).reshape(len(along), -1, len(names))
    latents = list(dict.fromkeys(along.latent.tolist()))
    sorts = {}
    for latent in latents[:PANELS]:
        rows = np.flatnonzero(along.latent == latent)
        if len(latents) > 1:
            rows = rows[np.linspace(0, len(rows) - 1, min(PLACES, len(rows))).round().astype(int)]
        first, *_, last = positions(along.where[rows])
        sorts[f"latent {latent}, {first} to {last}" if latent >= 0 else f"{first} to {last} of the way"] = windows[rows]
    return windows_grid(sorts, names, max(map(len, sorts.values())))


def coded(column: pa.ChunkedArray) -> Any:
    """Numbers (N,) to draw: truth values as 0 and 1, moments as they are counted, names by their rank, NaN where empty.

    >>> coded(pa.chunked_array([["low", None, "high", "low"]])).tolist()
    [1.0, nan, 0.0, 1.0]
    """
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return column.cast(pa.float64(), safe=False).to_numpy()
    values = column.to_pylist()
    ranks = {level: rank for rank, level in enumerate(sorted({value for value in values if value is not None}))}
    return np.array([np.nan if value is None else float(ranks[value]) for value in values])
