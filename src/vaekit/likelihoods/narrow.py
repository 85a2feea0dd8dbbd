"""One column, or some, of a likelihood that serves several: their own rows of every parameter."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vaekit.likelihoods.head import Head


def narrow(part: nn.Module, places: int | Sequence[int]) -> nn.Module:
    """The likelihood of one or some of the K columns that `part` serves; of one with views of its parameters.

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
    >>> torch.allclose(narrow(three, [0, 2])(features).mean, three(features).mean[..., [0, 2]])
    True
    """
    at = [places] if isinstance(places, int) else list(places)
    K = _columns(part)
    return part if at == list(range(K)) else _narrowed(part, K, at, _head)


def of_pairs(part: nn.Module, features: Tensor, places: Sequence[int]) -> Any:
    """The law of one column each of N rows, batch shape (1, 1, N): of the n-th row that of its n-th place.

    Args:
        part: a likelihood of several columns.
        features: (N, F).
        places: (N,).

    >>> import torch
    >>> from vaekit.codec.field import Field
    >>> from vaekit.likelihoods import LIKELIHOODS
    >>> three = LIKELIHOODS["gaussian"](4, [Field(name, "real") for name in "abc"])
    >>> features = torch.randn(2, 4)
    >>> torch.allclose(of_pairs(three, features, [2, 0]).mean[0, 0], three(features[None]).mean[0, [0, 1], [2, 0]])
    True
    """

    def head(small: Any, head: Head, at: list[int]) -> nn.Module:
        return Known(head(features)[torch.arange(len(at)), at])

    return _narrowed(part, _columns(part), list(places), head)(features[None])


class Known(nn.Module):
    """A head whose parameters (N, P) are known already, whatever it is asked about."""

    def __init__(self, parameters: Tensor) -> None:
        super().__init__()
        self.known = parameters

    def forward(self, features: Tensor) -> Tensor:
        return self.known[None, None]


def across(part: nn.Module, owner: Tensor) -> Any:
    """The likelihood whose k-th column sees features of its own: features (blocks, B, F) give laws of batch shape (1, B, K).

    Args:
        part: a likelihood of K columns.
        owner: which of the features each column sees, (K,).

    >>> import torch
    >>> from vaekit.codec.field import Field
    >>> from vaekit.likelihoods import LIKELIHOODS
    >>> two = LIKELIHOODS["gaussian"](4, [Field(name, "real") for name in "ab"])
    >>> features = torch.randn(2, 3, 4)
    >>> own = across(two, torch.tensor([1, 0]))(features).mean
    >>> torch.allclose(own[0], two(features).mean[[1, 0], :, [0, 1]].T)
    True
    """
    return _narrowed(part, _columns(part), list(range(len(owner))), lambda _, head, __: Across(head, owner))


class Across(nn.Module):
    """A head whose columns see features of their own: (blocks, B, F) -> (1, B, K, P).

    Parameters that are zero whatever the features, with which columns of a smaller size are padded, are not computed.
    """

    place: Tensor

    def __init__(self, head: Head, owner: Tensor) -> None:
        super().__init__()
        self.shape, (weight, bias) = head.shape, (each.detach() for each in (head.linear.weight, head.linear.bias))
        used = ((weight != 0).any(1) | (bias != 0)).unflatten(0, head.shape)
        at = [((owner == b)[:, None] & used).flatten().nonzero()[:, 0] for b in range(int(owner.max()) + 1)]
        self.maps = [(weight[i], bias[i]) for i in at]
        order = torch.cat(at)
        place = torch.full((len(bias),), len(order))  # where a zero follows what is computed
        place[order] = torch.arange(len(order))
        self.padded = len(order) < len(bias)
        self.register_buffer("place", place, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        own = [nn.functional.linear(each, *map_) for each, map_ in zip(features.unbind(), self.maps, strict=False)]
        if self.padded:
            own.append(features.new_zeros(features.shape[1], 1))
        return torch.cat(own, -1).index_select(-1, self.place).unflatten(-1, self.shape)[None]


def _columns(part: nn.Module) -> int:
    return next(module.shape[0] for module in part.modules() if isinstance(module, Head))


def _narrowed(module: nn.Module, K: int, at: list[int], of_head: Callable[..., nn.Module]) -> Any:
    small = copy.copy(module)
    small.__dict__ = dict(module.__dict__)
    if isinstance(module, Head):
        return of_head(small, module, at)
    own = {**module._parameters, **module._buffers}
    small._parameters, small._buffers = {}, {name: _own(tensor, K, at) for name, tensor in own.items()}
    small._modules = {name: None if m is None else _narrowed(m, K, at, of_head) for name, m in module._modules.items()}
    for name, value in module.__dict__.items():
        if isinstance(value, list) and len(value) == K:
            small.__dict__[name] = [value[k] for k in at]
    return small


def _own(tensor: Tensor | None, K: int, at: list[int]) -> Tensor | None:
    return _rows(tensor, at) if tensor is not None and tensor.dim() and len(tensor) == K else tensor


def _rows(tensor: Tensor, at: list[int]) -> Tensor:
    """Rows of a tensor: a view of one, a copy of several."""
    return tensor[at[0] : at[0] + 1] if len(at) == 1 else tensor[at]


def _head(small: Any, head: Head, at: list[int]) -> Any:
    P = head.shape[1]
    linear = copy.copy(head.linear)
    linear.__dict__ = dict(head.linear.__dict__)
    weight, bias = (_rows(each.unflatten(0, head.shape), at).flatten(0, 1) for each in (linear.weight, linear.bias))
    linear._parameters, linear.out_features = {}, len(at) * P
    linear._buffers = {"weight": weight, "bias": bias}
    small.shape, small._modules = (len(at), P), {"linear": linear}
    return small
