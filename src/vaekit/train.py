"""One loop: mini-batches indexed from tensors in memory, a bound on held-out rows, and always a model to give back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vaekit import peers, rng
from vaekit.adamw import AdamW
from vaekit.checkpoint import Run, read_checkpoint, write_checkpoint
from vaekit.errors import DataError, warn
from vaekit.goals import Goal, Rows
from vaekit.lots import Lots
from vaekit.precision import half

RECOVERIES = 3
WAITED = "no better on held-out rows"
CUT = "cut short"


@dataclass(frozen=True)
class Step:
    """Where a training stands, handed to `on_step` and to the progress bar.

    `on_step` may return False to stop, or `CUT` to end this stage and go on to the next.
    """

    stage: str
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    rows_per_s: float


@dataclass
class Settings:
    """How long and how fast, all of it filled in by `vaekit.presets.complete`."""

    epochs: int
    batch: int
    rate: float
    patience: int | None
    weight_decay: float = 1e-4
    clip: float = 1.0
    half: bool = False


def train(
    module: nn.Module,
    goal: Goal,
    rows: Rows | Lots,
    held_out: Rows | None,
    settings: Settings,
    *,
    stage: str = "model",
    seed: int = 0,
    deadline: float | None = None,
    checkpoint: Path | None = None,
    on_step: Callable[[Step], Any] | None = None,
    blame: Callable[[Rows], str] | None = None,
) -> Run:
    """Minimise the goal over the rows, and leave the best weights seen in `module`.

    The best epoch is the one with the least loss on the held-out rows; without `patience` or held-out rows it is the last one.
    Ctrl-C and the deadline end the training as if the best so far were the answer. A loss that is not a number takes the
    weights back to the last good epoch at half the rate; after three such recoveries the training ends with a warning.

    Args:
        module: what is trained; its parameters named by `goal.parameters` get the gradients.
        goal: the loss.
        rows: training rows, or a lot of them for each epoch.
        held_out: rows that never train, or None.
        settings: epochs, batch size, rate, patience.
        stage: name for progress and history.
        seed: of initial order and noise; epoch e draws from its own stream, so a resumed training repeats itself exactly.
        deadline: `time.monotonic()` at which to stop.
        checkpoint: file to continue from when it exists, rewritten atomically after epochs.
        on_step: called after every step.
        blame: names the column at fault for a batch whose loss is not a number.

    Returns:
        The run, its `history` one row an epoch.
    """
    optimiser = AdamW(goal.parameters, decay=settings.weight_decay, clip=settings.clip)
    run = Run(stage)
    now = time.monotonic()
    window = None if deadline is None else (now, max(deadline, now + 1e-9))
    best = None
    if checkpoint is not None and checkpoint.exists():
        best = read_checkpoint(checkpoint, run, module, optimiser)
    peers.same(module)
    good = _weights(module)
    best = best or good
    try:
        while run.epoch < settings.epochs and not run.ended:
            if _waited(run, settings):  # a resumed training that had already ended
                run.ended = WAITED
                break
            lot = peers.even(rows.at(run.epoch) if isinstance(rows, Lots) else rows)
            with rng.seeded(seed, stage, run.epoch, *([own] if (own := peers.place()[0]) else [])):
                totals = _epoch(goal, lot, settings, optimiser, run, window, on_step)
            if totals is None or not _finite(goal):
                _recover(module, optimiser, good, run, blame, lot)
                continue
            good = _weights(module)
            if _judge(module, goal, held_out, settings, run, totals, seed):
                best = good
            run.epoch += 1
            whole = run.ended in ("", WAITED)  # an epoch cut short is repeated when resumed
            if checkpoint is not None and whole and peers.is_first():
                write_checkpoint(checkpoint, run, module, optimiser, best)
    except KeyboardInterrupt:
        run.ended = "interrupted"
        if not run.history and _finite(goal):  # half an epoch is better than none
            best = _weights(module)
    finally:
        if isinstance(rows, Lots):
            rows.close()
    module.load_state_dict(best)
    run.ended = run.ended or "complete"
    return run


def _epoch(
    goal: Goal, rows: Rows, settings: Settings, optimiser: AdamW, run: Run,
    window: tuple[float, float] | None, on_step: Callable[[Step], Any] | None,
) -> dict[str, Any] | None:  # fmt: skip
    """Average terms of one epoch; None when a loss was not a number."""
    totals: dict[str, Any] = {}
    began, done = time.monotonic(), 0
    steps, device = max(1, len(rows) // settings.batch), rows.cells.device
    for step, index in enumerate(_batches(len(rows), settings.batch, rows.cells.device)):
        progress = (run.epoch + step / steps) / settings.epochs
        if window is not None:  # a training that will be cut short slows its rate in time
            progress = min(1.0, max(progress, (time.monotonic() - window[0]) / (window[1] - window[0])))
            progress = peers.told(progress, device)
        with half(settings.half):
            loss, terms = goal.loss(rows[index], progress)
        if not math.isfinite(value := peers.mean(loss)):
            return None
        optimiser.zero_grad()
        loss.backward()
        peers.average(goal.parameters)
        optimiser.step(settings.rate * run.slow * schedule(progress))
        done += len(index)
        for name, term in (("loss", loss), *terms.items()):  # batches are equally long
            totals[name] = totals.get(name, 0.0) + term.detach()
        if on_step is not None:
            rate = done / max(time.monotonic() - began, 1e-9)
            at = run.epoch * steps + step + 1
            told = on_step(Step(run.stage, run.epoch, settings.epochs, at, settings.epochs * steps, value, rate))
            run.ended = "stopped" if told is False else CUT if told == CUT else ""
        if window is not None and time.monotonic() > window[1]:
            run.ended = "time limit"
        run.ended = peers.ended(run.ended, device)
        if run.ended:
            break
    averages = {name: (total / (step + 1)).tolist() for name, total in totals.items()}
    return averages | {"rows_per_s": done / max(time.monotonic() - began, 1e-9)}


def _batches(count: int, batch: int, device: torch.device) -> Iterator[Tensor]:
    """A fresh order every epoch; the rows left over join the next order rather than form a small batch."""
    order = torch.randperm(count).to(device)
    whole = max(1, count // batch)
    for i in range(whole):
        yield order[i * batch : (i + 1) * batch]


def schedule(progress: float) -> float:
    """Share of the rate: a linear start over 4 % of the training, then half a cosine down to 1 %.

    >>> schedule(0.02), schedule(1.0)
    (0.5, 0.01)
    """
    if progress < 0.04:
        return max(progress / 0.04, 0.02)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (progress - 0.04) / 0.96))


def _judge(
    module: nn.Module, goal: Goal, held_out: Rows | None, settings: Settings, run: Run, totals: dict[str, Any], seed: int
) -> bool:  # fmt: skip
    """Write the epoch down; whether its weights are those to keep so far."""
    row = {"stage": run.stage, "epoch": run.epoch, **totals}
    run.history.append(row)
    if held_out is None or settings.patience is None:
        if held_out is not None:
            row["validation"] = held_out_loss(module, goal, held_out, seed)
        return True
    row["validation"] = value = peers.told(held_out_loss(module, goal, held_out, seed), held_out.cells.device)
    if value < run.best or not math.isfinite(run.best):  # held-out rows without a finite loss choose nothing
        run.best, run.since = value if math.isfinite(value) else math.inf, 0
        return True
    run.since += 1
    run.ended = WAITED if _waited(run, settings) else run.ended
    return False


def _waited(run: Run, settings: Settings) -> bool:
    return settings.patience is not None and run.since > settings.patience


@torch.no_grad()
def held_out_loss(module: nn.Module, goal: Goal, held_out: Rows, seed: int) -> float:
    """The goal's loss on held-out rows, the same noise and hidden cells every time."""
    module.eval()
    total = 0.0
    with rng.seeded(seed, "held out"):
        at_once = max(1, 4096 // getattr(goal, "samples", 1))  # many latents of a row are as many rows
        for chunk in torch.arange(len(held_out), device=held_out.cells.device).split(at_once):
            total += float(goal.loss(held_out[chunk], 1.0)[0]) * len(chunk)
    module.train()
    return total / len(held_out)


def _recover(
    module: nn.Module, optimiser: AdamW, good: dict[str, Tensor], run: Run,
    blame: Callable[[Rows], str] | None, rows: Rows,
) -> None:  # fmt: skip
    """Back to the last good weights at half the rate; after too many times, the end."""
    fault = blame(rows) if blame is not None else "the loss"
    module.load_state_dict(good)
    optimiser.clear()
    run.slow, run.recoveries = run.slow / 2, run.recoveries + 1
    if run.recoveries <= RECOVERIES:
        return
    if not run.history:
        raise DataError(
            f"training: the loss is not a number from the first epoch on; at fault: {fault}",
            hint="look at that column for extreme values, give it another kind, or lower the rate: train={'rate': 1e-4}",
        )
    run.ended = "not a number"
    warn(
        f"training stopped in epoch {run.epoch} with the last good model: the loss was not a number {run.recoveries} times; "
        f"at fault: {fault}"
    )


def _finite(goal: Goal) -> bool:
    """A finite loss may still have had a gradient that was not. One number that is not finite makes the norm of all such."""
    return bool(nn.utils.get_total_norm(goal.parameters).isfinite())


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
