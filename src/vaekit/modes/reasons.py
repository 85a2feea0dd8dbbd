"""Which columns made a row strange: what was observed, and what the other columns would have led one to expect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.modes.ask import Asked, chunks, column_values, law_given, listed_values
from vaekit.modes.calibrate import Centred
from vaekit.modes.contradictions import put_right
from vaekit.modes.coverage import LEVEL, ends_at, has_ends
from vaekit.modes.expected import FEW, few
from vaekit.modes.leave_out import LeftOut, blocks_of
from vaekit.modes.stream import by_row
from vaekit.modes.texts import Values, as_text, texts
from vaekit.modes.units import Unit, units
from vaekit.modes.ways import Raw, law_without, parts
from vaekit.schema.values import flat

Places = NDArray[np.int64]
SHORT = 256  # reasons that are written one by one: fewer steps
LOW, HIGH = (1 - LEVEL) / 2, (1 + LEVEL) / 2


class Reason(NamedTuple):
    """One column's part in a row's score: share of all positive contributions; low and high are None for names."""

    column: str
    observed: Any
    expected: Any
    low: Any
    high: Any
    share: float


class Told(NamedTuple):
    """What is told of one unit: observed, expected, low and high, an Arrow array each or a list of few; names have no ends."""

    observed: Values
    expected: Values
    low: Values | None
    high: Values | None


class Part(NamedTuple):
    """One unit among the reasons: the rows that it is a reason of, as which one, and what is told there."""

    rows: Places
    rank: Places
    told: Told


@dataclass(frozen=True, eq=False)
class Reasons:
    """The reasons of B rows, R each: which unit (B, R), -1 for none, their shares, and unit by unit what is told of it."""

    names: tuple[str, ...]
    which: NDArray[np.int64]
    share: NDArray[np.float64]
    parts: list[Part]

    @classmethod
    def joined(cls, several: list[Reasons]) -> Reasons:
        """The reasons of rows that follow one another."""
        starts = np.cumsum([0, *(len(each.which) for each in several)])
        parts = [
            Part(part.rows + start, part.rank, part.told)
            for each, start in zip(several, starts.tolist(), strict=False)
            for part in each.parts
        ]
        which, share = (np.concatenate([getattr(each, name) for each in several]) for name in ("which", "share"))
        return cls(several[0].names, which, share, parts)

    def only(self, rows: NDArray[np.int64]) -> Reasons:
        """The same, telling of some rows alone: the others have none."""
        which = np.full_like(self.which, -1)
        which[rows] = self.which[rows]
        parts = []
        for part in self.parts:
            keep = np.isin(part.rows, rows)
            told = Told(*(None if values is None else _kept(values, keep) for values in part.told))
            parts.append(Part(part.rows[keep], part.rank[keep], told))
        return Reasons(self.names, which, self.share, parts)

    def rows(self) -> list[list[Reason]]:
        found: list[list[Any]] = [[None] * int(count) for count in (self.which >= 0).sum(1)]
        for part in self.parts:
            values = (_listed(array, len(part.rows)) for array in part.told)
            for b, r, *told in zip(part.rows.tolist(), part.rank.tolist(), *values, strict=True):
                found[b][r] = Reason._make((self.names[self.which[b, r]], *told, float(self.share[b, r])))
        return found

    def columns(self) -> dict[str, pa.Array]:
        """reason_1_column, reason_1_observed, ... as text and numbers: values of different columns share a column."""
        if self.which.size <= SHORT:
            return self._short()
        at, names = self._places(), pa.array([*self.names, None], pa.string())
        told = {
            name: pa.concat_arrays([*(texts(part.told[i], len(part.rows)) for part in self.parts), texts(None, 1)])
            for i, name in enumerate(VALUES)
        }
        out: dict[str, pa.Array] = {}
        for r in range(self.which.shape[1]):
            none = self.which[:, r] < 0
            out[f"reason_{r + 1}_column"] = names.take(pa.array(np.where(none, len(self.names), self.which[:, r])))
            out |= {f"reason_{r + 1}_{name}": told[name].take(pa.array(at[:, r])) for name in VALUES}
            out[f"reason_{r + 1}_share"] = pa.array(np.where(none, np.nan, self.share[:, r]), from_pandas=True)
        return out

    def _short(self) -> dict[str, pa.Array]:
        """The same of few reasons, one by one: all texts, and all shares, are one array of which each column is a part."""
        (B, R), width = self.which.shape, 1 + len(VALUES)
        texts = pa.array(self._few_texts(), pa.string())
        shares = pa.array(self.share.T.ravel(), mask=self.which.T.ravel() < 0)
        out: dict[str, pa.Array] = {}
        for r in range(R):
            for i, value in enumerate(("column", *VALUES)):
                out[f"reason_{r + 1}_{value}"] = texts.slice((r * width + i) * B, B)
            out[f"reason_{r + 1}_share"] = shares.slice(r * B, B)
        return out

    def few(self) -> list[dict[str, Any]] | None:
        """The same of few reasons, row by row, None for none; None where they are many."""
        (B, R), width = self.which.shape, 1 + len(VALUES)
        if self.which.size > SHORT:
            return None
        texts, shares = self._few_texts(), self.share.tolist()
        names = [f"reason_{r + 1}_{value}" for r in range(R) for value in ("column", *VALUES, "share")]
        out = []
        for b, (own, shown) in enumerate(zip(shares, (self.which >= 0).tolist(), strict=True)):
            values: list[Any] = []
            for r in range(R):
                values += [*texts[r * width * B + b : (r + 1) * width * B : B], own[r] if shown[r] else None]
            out.append(dict(zip(names, values, strict=True)))
        return out

    def _few_texts(self) -> list[str | None]:
        """Column, observed, expected, low and high of each reason of each row as text, one after the other, (R, 5, B)."""
        (B, R), width = self.which.shape, 1 + len(VALUES)
        told: list[str | None] = [None] * (R * width * B)
        for part in self.parts:
            name = self.names[self.which[part.rows[0], part.rank[0]]]
            values = zip(*(_listed(each, len(part.rows)) for each in part.told), strict=True)
            for b, r, own in zip(part.rows.tolist(), part.rank.tolist(), values, strict=True):
                first = r * width * B + b
                told[first : first + width * B : B] = name, *map(as_text, own)
        return told

    def _places(self) -> NDArray[np.int64]:
        """Where the values of each reason stand (B, R) when the parts stand one below the other; the last place is empty."""
        at = np.full(self.which.shape, sum(len(part.rows) for part in self.parts))
        start = 0
        for part in self.parts:
            at[part.rows, part.rank] = np.arange(start, start + len(part.rows))
            start += len(part.rows)
        return at


VALUES = Told._fields


def explain(fitted: Fitted, asked: Asked, scored: Centred, count: int, raw: Raw | None = None) -> Reasons:
    """The `count` largest positive contributions of each row: of columns, of the tiles of an image, of a stream's channels.

    Shares are exact: a contribution over the sum of all positive contributions, named parts included. What was found out where
    the score left columns out then tells what to expect; of rows that contradict themselves what other cells determine.
    """
    whole, (left_out, ought) = units(fitted.layout), (None, None) if raw is None else (raw.left_out, raw.ought)
    positive = contributions(fitted, scored).clamp(min=0).nan_to_num(0.0)
    everything = positive.sum(-1) + sum(
        (part.clamp(min=0).nan_to_num(0.0) for part in scored.parts.values()), torch.zeros(len(positive))
    )
    count = min(count, len(whole))
    top, which = positive.topk(count, dim=-1) if count else (positive[:, :0], torch.zeros(len(positive), 0).long())
    which = which.where(top > 0, -1)
    share = top / everything.clamp(min=1e-300)[:, None]
    tell, named = teller(fitted, asked, which, left_out), which.numpy()
    parts = [Part(rows, rank, _agreeing(fitted, ought, u, rows, tell(u, rows))) for u, rows, rank in _by_unit(named)]
    return Reasons(tuple(unit.name for unit in whole), named, share.double().numpy(), parts)


def _agreeing(fitted: Fitted, ought: Tensor | None, u: int, rows: Places, told: Told) -> Told:
    """The same, which expects of cells that contradict others what they ought to be, (B, K), not a number elsewhere."""
    if ought is None:
        return told
    return Told(told.observed, *put_right(fitted, u, ought[torch.from_numpy(rows), u], told[1:]))


def _by_unit(named: Places) -> Iterator[tuple[int, Places, Places]]:
    """Each unit of (B, R), the rows that have it and at which rank.

    >>> [(u, rows.tolist(), rank.tolist()) for u, rows, rank in _by_unit(np.array([[4, 2], [2, -1]]))]
    [(2, [0, 1], [1, 0]), (4, [0], [0])]
    """
    order = named.ravel().argsort(kind="stable")
    rows, rank = np.divmod(order, max(named.shape[1], 1))
    found, first = np.unique(named.ravel()[order], return_index=True)
    for u, start, end in zip(found.tolist(), first.tolist(), [*first.tolist()[1:], len(order)], strict=False):
        if u >= 0:
            yield u, rows[start:end], rank[start:end]


def contributions(fitted: Fitted, scored: Centred) -> Tensor:
    """What each unit adds to the score of each row, (B, U)."""
    if not fitted.layout.shape or fitted.cut is not None:
        return scored.cells
    return torch.stack([scored.cells[:, list(unit.cells)].sum(-1) for unit in units(fitted.layout)], -1)


def teller(fitted: Fitted, asked: Asked, which: Tensor, left_out: LeftOut | None) -> Callable[[int, Places], Told]:
    """What tells observed, expected, low and high of one unit in some rows; `which` (B, R) are those that will be told."""
    if asked.at is not None:
        return Channels(fitted, asked).tell
    if not fitted.layout.shape and 0 < which.numel() * fitted.vae.K <= FEW:
        return partial(_from, fitted, asked, few(fitted, asked, which, left_out).double().numpy())
    return partial(_tile_or_column, fitted, asked, left_out)


def _tile_or_column(fitted: Fitted, asked: Asked, left_out: LeftOut | None, u: int, rows: Places) -> Told:
    unit = units(fitted.layout)[u]
    if unit.grid:
        return _brightness(fitted, unit, asked.cells[rows], asked.observed[rows])
    k, seen = unit.cells[0], flat(asked.arrow[unit.name].take(pa.array(rows)))
    if left_out is None:
        return Told(seen, *expectation(fitted, asked.cells[rows], asked.observed[rows], k))
    block = next(b for b, block in enumerate(blocks_of(fitted)) if k in block)
    law = fitted.vae.likelihood.only(left_out.of(block, torch.from_numpy(rows)), k)
    return Told(seen, *told_by(fitted, [law], k))


def _from(fitted: Fitted, asked: Asked, expected: NDArray[np.float64], u: int, rows: Places) -> Told:
    """What is told of column u where best value, low and high end of cells (3, B, K) are known."""
    name, column = fitted.names[u], asked.arrow[fitted.names[u]]
    seen = [column[row].as_py() for row in rows.tolist()]
    wanted = expected[: 3 if has_ends(fitted, u) else 1, rows, u]
    values = iter(listed_values(fitted, name, wanted.ravel()))
    best, *ends = ([next(values) for _ in seen] for _ in wanted)
    return Told(seen, best, *(ends or (None, None)))


def _brightness(fitted: Fitted, unit: Unit, cells: Tensor, observed: Tensor) -> Told:
    """Mean brightness of a tile, as it is and as the rest of the image leads one to expect."""
    at, field = list(unit.cells), fitted.layout.channels[0]
    context = observed.clone()
    context[:, at] = False
    wanted = []
    for part in parts(len(cells), fitted.at_once):
        law = law_given(fitted, cells[part], observed[part], context[part])
        wanted.append(law.best()[:, at].mean(-1))
    seen, expected = (
        pa.array([round(field.value(float(value)), 4) for value in each])
        for each in (cells[:, at].mean(-1), torch.cat(wanted))
    )
    return Told(seen, expected, None, None)


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

    def tell(self, u: int, rows: Places) -> Told:
        name = self.fitted.layout.channels[u].name
        seen = flat(self.asked.arrow[name].take(pa.array(rows)))
        told = [column_values(self.fitted, name, cells[rows, u].numpy()) for cells in self.expected]
        ends = self.fitted.layout.channels[u].kind not in ("categorical", "binary")
        return Told(seen, told[0], told[1] if ends else None, told[2] if ends else None)


def expectation(
    fitted: Fitted, cells: Tensor, observed: Tensor, k: int
) -> tuple[pa.Array, pa.Array | None, pa.Array | None]:
    """Expected value, low and high end of column k given the other columns of each row; no ends for names.

    They are those of the law through the mean of q(z | the others).
    """
    at = parts(len(cells), fitted.at_once)
    return told_by(fitted, (law_without(fitted, cells[i], observed[i], k, samples=1) for i in at), k)


def told_by(
    fitted: Fitted, laws: Iterable[Columns], k: int
) -> tuple[pa.Array, pa.Array | None, pa.Array | None]:  # fmt: skip
    """Expected value, low and high end of column k under laws (1, B, 1) of its cells in some rows after others."""
    ends = has_ends(fitted, k)
    at = [float(end[k]) for end in ends_at(fitted)]
    wanted = [[law.best()[:, 0], *([law.quantile(q)[:, 0] for q in at] if ends else [])] for law in laws]
    joined = [column_values(fitted, fitted.names[k], torch.cat(each).numpy()) for each in zip(*wanted, strict=True)]
    return (joined[0], joined[1], joined[2]) if ends else (joined[0], None, None)


def _kept(values: Values, keep: NDArray[np.bool_]) -> Values:
    if isinstance(values, list):
        return [value for value, kept in zip(values, keep.tolist(), strict=True) if kept]
    return values.filter(pa.array(keep))


def _listed(values: Values | None, count: int) -> list[Any]:
    if values is None:
        return [None] * count
    return values if isinstance(values, list) else values.to_pylist()
