"""Which columns made a row strange: what was observed, and what the other columns would have led one to expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.ask import Asked, chunks, column_values, law_given
from vaekit.modes.calibrate import Centred
from vaekit.modes.stream import by_row
from vaekit.modes.units import Unit, units
from vaekit.modes.ways import law_without

LOW, HIGH = 0.05, 0.95  # the ends of the interval of expected values


class Reason(NamedTuple):
    """One column's part in a row's score: share of all positive contributions; low and high are None for names."""

    column: str
    observed: Any
    expected: Any
    low: Any
    high: Any
    share: float


@dataclass(frozen=True, eq=False)
class Reasons:
    """The reasons of B rows, R each, as arrays: which unit (B, R), -1 for none; the values per unit's rows."""

    names: tuple[str, ...]
    which: NDArray[np.int64]
    share: NDArray[np.float64]
    values: list[dict[str, list[Any]]]  # one dict a reason: observed, expected, low, high, each a list of B

    def rows(self) -> list[list[Reason]]:
        found: list[list[Reason]] = []
        for b in range(len(self.which)):
            row = [(r, int(k)) for r, k in enumerate(self.which[b]) if k >= 0]
            found.append([self._reason(b, r, k) for r, k in row])
        return found

    def _reason(self, b: int, r: int, k: int) -> Reason:
        observed, expected, low, high = (self.values[r][name][b] for name in VALUES)
        return Reason(self.names[k], observed, expected, low, high, float(self.share[b, r]))

    def columns(self) -> dict[str, pa.Array]:
        """reason_1_column, reason_1_observed, ... as text and numbers: values of different columns share a column."""
        out: dict[str, pa.Array] = {}
        for r in range(self.which.shape[1]):
            at = self.which[:, r]
            out[f"reason_{r + 1}_column"] = pa.array([self.names[k] if k >= 0 else None for k in at], pa.string())
            for name in VALUES:
                out[f"reason_{r + 1}_{name}"] = pa.array(
                    [as_text(value) for value in self.values[r][name]], pa.string()
                )
            out[f"reason_{r + 1}_share"] = pa.array(np.where(at >= 0, self.share[:, r], np.nan), from_pandas=True)
        return out


VALUES = ("observed", "expected", "low", "high")
Told = tuple[list[Any], list[Any], list[Any] | None, list[Any] | None]


def explain(fitted: Fitted, asked: Asked, scored: Centred, count: int, seed: int) -> Reasons:
    """The `count` largest positive contributions of each row: of columns, of the tiles of an image, of a stream's channels.

    Shares are exact: a contribution over the sum of all positive contributions, named parts included.
    """
    whole = units(fitted.layout)
    positive = contributions(fitted, scored).clamp(min=0).nan_to_num(0.0)
    everything = positive.sum(-1) + sum(
        (part.clamp(min=0).nan_to_num(0.0) for part in scored.parts.values()), torch.zeros(len(positive))
    )
    count = min(count, len(whole))
    top, which = positive.topk(count, dim=-1) if count else (positive[:, :0], torch.zeros(len(positive), 0).long())
    which = which.where(top > 0, -1)
    share = top / everything.clamp(min=1e-300)[:, None]
    values: list[dict[str, list[Any]]] = [{name: [None] * len(positive) for name in VALUES} for _ in range(count)]
    tell = teller(fitted, asked, seed) if count else None
    for u in which[which >= 0].unique().tolist():
        rows, rank = (which == u).nonzero(as_tuple=True)
        assert tell is not None, "there are reasons to tell"
        told = dict(zip(VALUES, tell(u, rows), strict=True))
        for name, column in told.items():
            for b, r, value in zip(rows.tolist(), rank.tolist(), column or [None] * len(rows), strict=True):
                values[r][name][b] = value
    return Reasons(tuple(unit.name for unit in whole), which.numpy(), share.double().numpy(), values)


def contributions(fitted: Fitted, scored: Centred) -> Tensor:
    """What each unit adds to the score of each row, (B, U)."""
    if not fitted.layout.shape or fitted.cut is not None:
        return scored.cells
    return torch.stack([scored.cells[:, list(unit.cells)].sum(-1) for unit in units(fitted.layout)], -1)


def teller(fitted: Fitted, asked: Asked, seed: int) -> Callable[[int, Tensor], Told]:
    """What tells observed, expected, low and high of one unit in some rows."""
    if asked.at is not None:
        return Channels(fitted, asked).tell
    return partial(_tile_or_column, fitted, asked, seed)


def _tile_or_column(fitted: Fitted, asked: Asked, seed: int, u: int, rows: Tensor) -> Told:
    unit = units(fitted.layout)[u]
    cells, observed = asked.cells[rows], asked.observed[rows]
    if unit.grid:
        return _brightness(fitted, unit, cells, observed)
    seen = asked.arrow[unit.name].take(pa.array(rows.numpy())).to_pylist()
    return seen, *expectation(fitted, cells, observed, unit.cells[0], seed)


def _brightness(fitted: Fitted, unit: Unit, cells: Tensor, observed: Tensor) -> Told:
    """Mean brightness of a tile, as it is and as the rest of the image leads one to expect."""
    at, field = list(unit.cells), fitted.layout.channels[0]
    context = observed.clone()
    context[:, at] = False
    wanted = []
    for part in chunks(len(cells), fitted.at_once):
        law = law_given(fitted, cells[part], observed[part], context[part])
        wanted.append(law.best()[:, at].mean(-1))
    seen, expected = (
        [round(field.value(float(value)), 4) for value in each] for each in (cells[:, at].mean(-1), torch.cat(wanted))
    )
    return seen, expected, None, None


class Channels:
    """Expected values of every channel at every step, through the latents of the windows that cover it."""

    def __init__(self, fitted: Fitted, asked: Asked) -> None:
        self.fitted, self.asked = fitted, asked

    @cached_property
    def expected(self) -> list[Tensor]:
        """Best value, low and high end of the cells of each step, (N, C) each."""
        found = []
        for at in chunks(len(self.asked), max(16, 2**20 // self.fitted.layout.K)):
            cells, observed = self.asked.cells[at], self.asked.observed[at]
            law = law_given(self.fitted, cells, observed, observed)
            found.append([law.best(), law.quantile(LOW), law.quantile(HIGH)])
        return [by_row(self.fitted, self.asked, torch.cat(each))[0] for each in zip(*found, strict=True)]

    def tell(self, u: int, rows: Tensor) -> Told:
        name = self.fitted.layout.channels[u].name
        seen = self.asked.arrow[name].take(pa.array(rows.numpy())).to_pylist()
        told = [column_values(self.fitted, name, cells[rows, u]).to_pylist() for cells in self.expected]
        ends = self.fitted.layout.channels[u].kind not in ("categorical", "binary")
        return seen, told[0], told[1] if ends else None, told[2] if ends else None


def expectation(
    fitted: Fitted, cells: Tensor, observed: Tensor, k: int, seed: int
) -> tuple[list[Any], list[Any] | None, list[Any] | None]:
    """Expected value, low and high end of column k given the other columns of each row; no ends for names."""
    wanted: list[list[Tensor]] = []
    ends = fitted.fields[k].kind not in ("categorical", "binary")
    for part in chunks(len(cells), fitted.at_once):
        law = law_without(fitted, cells[part], observed[part], k, seed)
        wanted.append([law.best()[:, 0], *([law.quantile(q)[:, 0] for q in (LOW, HIGH)] if ends else [])])
    joined = [column_values(fitted, fitted.names[k], torch.cat(each)).to_pylist() for each in zip(*wanted, strict=True)]
    return (joined[0], joined[1], joined[2]) if ends else (joined[0], None, None)


def as_text(value: Any) -> str | None:
    """A value as a table of mixed columns shows it.

    >>> as_text(0.1 + 0.2), as_text(None), as_text("a")
    ('0.3', None, 'a')
    """
    if value is None or isinstance(value, str):
        return value
    return format(value, ".6g") if isinstance(value, float) else str(value)
