"""Matrix products in half precision, where a training wants them so: some processors multiply it several times as fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import torch
from torch import Tensor

_HALF: ContextVar[bool] = ContextVar("half", default=False)


@cache
def has_fast_half() -> bool:
    """Whether this processor multiplies matrices of bfloat16 faster than those of single precision.

    In tiles (AMX) some five times as fast, by the products of AVX-512 up to three times.
    """
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older releases of torch cannot tell
    return bool(known.get("amx_bf16") or known.get("avx512_bf16"))


@contextmanager
def half(wanted: bool) -> Iterator[None]:
    """Within it `rounded` rounds what it multiplies, where `wanted`.

    >>> with half(True):
    ...     rounded(torch.nn.Linear(3, 2), torch.ones(1, 3)).dtype
    torch.float32
    """
    token = _HALF.set(wanted)
    try:
        yield
    finally:
        _HALF.reset(token)


def rounded(products: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """products(x) in the precision of x; within `half` its matrices, not its sums, are rounded to bfloat16.

    Weights and their gradients keep their precision. Micikevicius et al. 2018 (arXiv 1710.03740); of bfloat16 Kalamkar et al.
    2019 (arXiv 1905.12322).

    Args:
        products: a net or a part of one.
        x: features, (..., F).
    """
    if not _HALF.get():
        return products(x)
    with torch.autocast(x.device.type, torch.bfloat16):
        return products(x).to(x.dtype)
