"""Rows that contradict what columns determine: which of their cells are to blame, and what these ought to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.ask import chunks, column_values
from vaekit.modes.dependencies import Dependencies, dependencies_of

COST = "dependencies.cost"  # what one wrong cell adds to a score
MOST = 2**21  # rows, times what rules say, that are looked at together
SHARES = 6  # blame comes in sixths: whole, halves and thirds


class Found(NamedTuple):
    """How much each cell (B, K) is to blame, from 0 to 1; what it ought to be, not a number where nothing says otherwise."""

    blame: Tensor
    ought: Tensor


class Contradictions:
    """Blames the cells that rows contradict themselves in.

    A rule that a row breaks speaks of two or three cells, a total of its numbers, of which one is wrong; the one that most
    broken rules speak of likeliest, and of these one that fewest other totals confirm, so that it has the blame, shared where
    several are alike. A cell is blamed once, however many rules say so. The fewest changes that make rows consistent: Livshits,
    Kimelfeld and Roy 2018 (arXiv 1712.07705); here they are only approximated.

    Args:
        dependencies: what columns determine, of K columns.

    >>> import numpy as np
    >>> from vaekit.codec.field import Field
    >>> from vaekit.modes.dependencies import RULES, VALUES
    >>> fields = [Field("service", "categorical", levels=3), *(Field(name, "binary", levels=2) for name in "ab")]
    >>> none = [np.nan, 0.0, np.nan, np.nan]  # service 1 has neither a nor b
    >>> arrays = {RULES: np.array([[0, -1, 1], [0, -1, 2]]), VALUES: np.array(none * 2, dtype=np.float32)}
    >>> found = Contradictions(Dependencies(fields, arrays))
    >>> rows = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [2.0, 1.0, 1.0]])
    >>> found(rows, torch.ones(4, 3, dtype=torch.bool)).blame
    tensor([[0.0000, 0.0000, 0.0000],
            [1.0000, 0.0000, 0.0000],
            [0.5000, 0.0000, 0.5000],
            [0.0000, 0.0000, 0.0000]])
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        spoken = dependencies.spoken
        longest = max(map(len, spoken))
        self.cells = torch.tensor(
            [[own[0]] * (longest - len(own)) + own for own in spoken]
        )  # (P, W): the first repeated
        self.sums = torch.arange(len(spoken)) >= len(spoken) - sum(len(own.on) for own in dependencies.totals.totals)
        self.there = torch.tensor([[j >= longest - len(own) for j in range(longest)] for own in spoken])

    def __call__(self, cells: Tensor, observed: Tensor) -> Found:
        """What rows (B, K) contradict themselves in; observed has the same shape."""
        blame, ought = torch.zeros(cells.shape), torch.full(cells.shape, torch.nan)
        for at in chunks(len(cells), max(1, MOST // len(self.cells))):
            differ, told = self.dependencies.against(cells[at])
            if len(row := differ.any(1).nonzero()[:, 0]):
                broken, holds = self.broken(differ[row], observed[at][row])
                blame[at][row] = own = self.blame(broken, holds)
                ought[at][row] = self._ought(broken, told[row], own)
        return Found(blame, ought)

    def broken(self, differ: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Of what says something else than rows (B, P) what speaks of observed cells (B, K) alone, and totals that hold."""
        there = observed[:, self.cells].all(-1)
        return differ & there, ~differ & there & self.sums

    def blame(self, broken: Tensor, holds: Tensor) -> Tensor:
        """How much each cell (B, K) is to blame, from 0 to 1, for rules that rows break, (B, P), beside totals that hold."""
        own = broken[..., None] & self.there  # (B, P, W)
        rows = own.shape[0]  # whose len a graph for any number of rows could not hold
        at, none = self.cells.flatten().expand(rows, -1), torch.zeros(rows, self.dependencies.K)
        against = none.scatter_add(1, at, own.flatten(1).float())
        adds_up = none.scatter_add(1, at, (holds[..., None] & self.there).flatten(1).float()) / (len(self.sums) + 1)
        often = (against - adds_up).gather(1, at).view(own.shape).where(own, -torch.inf)
        most = own & (often == often.amax(-1, keepdim=True))
        share = most / most.sum(-1, keepdim=True).clamp(min=1)
        return none.scatter_reduce(1, at, share.flatten(1), "amax")

    def _ought(self, broken: Tensor, told: Tensor, blame: Tensor) -> Tensor:
        """What cells that are to blame (B, K) ought to be, of what rules say (B, P): by cells that are to blame the least."""
        (B, P), on = broken.shape, self.cells[:, -1]
        by = blame[:, self.cells[:, :-1]].amax(-1)
        says = broken & ~told.isnan() & (blame[:, on] > 0) & (by <= blame[:, on])
        none = (SHARES + 1) * P
        order = ((SHARES * by).round().long() * P + torch.arange(P)).where(says, none)
        first = torch.full((B, self.dependencies.K), none).scatter_reduce(1, on.expand(B, -1), order, "amin")
        return told.gather(1, first % P).where(first < none, torch.nan)


def cost_of(rules: Contradictions, cells: Tensor, observed: Tensor, scores: Tensor) -> NDArray[np.float64]:
    """What a wrong cell costs, (1,): how far above the median scores (B,) of ordinary rows are as rarely as cells are wrong.

    How rarely that is say rows that never trained, cells and observed (N, K + G): those that did follow the rules that were
    found among them.
    """
    lots, K = chunks(len(cells), 4096), rules.dependencies.K
    often = (sum(float(rules(cells[at, :K], observed[at, :K]).blame.sum()) for at in lots) + 1) / (len(cells) + 2)
    return np.atleast_1d((scores.quantile(max(0.5, 1 - often)) - scores.median()).numpy())


def cost(fitted: Fitted, cells: Tensor, observed: Tensor) -> tuple[Tensor, Tensor] | None:
    """What cells of rows (B, K + G) add to the score for what they contradict, and what they ought to be, (B, K) each; None
    where nothing is known of it.
    """
    rules, K = contradictions_of(fitted) if COST in fitted.arrays else None, fitted.vae.K
    if rules is None:
        return None
    found = rules(cells[:, :K], observed[:, :K])
    return float(fitted.arrays[COST][0]) * found.blame, found.ought


def put_right(fitted: Fitted, k: int, ought: Tensor, told: Sequence[Any]) -> list[Any]:
    """Values of column k in some rows, Arrow arrays or lists of them: where others say what a cell ought to be (B,), that."""
    at = (~ought.isnan()).nonzero()[:, 0]
    if not len(at):
        return list(told)
    right = column_values(fitted, fitted.names[k], ought[at].numpy()).to_pylist()
    return [values if values is None else _replaced(values, at.tolist(), right) for values in told]


def _replaced(values: Any, at: list[int], by: list[Any]) -> Any:
    own = list(values) if isinstance(values, list) else values.to_pylist()
    for i, value in zip(at, by, strict=True):
        own[i] = value
    return own if isinstance(values, list) else pa.array(own, values.type)


def contradictions_of(fitted: Fitted) -> Contradictions | None:
    """What blames cells by the rules that the file tells of; None where there are none."""
    found = dependencies_of(fitted)
    return None if found is None else fitted.once("contradictions", found, lambda: Contradictions(found))
