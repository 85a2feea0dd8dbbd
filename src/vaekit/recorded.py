"""Steps on few rows, recorded: for so few numbers what Python spends between two steps is longer than the steps themselves.

A pass of one row is some hundred operations of a few microseconds each. Recorded once for a number of rows
(`torch.jit.trace`), they follow one another without Python: the same operations, hence the same answers to the last digit, in
little more than half of the time. torch calls its recorder old; the one that follows it compiles, which needs a compiler and
minutes. Where torch has none any more nothing is recorded, nor where what comes next depends on a number.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from vaekit.artifact import Fitted

Tensors = tuple[Tensor, ...]
NAME = "recorded"
SETTLED = 2  # passes after which a recording is as fast as it becomes
ONE = threading.Lock()  # a recording at a time: which warnings are silent is the whole process's, not a thread's
ASKS = ("aten::_local_scalar_dense", "aten::equal", "aten::is_nonzero")  # how Python learns of a tensor's numbers


@contextmanager
def recording(fitted: Fitted) -> Iterator[None]:
    """Within it `recorded` records what it is asked for; afterwards what was recorded is used.

    The model no longer trains: its parameters have no gradients.
    """
    fitted.vae.requires_grad_(False)
    known: dict[Hashable, Any] = fitted.prepared.setdefault(NAME, {})
    known["open"] = True
    try:
        yield
    finally:
        known["open"] = False


def recorded(fitted: Fitted, what: Hashable, steps: Callable[..., Tensors], *of: Tensor) -> Tensors:
    """steps(*of), or what was recorded of it for tensors of these shapes.

    Args:
        fitted: the model, whose recordings are kept as long as it is.
        what: says which function it is, and all that it knows beside the model and the tensors.
        steps: a function of tensors.
        of: the tensors.
    """
    known = fitted.prepared.get(NAME)
    if known is None:
        return steps(*of)
    key = (what, *((each.shape, each.dtype) for each in of))
    if known["open"] and key not in known:
        if what not in known:
            known[what] = _knows_what_follows(steps, of)
        known[key] = _record(steps, of) if known[what] else steps
    found: Tensors = known.get(key, steps)(*of)
    return found


def _knows_what_follows(steps: Callable[..., Tensors], of: Tensors) -> bool:
    """Whether the same operations follow one another whatever the numbers; what is found once for a model is found now."""
    if not hasattr(torch.jit, "trace"):
        return False
    steps(*of)
    with _Watch() as watch:
        steps(*of)
    return not watch.asked


def _record(steps: Callable[..., Tensors], of: Tensors) -> Callable[..., Tensors]:
    """The operations of `steps` for tensors of these shapes."""
    with ONE, torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of every size that is asked for: a recording serves one; and that it is old
        plain = tuple(each.clone() for each in of)

        def named(*own: Tensor) -> Tensors:  # the recorder asks for a function's name
            return steps(*own)

        found: Callable[..., Tensors] = torch.jit.trace(named, plain, check_trace=False)
        for _ in range(SETTLED):
            found(*plain)
    return found


class _Watch(TorchDispatchMode):
    """Whether the numbers of a tensor were asked for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.asked = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.asked |= func.name() in ASKS
        return func(*args, **(kwargs or {}))
