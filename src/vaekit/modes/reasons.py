"""Which columns made a row strange: what was observed, and what the other columns would have led one to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.ask import Asked, chunks, column_values
from vaekit.modes.calibrate import Centred
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
    """The reasons of B rows, R each, as arrays: which column (B, R), -1 for none; the values per column's rows."""

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


def explain(fitted: Fitted, asked: Asked, scored: Centred, count: int, seed: int) -> Reasons:
    """The `count` largest positive contributions of each row.

    Shares are exact: a cell's contribution over the sum of all positive contributions, named parts included.
    """
    positive = scored.cells.clamp(min=0)
    everything = positive.sum(-1) + sum(
        (part.clamp(min=0) for part in scored.parts.values()), torch.zeros(len(positive))
    )
    top, which = positive.topk(count, dim=-1) if count else (positive[:, :0], torch.zeros(len(positive), 0).long())
    which = which.where(top > 0, -1)
    share = top / everything.clamp(min=1e-300)[:, None]
    values: list[dict[str, list[Any]]] = [{name: [None] * len(asked) for name in VALUES} for _ in range(count)]
    for k in which[which >= 0].unique().tolist():
        _fill(fitted, asked, k, which, values, seed)
    return Reasons(fitted.names, which.numpy(), share.double().numpy(), values)


def _fill(fitted: Fitted, asked: Asked, k: int, which: Tensor, values: list[dict[str, list[Any]]], seed: int) -> None:
    """Observed, expected and interval of column k in the rows where it is a reason."""
    at, r = (which == k).nonzero(as_tuple=True)
    observed = asked.arrow[fitted.names[k]].take(pa.array(at.numpy())).to_pylist()
    expected, low, high = expectation(fitted, asked.cells[at], asked.observed[at], k, seed)
    for i, (b, rank) in enumerate(zip(at.tolist(), r.tolist(), strict=True)):
        place = values[rank]
        place["observed"][b], place["expected"][b] = observed[i], expected[i]
        if low is not None and high is not None:
            place["low"][b], place["high"][b] = low[i], high[i]


def expectation(
    fitted: Fitted, cells: Tensor, observed: Tensor, k: int, seed: int
) -> tuple[list[Any], list[Any] | None, list[Any] | None]:
    """Expected value, low and high end of column k given the other columns of each row; no ends for names."""
    wanted: list[list[Tensor]] = []
    ends = fitted.fields[k].kind not in ("categorical", "binary")
    for part in chunks(len(cells)):
        law = law_without(fitted, cells[part], observed[part], k, seed)
        wanted.append([law.best()[:, 0], *([law.quantile(q)[:, 0] for q in (LOW, HIGH)] if ends else [])])
    joined = [column_values(fitted, k, torch.cat(each)).to_pylist() for each in zip(*wanted, strict=True)]
    return (joined[0], joined[1], joined[2]) if ends else (joined[0], None, None)


def as_text(value: Any) -> str | None:
    """A value as a table of mixed columns shows it.

    >>> as_text(0.1 + 0.2), as_text(None), as_text("a")
    ('0.3', None, 'a')
    """
    if value is None or isinstance(value, str):
        return value
    return format(value, ".6g") if isinstance(value, float) else str(value)
