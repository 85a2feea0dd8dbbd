"""Between the windows that a model sees and the steps of the stream that was given."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.goals import unfold
from vaekit.modes.ask import Asked, chunks
from vaekit.modes.calibrate import Centred, centred, raw_scores
from vaekit.sources.steps import centred as middle_of
from vaekit.sources.steps import ending, mean_over, window_mean


def by_row(fitted: Fitted, asked: Asked, cells: Tensor, *, drawn: bool = False) -> tuple[Tensor, Tensor]:
    """Cells of the model's own making, one entry a row that was given: values (N, C) and which rows have any (N,).

    The windows (W, K) that cover a step each say something of it: numbers are averaged, levels come from the window in which
    the step lies nearest to the middle. So do all cells that are `drawn`: the mean of several draws would be no draw. Cells
    of tables and images (B, K) stay as they are.
    """
    if asked.at is None:
        return cells, torch.ones(len(cells), dtype=torch.bool)
    steps, C = asked.arrow.num_rows, len(fitted.layout.channels)
    windows = cells.reshape(len(cells), -1, C).numpy()
    middle, covered = middle_of(windows, asked.at, steps)
    named = np.array([field.levels > 0 for field in fitted.layout.channels])
    values = middle if drawn else np.where(named, middle, mean_over(windows, asked.at, steps))
    return torch.from_numpy(np.where(covered[:, None], values, 0.0)).to(cells.dtype), torch.from_numpy(covered)


def mostly(fitted: Fitted, asked: Asked, flags: Tensor) -> Tensor:
    """Flags of windows (W, K) as flags of steps (N, C): where most windows that cover a step say so; others stay."""
    if asked.at is None:
        return flags
    windows = flags.reshape(len(flags), -1, len(fitted.layout.channels)).double().numpy()
    return torch.from_numpy(np.nan_to_num(mean_over(windows, asked.at, asked.arrow.num_rows)) > 0.5)


def per_step(asked: Asked, windows: np.ndarray) -> np.ndarray:
    """Numbers of windows (W, ...) averaged over the windows that cover each step (N, ...), not a number where none does."""
    assert asked.at is not None, "a stream"
    return window_mean(windows, asked.at, asked.arrow.num_rows)


def over_steps(asked: Asked, scored: Centred) -> Centred:
    """Scores of windows as scores of steps: the mean over the windows that cover each."""
    cells = torch.from_numpy(per_step(asked, scored.cells.numpy()))
    return Centred(
        cells, {name: torch.from_numpy(per_step(asked, part.numpy())) for name, part in scored.parts.items()}
    )


@torch.no_grad()
def causal_scores(fitted: Fitted, by: str, asked: Asked) -> np.ndarray:
    """The score of the window that ends in each step (N,), not a number before the first one is whole."""
    assert fitted.cut is not None and asked.steps is not None, "a stream"
    at = fitted.cut.windows(fitted.cut.segments(asked.table.arrow), stride=1)
    totals = []
    for part in chunks(len(at), 16 * fitted.at_once):
        windows = unfold(asked.steps, torch.from_numpy(at[part]), fitted.codec.modelled)
        raw = raw_scores(fitted, by, windows.cells, windows.observed)
        totals.append(centred(fitted, by, raw, windows.observed).total.numpy())
    return ending(np.concatenate(totals), at, asked.arrow.num_rows)


def numbered(fitted: Fitted, rows: pa.Table, windows: int) -> pa.Table:
    """Steps of new windows with the columns window and step before them; rows of tables and images as they are."""
    if fitted.cut is None:
        return rows
    T = fitted.cut.size
    front = {"window": np.repeat(np.arange(windows), T), "step": np.tile(np.arange(T), windows)}
    kept = fitted.cut.channels(rows.column_names)
    return pa.table({**front, **{name: rows[name] for name in kept}})
