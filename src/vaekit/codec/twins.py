"""Few values to the last bit: cells have single precision, where several of them may look the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.codec.field import Field, Floats


@dataclass(frozen=True, eq=False)
class Few:
    """The distinct cells of a column of few, found again from single precision; of those that look the same there one is drawn.

    Args:
        distinct: sorted, (N,).
        single: the same in single precision.
        below: the training share of the first 0, 1, ... of them, (N + 1,).

    >>> twins = Few(np.array([1.0, 2.0, 2.0 + 1e-12]), np.array([1.0, 2.0, 2.0]), np.array([0.0, 0.2, 0.2, 1.0]))
    >>> twins.draws, float(twins.exact(np.array([2.0 - 1e-13]))[0]), twins.exact(np.array([3.0])).tolist()
    (True, 1.9999999999999, [3.0])
    """

    distinct: Floats
    single: Floats
    below: Floats

    @classmethod
    def of(cls, field: Field) -> Few:
        """Those of a column: its spikes have shares of their own, the others lie among its quantiles."""
        shares = np.zeros(len(field.distinct))
        if len(field.spikes):
            near = np.abs(field.distinct[:, None] - np.asarray(field.spikes)).argmin(0)
            np.add.at(shares, near, field.shares[: len(field.spikes)])
        middle = (field.distinct[1:] + field.distinct[:-1]) / 2
        ranks = np.searchsorted(field.quantiles, middle) / max(len(field.quantiles), 1)
        shares += (1 - min(shares.sum(), 1.0)) * np.diff(np.r_[0.0, ranks, 1.0])
        return cls(field.distinct, single(field.distinct), np.r_[0.0, shares.cumsum()])

    @property
    def draws(self) -> bool:
        """Whether any two of them look the same in single precision."""
        return bool((self.single[1:] == self.single[:-1]).any())

    def exact(self, cells: Floats, generator: np.random.Generator | None = None) -> Floats:
        """Cells (B,), to the last bit where they are one of the few in single precision; of several the middle one or a draw.

        It is drawn among all that no law of cells tells apart, since those have one probability for all of them.
        """
        first, end = (np.searchsorted(self.single, cells, side) for side in ("left", "right"))
        at = first.clip(max=len(self.single) - 1)
        if (several := np.flatnonzero(end - first > 1)).size:
            low, high = (ends[first[several]] for ends in self._groups)
            share = np.full(len(several), 0.5) if generator is None else generator.random(len(several))
            share = self.below[low] + share * (self.below[high] - self.below[low])
            at[several] = (np.searchsorted(self.below, share, "right") - 1).clip(low, high - 1)
            itself = self.distinct[np.searchsorted(self.distinct, cells).clip(max=len(self.distinct) - 1)] == cells
            end = np.where(itself, first, end)  # nothing to find again
        return np.where(end > first, self.distinct[at], cells)

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the values begin and end that lie next to one another as near as a rounding error, of each of them, (N,)."""
        apart = np.flatnonzero(np.diff(self.distinct) > near(self.distinct[1:])) + 1
        ends = np.r_[0, apart, len(self.distinct)]
        group = np.searchsorted(apart, np.arange(len(self.distinct)), "right")
        return ends[group], ends[group + 1]


def near(exact: Any) -> Any:
    """How far single precision may put a cell beside an exact value that it equals; an array or a tensor."""
    return 3e-7 * abs(exact) + 1e-12


def single(cells: Floats | tuple[float, ...]) -> Floats:
    """Cells as single precision has them."""
    with np.errstate(over="ignore"):
        return np.asarray(cells, dtype=np.float32).astype(float)
