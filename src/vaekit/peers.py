"""Processes that train one model together: each has rows of its own, all have the same weights after every step.

`torchrun --nproc_per_node 4 -m vaekit fit ...` starts them and says where they find one another, and so do Ray's workers. In a
process that trains alone every function here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

from vaekit.goals import Rows

ENDINGS = ("", "cut short", "stopped", "time limit")  # of an epoch, the later ones outdo the earlier


def place() -> tuple[int, int]:
    """The number of this process, and how many there are.

    >>> place()
    (0, 1)
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def is_first() -> bool:
    """Whether this is the process that writes files and talks; `torchrun` tells it before the processes have met.

    >>> is_first()
    True
    """
    return place()[0] == 0 if place()[1] > 1 else os.environ.get("RANK", "0") == "0"


@contextmanager
def together() -> Iterator[None]:
    """Meet the processes that `torchrun` started beside this one, and part from them; each has its own graphics card."""
    if place()[1] > 1 or int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    cards = torch.cuda.is_available()
    if cards:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if cards else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def own(rows: Rows) -> Rows:
    """The rows that are this process's to train on: every n-th."""
    first, count = place()
    return rows if count == 1 else rows[torch.arange(first, len(rows), count, device=rows.cells.device)]


def even(rows: Rows) -> Rows:
    """As many rows as every process has, so that all take the same number of steps."""
    if place()[1] == 1:
        return rows
    least = torch.tensor(len(rows), device=rows.cells.device)
    distributed.all_reduce(least, distributed.ReduceOp.MIN)
    return rows[torch.arange(int(least), device=rows.cells.device)]


@torch.no_grad()
def same(module: nn.Module) -> None:
    """Give every process the weights of the first."""
    if place()[1] > 1:
        for tensor in module.state_dict().values():
            distributed.broadcast(tensor, 0)


@torch.no_grad()
def average(parameters: Sequence[nn.Parameter]) -> None:
    """Give every process the mean gradients, in one message; a parameter without one anywhere stays without."""
    count = place()[1]
    if count == 1:
        return
    there = [0.0 if parameter.grad is None else 1.0 for parameter in parameters]
    parts = [torch.zeros_like(each) if each.grad is None else each.grad.to_dense() for each in parameters]
    flat = torch.cat([*(part.flatten() for part in parts), torch.tensor(there, device=parts[0].device)])
    distributed.all_reduce(flat)
    seen, at = flat[-len(there) :].tolist(), 0
    for parameter, part, some in zip(parameters, parts, seen, strict=True):
        mean = (flat[at : at + part.numel()] / count).view_as(part)
        parameter.grad = mean if some else None
        at += part.numel()


def mean(loss: Tensor) -> float:
    """The mean loss of all processes: not a number where it is none in one of them."""
    count = place()[1]
    if count == 1:
        return float(loss.detach())
    total = loss.detach().clone()
    distributed.all_reduce(total)
    return float(total) / count


def told(value: float, device: torch.device | str = "cpu") -> float:
    """What the first process says, where clocks and roundings may differ."""
    if place()[1] == 1:
        return value
    word = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.broadcast(word, 0)
    return float(word)


def ended(how: str, device: torch.device | str = "cpu") -> str:
    """How an epoch ends: as soon as it ends for one process it does for all."""
    if place()[1] == 1:
        return how
    word = torch.tensor(ENDINGS.index(how), device=device)
    distributed.all_reduce(word, distributed.ReduceOp.MAX)
    return ENDINGS[int(word)]
