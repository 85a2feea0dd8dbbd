"""What one fitted column looks like from the inside: all that nets and likelihoods may know about it.

This module needs numpy alone, so that reading a model's card never imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Transform = Literal["linear", "log", "log1p"]

QUANTILES = 257
DISTINCT = 256
ROWS = 20  # of an atom or a bin, at least
MANY_ROWS = 4_000  # from here on the shape of a numeric column is learned as a histogram


def _none() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Field:
    """One column as its cells show it: cell = (transform(value) - mean) / std, or the index of a level.

    Args:
        name: the column.
        kind: one of the keys of `vaekit.codec.CODECS`.
        levels: number of levels of a discrete kind (a categorical's last one is "other"), 0 for numbers.
        mean: mean of transform(value) over the training rows without spikes.
        std: standard deviation of the same, never 0.
        transform: what is done to a value before it is standardised.
        spikes: exact values of a mixed column that hold a share of their own, in cell units; of any other column of many
            rows too.
        quantiles: the 0, 1/256, ..., 1 quantiles of the training cells without spikes, (257,); empty for levels.
        shares: training share of each level, or of each spike.
        resolution: smallest step between two values in original units, 0 when continuous.
        rows: observed training rows.
        distinct: the sorted distinct training cells when there are at most 256 of them, else empty.

    Example:
        >>> Field("age", "real", mean=40.0, std=10.0, resolution=1.0).value(0.5)
        45.0
    """

    name: str
    kind: str
    levels: int = 0
    mean: float = 0.0
    std: float = 1.0
    transform: Transform = "linear"
    spikes: tuple[float, ...] = ()
    quantiles: Floats = field(default_factory=_none, repr=False)
    shares: Floats = field(default_factory=_none, repr=False)
    resolution: float = 0.0
    rows: int = 0
    distinct: Floats = field(default_factory=_none, repr=False)

    def cell(self, value: Any) -> Any:
        """Standardised units of values in original units (numeric kinds); numbers or arrays of any shape."""
        with np.errstate(over="ignore"):  # a number too far away is an infinity, which callers hold against their range
            return (FORWARD[self.transform](value) - self.mean) / self.std

    def value(self, cell: Any) -> Any:
        """Original units of cells (numeric kinds), before any rounding; the inverse of `cell`."""
        return INVERSE[self.transform](cell * self.std + self.mean)


def _same(x: Any) -> Any:
    return x


FORWARD: dict[str, Any] = {"linear": _same, "log": np.log, "log1p": np.log1p}
INVERSE: dict[str, Any] = {"linear": _same, "log": np.exp, "log1p": np.expm1}


def repeats(field: Field) -> bool:
    """Whether a column has few values, each of them often: at most 256, of 20 rows on average."""
    return 0 < len(field.distinct) <= field.rows / ROWS
