"""Special functions that torch lacks, from SciPy: computed in double precision on the processor, without a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def student_cdf(degrees: Tensor, value: Tensor) -> Tensor:
    """P(T <= value) of Student's t with so many degrees of freedom.

    >>> student_cdf(torch.tensor([1.0, 5.0]), torch.tensor([1.0, 0.0]))
    tensor([0.7500, 0.5000])
    """
    from scipy.special import stdtr

    return _on_host(stdtr, degrees, value)


def incomplete_beta(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """I_x(a, b), the regularised incomplete beta function.

    >>> incomplete_beta(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([0.5]))
    tensor([0.7500])
    """
    from scipy.special import betainc

    return _on_host(betainc, a, b, x)


def _on_host(function: Callable[..., Any], *parts: Tensor) -> Tensor:
    found = function(*(part.detach().cpu().double().numpy() for part in parts))
    like = parts[-1]
    return torch.as_tensor(found).to(dtype=like.dtype, device=like.device)
