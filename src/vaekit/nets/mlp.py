"""The tutorials' net: fully connected layers, mirrored in the decoder."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from vaekit.spec import AtLeastOne, Share

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "gelu": nn.GELU, "elu": nn.ELU, "tanh": nn.Tanh}
Activation = Literal["relu", "silu", "gelu", "elu", "tanh"]
Start = Literal["torch", "he"]


class Mlp(nn.Module):
    """h_1 = act(W_1 x), h_2 = act(W_2 h_1), ...; the decoder walks `hidden` backwards.

    Args:
        features: features that enter the encoder.
        latents: latents that enter the decoder.
        hidden: widths from the encoder's first layer to its last; an empty list gives a linear model.
        activation: between the layers.
        dropout: share of units set to zero in training.
        start: "he" begins with weights as wide as keeps the size of what passes through (He et al. 2015, arXiv 1502.01852),
            "torch" with narrower ones. From these, latents of images reach the decoder as a whisper and many fall silent for
            good; tables do better with them (docs/notes/0010-idle-latents.md). Of images it is "he" where nobody chose.

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
        start: Start = "torch",
    ) -> None:
        super().__init__()
        self._down = _stack([features, *hidden], activation, dropout, start)
        self._up = _stack([latents, *reversed(hidden)], activation, dropout, start)
        self.encoded = hidden[-1] if hidden else features
        self.decoded = hidden[0] if hidden else latents

    def encode(self, features: Tensor) -> Tensor:
        return self._down(features)

    def decode(self, latents: Tensor) -> Tensor:
        return self._up(latents)


def _stack(widths: list[int], activation: str, dropout: float, start: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [_linear(a, b, activation, start), ACTIVATIONS[activation]()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers)


def _linear(a: int, b: int, activation: str, start: str) -> nn.Linear:
    layer = nn.Linear(a, b)
    if start == "he":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="tanh" if activation == "tanh" else "relu")
        nn.init.zeros_(layer.bias)
    return layer
