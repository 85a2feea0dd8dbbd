"""How long a training takes and how many rows a step sees, from the data, where nobody chose."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from vaekit.codec.layout import Layout
from vaekit.errors import SpecError
from vaekit.spec import AtLeastOne, Natural, NonNegative, Positive, Share
from vaekit.train import Settings

REAL = 30_000  # real rows that teach the correction of new ones
FEW = 100  # rows of a table below which training is short


def adamw(
    *,
    epochs: AtLeastOne | None = None,
    batch: AtLeastOne | None = None,
    rate: Positive = 2e-3,
    patience: AtLeastOne | str | None = "auto",
    hide: Share = 0.8,
    noise: NonNegative = 0.0,
    weight_decay: NonNegative = 1e-4,
    clip: Positive = 1.0,
    prior_epochs: AtLeastOne | None = None,
    ratio_epochs: Natural | None = None,
    pretrain: Natural = 0,
    half: Literal["auto"] | bool = "auto",
    memory: NonNegative | None = None,
) -> dict[str, Any]:
    """How the model is trained.

    Args:
        epochs: passes over the rows; from the number of rows when None.
        batch: rows in a step; from the number of rows when None.
        rate: the highest learning rate, of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101).
        patience: epochs without a better bound on held-out rows before training ends; None runs every epoch.
        hide: share of the rows in which cells are hidden from the encoder; 0 is the tutorial VAE.
        noise: deviation of noise on the numbers that the encoder sees, in deviations of their column; names are exchanged for
            others with probability noise / (1 + noise). The decoder is asked for the clean cells.
        weight_decay: AdamW's.
        clip: largest norm of a gradient.
        prior_epochs: passes for a prior that learns; from the number of rows when None.
        ratio_epochs: passes in which tables learn how to correct new rows, 0 for none; from the number of rows when None, and
            none where the prior does not learn.
        pretrain: passes under the bound against N(0, I), after which a mixture begins at the groups of the latents.
        half: round what the network multiplies in training to bfloat16, which some processors multiply several times as fast;
            weights and bounds keep single precision. "auto" does where it pays: fully connected nets of images.
        memory: GiB that rows may take; larger Parquet and CSV files are read piece by piece. Half of the free memory when None.
    """
    return locals()


def pace(train: dict[str, Any], rows: int, layout: Layout, cycles: int = 1) -> dict[str, Any]:
    """Batch and epochs for this many rows and cells: small data take 1,400 steps, large data more, fewer than 100 rows less.

    Steps of wide tables cost more, so they take fewer. A step of the prior of images and windows costs little beside one of
    their models, so that small data can afford it.

    A bound that has yet to weigh its rate again (`cycles`) looks worse for a while, which patience must outlast.

    Small batches serve best: on Adult half the rows at 256 in a batch reached a better held-out loss than all at 512.
    """
    least, most = ((128, 512), (16, 128), (64, 128))[len(layout.shape)]
    batch = train["batch"] or int(np.clip(2 ** round(np.log2(max(rows, 2) / 80)), least, most))
    batch = min(batch, max(rows, 1))
    in_epoch = max(rows // batch, 1)
    epochs = train["epochs"] or max(10, round(STEPS[len(layout.shape)](rows, layout) / in_epoch))
    patience = max(10, epochs // 2 if cycles == 1 else epochs) if train["patience"] == "auto" else train["patience"]
    prior_epochs = train["prior_epochs"] or _prior_epochs(train["epochs"], rows, in_epoch, layout)
    ratio_epochs = train["ratio_epochs"]
    if ratio_epochs is None:  # some 2,000 steps, and no longer than the prior
        some = min(rows, REAL)
        ratio_epochs = min(int(np.clip(round(2_000 / max(some // _ratio_batch(some), 1)), 20, 60)), prior_epochs)
    lengths = {"epochs": epochs, "prior_epochs": prior_epochs, "ratio_epochs": ratio_epochs}
    return {**train, "batch": batch, "patience": patience, **lengths}


def settings(
    options: dict[str, Any], epochs: int, *, larger: bool = False, workers: int = 1, half: bool = False
) -> Settings:
    """What `train` wants to know, from the completed options; in `larger` batches at a higher rate, divided over `workers`.

    Those serve the prior of a table, since what its rows are asked is drawn anew each time. On Adult the two-sample AUC is .672
    for 36 passes in batches of 256, three rows in ten blank; .665 for batches of 512, half of the rows blank, at three quarters
    of the time; .633 for 72 of these passes.
    """
    batch, rate = options["batch"], options["rate"]
    if larger:
        batch, rate = 2 * batch, 1.5 * rate
    return Settings(
        epochs, max(1, batch // workers), rate, options["patience"], options["weight_decay"], options["clip"], half
    )


def of_ratio(options: dict[str, Any], rows: int) -> Settings:
    """How the correction of new rows is trained: as long as held-out rows gain by it, at most all its passes."""
    return Settings(options["ratio_epochs"], _ratio_batch(rows), 2e-3, 10, weight_decay=1e-2, clip=1.0)


def _ratio_batch(rows: int) -> int:
    return min(256, max(rows, 1))


def deadline(began: float, limit: float | str | None) -> float | None:
    """When to stop, from seconds or "20s", "10m", "1h".

    >>> deadline(0.0, "10m")
    600.0
    """
    if limit is None:
        return None
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    try:
        seconds = (
            float(limit[:-1]) * units[limit[-1]] if isinstance(limit, str) and limit[-1:] in units else float(limit)
        )
    except (TypeError, ValueError):
        seconds = -1.0
    if not seconds > 0:
        raise SpecError(f"time_limit={limit!r}, expected seconds, or a duration such as 20s, 10m, 1h", hint="'10m'")
    return began + seconds


def _prior_epochs(chosen: int | None, rows: int, in_epoch: int, layout: Layout) -> int:
    """Passes for a prior: of a table 2.4 for each that was chosen for the model, at least 24 where none was."""
    if layout.shape:
        steps = np.clip(rows / 12, 500 if len(layout.shape) == 1 else 2_000, 4_500)
        return max(1, round(steps / in_epoch))
    passes = chosen or max(10, round(_steps_of_tables(rows, layout, 8.5, 6_000) / in_epoch))
    return round(2.4 * passes)


def _steps_of_tables(rows: int, layout: Layout, each: float = 4.25, most: float = 9_000) -> float:
    """One for so many rows each.

    Half as many were enough for the bound's shape, not for how columns hang together: of Adult and california_housing gradient
    boosting trained on new rows reached .905 and .793, with these .908 and .806 (on real rows .918 and .846).
    """
    # of 60 rows of wine half the steps taught more than all; scikit-learn's checks fit some fifty tables of 20 rows
    least = 1_400 * min(1.0, rows / FEW) ** 2
    return float(np.clip(rows / each * min(1.0, 16 / max(layout.K, 1)) ** 0.65, least, most))


def _steps_of_windows(rows: int, layout: Layout) -> float:
    return float(np.clip(rows / 8, 300, 2_000))


def _steps_of_images(rows: int, layout: Layout) -> float:
    return float(np.clip(rows / 12 * min(1.0, 784 / layout.positions) ** 0.7, 1_500, 9_000))


STEPS = {0: _steps_of_tables, 1: _steps_of_windows, 2: _steps_of_images}  # by the dimensions of the grid
