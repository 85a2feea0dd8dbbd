"""A user's own module as the net: held against what the model needs of it before any training begins."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from vaekit.errors import SpecError

ROWS = 3


def adopt(net: nn.Module, features: int, latents: int) -> nn.Module:
    """A copy of a user's net that fits the model, so that the same module can begin several fits.

        encode(features (B, F)) -> (B, net.encoded)        decode(latents (B, L)) -> (B, net.decoded)

    Args:
        net: the user's module.
        features: F, what the model will give to encode.
        latents: what it will give to decode: L, and the features of given columns.

    Raises:
        SpecError: for an attribute that is absent or no size, and for a half that fails, or returns anything else.

    >>> class Half(nn.Linear):
    ...     def encode(self, x): return self(x)
    ...     def decode(self, z): return self(z)
    ...     encoded = decoded = 4
    >>> adopt(Half(2, 4), 2, 2)
    Half(in_features=2, out_features=4, bias=True)
    """
    _check_attributes(net)
    own: Any = deepcopy(net).cpu()
    before = own.training
    own.eval()  # statistics of batches and dropout stay as they are
    with torch.no_grad():
        _check_half("encode", own.encode, features, own.encoded, "features")
        _check_half("decode", own.decode, latents, own.decoded, "latents")
    return own.train(before)


def _check_attributes(net: Any) -> None:
    wanted = ["encode", "decode", "encoded", "decoded"]
    wanted += ["local", "beside"] if getattr(net, "on_grid", False) else []
    if missing := [name for name in wanted if not hasattr(net, name)]:
        raise SpecError(
            f"net: your {type(net).__name__} lacks {', '.join(missing)}",
            hint="a net has encode(features), decode(latents), and the number of features that leave each: encoded, decoded",
        )
    for name in wanted[2:]:
        size = getattr(net, name)
        if isinstance(size, bool) or not isinstance(size, int) or size < (name != "beside"):
            raise SpecError(
                f"net: {type(net).__name__}.{name} is {size!r}, expected how many features leave, a whole number",
                hint=f"self.{name} = 64",
            )
    for name, weight in net.named_parameters():
        if weight.dtype != torch.float32:
            raise SpecError(
                f"net: {name} of your {type(net).__name__} holds {weight.dtype}, the model computes in torch.float32",
                hint="net=MyNet().float()",
            )


def _check_half(name: str, half: Callable[[Tensor], Any], size: int, leaving: int, what: str) -> None:
    given, told = torch.zeros(ROWS, size), f"net: {name} was given {what} of shape ({ROWS}, {size})"
    try:
        out = half(given)
    except Exception as error:
        raise SpecError(
            f"{told} and failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            hint=f"its first layer takes {size} {what}, for example nn.Linear({size}, ...) or nn.LazyLinear(...)",
        ) from error
    expected = f"expected one tensor ({ROWS}, {leaving}), as `{name}d` promises"
    if not isinstance(out, Tensor):
        length = f" of {len(out)}" if isinstance(out, tuple | list) else ""
        raise SpecError(
            f"{told} and returned a {type(out).__name__}{length}, {expected}",
            hint="features alone: mean and variance, and the laws of the columns, are made from them",
        )
    if tuple(out.shape) != (ROWS, leaving):
        hint = (
            f"one row of features for each row; self.{name}d = {out.shape[-1] if out.ndim else 1} if that is its size"
        )
        raise SpecError(f"{told} and returned {tuple(out.shape)}, {expected}", hint=hint)
    if out.dtype != torch.float32:
        raise SpecError(f"{told} and returned {out.dtype}, expected torch.float32", hint="return features.float()")
