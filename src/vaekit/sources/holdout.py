"""What is held out: the share of the rows, and stretches of a stream, so that windows that train and judge share no step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import SpecError

Rows = NDArray[np.int64]
SCARCE = 0.1  # of the rows, at most, tell their label: then these are too dear to be held out


def check(validation: float) -> None:
    """Refuse what is no share of the rows."""
    if not isinstance(validation, int | float) or not 0 <= validation < 1:
        raise SpecError(f"validation={validation!r}, expected a share of the rows, 0 <= validation < 1", hint="0.1")


def scarce(table: pa.Table, label: str | None) -> NDArray[np.bool_] | None:
    """Flags of the rows that tell their label, where few do; None where many do or there is no label.

    >>> table = pa.table({"digit": ["one", *[None] * 19]})
    >>> scarce(table, "digit").sum()
    np.int64(1)
    """
    if label is None:
        return None
    told = np.asarray(table[label].is_valid())
    return told if 0 < told.mean() <= SCARCE else None


def split(segments: Sequence[Rows], size: int, share: float) -> tuple[list[Rows], list[Rows]]:
    """Stretches that train and stretches held out; no window of one shares a step with a window of the other.

    The last `share` of every long stretch is held out; of stretches so short that a share is no window, every
    k-th, and where they are few, the last window of the longest. At least a window is always left to train.

    Args:
        segments: from `Cut.segments`.
        size: steps of a window, T.
        share: of the steps, 0 <= share < 1.

    Returns:
        (stretches that train, those too short for a window among them; stretches held out).

    >>> [[len(rows) for rows in part] for part in split([np.arange(100)], 4, 0.1)]
    [[90], [10]]
    """
    held = _held(np.array([len(rows) for rows in segments], dtype=np.int64), size, share)
    train = [rows[: len(rows) - last] for rows, last in zip(segments, held, strict=True) if last < len(rows)]
    return train, [rows[len(rows) - last :] for rows, last in zip(segments, held, strict=True) if last]


def _held(lengths: Rows, size: int, share: float) -> Rows:
    """How many of the last steps of each stretch are held out."""
    held = np.zeros_like(lengths)
    if not share:
        return held
    long = (lengths * share >= size) & (lengths >= 2 * size)
    held[long] = np.minimum(np.round(lengths[long] * share), lengths[long] - size)
    short = np.flatnonzero(~long & (lengths >= size))
    every = max(2, round(1 / share))
    if len(short) >= every:
        chosen = short[every // 2 :: every]
        held[chosen] = lengths[chosen]
        return held
    wanted = share * lengths[short].sum()
    for at in short[np.argsort(-lengths[short], kind="stable")]:
        if held[short].sum() < wanted and lengths[at] >= 2 * size:
            held[at] = size
    return held
