"""The tutorials' net: fully connected layers, mirrored in the decoder."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from vaekit.spec import AtLeastOne, Share

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "gelu": nn.GELU, "elu": nn.ELU, "tanh": nn.Tanh}
Activation = Literal["relu", "silu", "gelu", "elu", "tanh"]


class Mlp(nn.Module):
    """h_1 = act(W_1 x), h_2 = act(W_2 h_1), ...; the decoder walks `hidden` backwards.

    Args:
        features: features that enter the encoder.
        latents: latents that enter the decoder.
        hidden: widths from the encoder's first layer to its last; an empty list gives a linear model.
        activation: between the layers.
        dropout: share of units set to zero in training.

    >>> net = Mlp(784, 32, hidden=[400])
    >>> net.encoded, net.decoded
    (400, 400)
    """

    rich = False

    def __init__(
        self,
        features: int,
        latents: int,
        *,
        hidden: list[AtLeastOne] = [400],  # noqa: B006
        activation: Activation = "relu",
        dropout: Share = 0.0,
    ) -> None:
        super().__init__()
        self._down = _stack([features, *hidden], activation, dropout)
        self._up = _stack([latents, *reversed(hidden)], activation, dropout)
        self.encoded = hidden[-1] if hidden else features
        self.decoded = hidden[0] if hidden else latents

    def encode(self, features: Tensor) -> Tensor:
        return self._down(features)

    def decode(self, latents: Tensor) -> Tensor:
        return self._up(latents)


def _stack(widths: list[int], activation: str, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), ACTIVATIONS[activation]()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers)
