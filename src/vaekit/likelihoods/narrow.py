"""One column of a likelihood that serves several: its own rows of every parameter, nothing copied."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from vaekit.likelihoods.head import Head


def narrow(part: nn.Module, place: int) -> nn.Module:
    """The likelihood of one of the K columns that `part` serves, with views of its parameters.

        p_k(x|z) needs the K-th part of the head's weights alone: 1 / K of the matrix product

    What a likelihood holds for each of its columns lies along the first axis: of tensors, of lists, and of the head's
    parameters (K, P). Gradients reach the whole.

    >>> import torch
    >>> from vaekit.codec.field import Field
    >>> from vaekit.likelihoods import LIKELIHOODS
    >>> three = LIKELIHOODS["gaussian"](4, [Field(name, "real") for name in "abc"])
    >>> features = torch.ones(1, 2, 4)
    >>> torch.allclose(narrow(three, 1)(features).mean, three(features).mean[..., 1:2])
    True
    """
    return _narrowed(part, _columns(part), place)


def _columns(part: nn.Module) -> int:
    return next(module.shape[0] for module in part.modules() if isinstance(module, Head))


def _narrowed(module: nn.Module, K: int, at: int) -> Any:
    small = copy.copy(module)
    small.__dict__ = dict(module.__dict__)
    if isinstance(module, Head):
        return _head(small, module, at)
    own = {**module._parameters, **module._buffers}
    small._parameters, small._buffers = {}, {name: _own(tensor, K, at) for name, tensor in own.items()}
    small._modules = {name: None if m is None else _narrowed(m, K, at) for name, m in module._modules.items()}
    for name, value in module.__dict__.items():
        if isinstance(value, list) and len(value) == K:
            small.__dict__[name] = value[at : at + 1]
    return small


def _own(tensor: Tensor | None, K: int, at: int) -> Tensor | None:
    return tensor[at : at + 1] if tensor is not None and tensor.dim() and len(tensor) == K else tensor


def _head(small: Any, head: Head, at: int) -> Any:
    P = head.shape[1]
    linear = copy.copy(head.linear)
    linear.__dict__ = dict(head.linear.__dict__)
    rows = slice(at * P, (at + 1) * P)
    linear._parameters, linear.out_features = {}, P
    linear._buffers = {"weight": head.linear.weight[rows], "bias": head.linear.bias[rows]}
    small.shape, small._modules = (1, P), {"linear": linear}
    return small
