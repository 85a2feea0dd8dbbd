"""Lots of rows side by side, a core each.

Two cores that share every product wait for each other thousands of times a second, and far longer where another process has
one of them. A core that has a lot of its own waits for none, and its answers are those of a single core to the last bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, islice
from typing import TypeVar

import torch

T = TypeVar("T")


def abreast(work: Callable[[slice], T], lots: Iterable[slice]) -> list[T]:
    """What `work` gives for each lot, in order; as many at a time as torch has threads, each with one of them.

    Args:
        work: a function of rows alone: it draws nothing, since all threads have one generator.
        lots: which rows, as `ask.chunks` cuts them; a single lot has all threads.

    >>> abreast(lambda at: sum(range(9)[at]), [slice(0, 4), slice(4, 9)])
    [6, 30]
    """
    cores, lots = torch.get_num_threads(), iter(lots)
    first = list(islice(lots, 2))
    every = chain(first, lots)
    if cores == 1 or len(first) < 2:
        return [work(at) for at in every]
    found, running = list[T](), deque[Future[T]]()
    gradients = torch.is_grad_enabled()

    def alone(at: slice) -> T:
        with torch.set_grad_enabled(gradients):  # which each thread has its own flag for
            return work(at)

    try:
        with ThreadPoolExecutor(cores, "vaekit-lot", torch.set_num_threads, (1,)) as pool:
            for at in every:
                if len(running) == cores:
                    found.append(running.popleft().result())
                running.append(pool.submit(copy_context().run, alone, at))
            found.extend(each.result() for each in running)
    finally:
        torch.set_num_threads(cores)  # threads that begin later take the number that was set last, by whichever thread
    return found
