"""The eye of the evaluation: a small classifier of pictures, trained on the spot, whose last layer says what is alike.

Where a column names what a picture shows, the classifier learns to read it. Otherwise it learns to tell how a picture was
turned (Gidaris, Singh, Komodakis 2018, arXiv 1803.07728), for which it has to know what pictures look like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaekit import rng

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LARGEST = 32  # larger pictures are averaged down to this many pixels a side
WIDTH = 64  # features
SHOWN = 40_000  # pictures in a training, repetitions counted
BATCH, RATE = 64, 2e-3
TURNS = "how the picture was turned"


@dataclass(frozen=True, eq=False)
class Eye:
    """A trained classifier: what it was asked, how many classes that has, and how often it is right on new pictures."""

    net: nn.Sequential
    task: str
    classes: int
    accuracy: float

    @torch.no_grad()
    def features(self, pictures: Tensor) -> Floats:
        """The last layer but one of pictures (B, C, H, W), (B, 64)."""
        parts = [self.net[:-1](small(part)) for part in pictures.split(1000)]
        return torch.cat(parts).double().numpy()

    @torch.no_grad()
    def read(self, pictures: Tensor) -> Codes:
        """The class of each picture (B, C, H, W)."""
        return torch.cat([self.net(small(part)).argmax(1) for part in pictures.split(1000)]).numpy()


def trained(
    pictures: Tensor, codes: Codes | None, others: tuple[Tensor, Codes | None], task: str = TURNS, seed: int = 0
) -> Eye:
    """A classifier of pictures (B, C, H, W), zero where a pixel is missing.

    Args:
        pictures: that it learns from.
        codes: (B,) classes counted from 0; None for the task that needs none.
        others: pictures and classes that tell how often it is right.
        task: what the classes are.
        seed: of the first weights and of the order.
    """
    if codes is None:
        pictures, codes = turned(pictures)
        others = turned(others[0])
    assert others[1] is not None, "classes of the other pictures"
    classes = int(max(codes.max(), others[1].max())) + 1
    with rng.seeded(seed, "features"), torch.enable_grad():
        net = _train(small(pictures), torch.from_numpy(codes), classes)
    eye = Eye(net.eval(), task, classes, 0.0)
    accuracy = float((eye.read(others[0]) == others[1]).mean()) if len(others[1]) else 0.0
    return Eye(eye.net, task, classes, accuracy)


def _train(pictures: Tensor, codes: Tensor, classes: int) -> nn.Sequential:
    net = _net(pictures.shape[1:], classes)
    steps = max(1, SHOWN // BATCH)
    adam = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01)
    pace = torch.optim.lr_scheduler.OneCycleLR(adam, RATE, total_steps=steps)
    for _ in range(steps):
        at = torch.randint(len(pictures), (min(BATCH, len(pictures)),))
        adam.zero_grad()
        nn.functional.cross_entropy(net(pictures[at]), codes[at]).backward()
        adam.step()
        pace.step()
    return net


def _net(shape: torch.Size, classes: int) -> nn.Sequential:
    """Two convolutions of stride two, a layer of features, a layer of classes."""
    channels, *sides = shape
    inside = 32 * int(np.prod([-(-side // 4) for side in sides]))
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(inside, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes),
    )  # fmt: skip


def turned(pictures: Tensor) -> tuple[Tensor, Codes]:
    """Every picture (B, C, H, W) in four poses, and which: quarter turns, or mirrored where it is no square.

    >>> poses, codes = turned(torch.arange(4.0).reshape(1, 1, 2, 2))
    >>> poses[1].flatten().tolist(), codes.tolist()
    ([1.0, 3.0, 0.0, 2.0], [0, 1, 2, 3])
    """
    square = pictures.shape[2] == pictures.shape[3]
    poses = [pictures.rot90(turn, (2, 3)) for turn in range(4)] if square else [
        pictures, pictures.flip(2), pictures.flip(2, 3), pictures.flip(3)]  # fmt: skip
    return torch.stack(poses, 1).flatten(0, 1), np.tile(np.arange(4), len(pictures))


def small(pictures: Tensor, most: int = LARGEST) -> Tensor:
    """Pictures (B, C, H, W) of at most `most` pixels a side, averaged.

    >>> small(torch.zeros(1, 3, 100, 20)).shape
    torch.Size([1, 3, 32, 20])
    """
    high, wide = (min(side, most) for side in pictures.shape[2:])
    if (high, wide) == pictures.shape[2:]:
        return pictures
    return nn.functional.adaptive_avg_pool2d(pictures, (high, wide))
