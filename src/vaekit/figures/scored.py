"""Scores of images and of streams, drawn as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.figures.images import strange
from vaekit.figures.streams import scores_over_time


def scores_of_images(scored: Any, images: Any, rows: int = 3) -> Any:
    """The strangest images and the pixels that made them strange.

    Args:
        scored: `vaekit.modes.score.Scores` of B images.
        images: (B, H, W, C).
        rows: how many of the strangest.
    """
    H, W, C = images.shape[1:]
    pixels = scored.cells[:, : H * W * C].reshape(-1, H, W, C).sum(-1)
    return strange(images, pixels, rows, total=scored.total)


def scores_of_stream(scored: Any, stream: pa.Table, cut: Any) -> Any:
    """The scores over time of the machine with the strangest step.

    Args:
        scored: `vaekit.modes.score.Scores` of N steps.
        stream: the N steps.
        cut: `vaekit.sources.cut.Cut`.
    """
    names = list(zip(*(stream[name].to_pylist() for name in cut.by), strict=True)) or [()] * stream.num_rows
    worst = names[int(np.argmax(np.nan_to_num(scored.total, nan=-np.inf)))]
    rows = np.concatenate([rows for rows in cut.segments(stream) if names[rows[0]] == worst])
    flagged = scored.flagged[rows]
    threshold = float(scored.total[rows][flagged].min()) if flagged.any() else None
    figure = scores_over_time(moments(stream, cut.time, rows), scored.total[rows], threshold, flagged)
    if worst:
        figure.axes[0].set_title(", ".join(map(str, worst)), loc="right", fontsize=9)
    return figure


def moments(stream: pa.Table, time: str | None, rows: Any) -> Any:
    """When the steps were: dates and numbers as they are, else their place in the order.

    >>> moments(pa.table({"t": [5.0, 1.0, 3.0]}), "t", np.array([1, 2, 0])).tolist()
    [1.0, 3.0, 5.0]
    """
    kind = None if time is None else stream.schema.field(time).type
    if kind is None or not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind)
                            or pa.types.is_floating(kind)):  # fmt: skip
        return np.arange(len(rows))
    return stream[time].take(pa.array(rows)).to_numpy()
