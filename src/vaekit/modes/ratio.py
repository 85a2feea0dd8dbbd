"""The correction of new rows: how much likelier a row is among real ones than among those that the model draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.checkpoint import Run
from vaekit.goals import RatioGoal, Rows
from vaekit.modes.draw import as_given_back, chosen, plain
from vaekit.pace import REAL, of_ratio
from vaekit.priors.ratio import Ratio
from vaekit.train import Step, train

PER_REAL = 3  # rows of the model's own for each real one that teaches the ratio
COVERED = (
    0.97  # share of rows that are kept with the right probability; of what r says of the others a hundredth is lost
)
ASKED = 8_000  # rows that tell the ratio which covers these
SELDOM = 0.1  # of the share of real cells on exact values so much is hardly any
NO_BETTER = 0.995  # the loss from which on a ratio does not serve rows that never trained; that of none is 1


@torch.no_grad()
def own_rows(fitted: Fitted, rows: Rows, count: int) -> Rows:
    """Rows that the model draws, under the given columns of real rows, as they would be given back."""
    values, present = plain(fitted, *_asked(fitted, rows, count))
    return Rows(*as_given_back(fitted, values, present))


def _asked(fitted: Fitted, rows: Rows, count: int) -> tuple[Tensor, Tensor]:
    """Cells and context of so many rows of which nothing but the given columns is known."""
    at = torch.arange(count) % len(rows)
    context = rows.observed[at]
    context[:, : fitted.vae.K] = False
    return rows.cells[at], context


def not_given(ratio: Ratio, real: Rows, own: Rows) -> Tensor:
    """Flags of the columns whose values repeat among real rows, while the model draws numbers between them, (K,).

    A normal law does. Such rows are told apart for certain, the ratio would say nothing else and never end.
    """
    shares = [(_exact(ratio, rows) & rows.observed).double().mean(0) for rows in (real, own)]
    return shares[1] < SELDOM * shares[0]


def _exact(ratio: Ratio, rows: Rows) -> Tensor:
    """Flags of the cells that are a value with a number of its own in the ratio, (B, K)."""
    found, binned = torch.zeros_like(rows.observed), ratio.embed.binned
    if ratio.embed.partition is not None:
        found[:, binned] = ratio.embed.partition.atom(rows.cells[:, binned]) >= 0
    return found


def beside(ratio: Ratio, rows: Rows, columns: Tensor) -> Rows:
    """The rows, with cells of such columns so little beside the values that repeat that they are between them."""
    if not columns.any():
        return rows
    assert ratio.embed.partition is not None, "a column with exact values"
    step = torch.zeros(rows.cells.shape[1])
    step[ratio.embed.binned] = ratio.embed.partition.reach.amax(1) * 3
    return Rows(torch.where(_exact(ratio, rows) & columns, rows.cells + step, rows.cells), rows.observed)


def learn(
    fitted: Fitted, rows: Rows, held_out: Rows | None, device: torch.device, seed: int, deadline: float | None = None,
    checkpoint: Path | None = None, on_step: Callable[[Step], Any] | None = None,
) -> Run:  # fmt: skip
    """Draw rows, learn to tell real ones from them, and use what was learned where rows that never trained say so too."""
    ratio = fitted.vae.ratio
    assert ratio is not None, "a model that has one"
    rows = rows[torch.from_numpy(rng.numpy(seed, "ratio").permutation(len(rows))[:REAL])]
    apart = len(rows) // 4 if held_out is None else len(held_out)
    with rng.seeded(seed, "own rows"):
        own = own_rows(fitted, rows, PER_REAL * len(rows) + apart)
    never = not_given(ratio, rows, own)
    real, own = (beside(ratio, part, never).to(device) for part in (rows, own))
    other = None if held_out is None else beside(ratio, held_out, never).to(device)
    goal = RatioGoal(ratio.to(device), own[torch.arange(apart, len(own))], own[torch.arange(apart)])
    run = train(
        ratio.train(), goal, real, other, of_ratio(fitted.spec["train"], len(rows)),
        stage="ratio", seed=seed, deadline=deadline, checkpoint=checkpoint, on_step=on_step,
    )  # fmt: skip
    ratio.to("cpu").eval()
    if held_out is None or run.best < NO_BETTER:
        ratio.learned.fill_(True)
        with rng.seeded(seed, "most"), torch.no_grad():
            ratio.most.copy_(chosen(fitted, *_asked(fitted, rows, ASKED))[2].quantile(COVERED))
    return run
