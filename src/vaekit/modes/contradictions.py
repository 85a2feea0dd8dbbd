"""Rows that contradict what columns determine: which of their cells are to blame, and what these ought to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.ask import Asked, column_values
from vaekit.modes.dependencies import Dependencies, dependencies_of

Places = NDArray[np.int64]
COST = "dependencies.cost"  # what one wrong cell adds to a score


class Contradictions:
    """Blames the cells that rows contradict themselves in.

    Each rule that a row breaks speaks of two or three cells, of which one is wrong; the one that most broken rules speak of
    likeliest, so that it has the blame, shared where several are alike. A cell is blamed once, however many rules say so. The
    fewest changes that make rows consistent: Livshits, Kimelfeld and Roy 2018 (arXiv 1712.07705); here they are only
    approximated.

    Args:
        dependencies: what columns determine, of K columns.

    >>> from vaekit.codec.field import Field
    >>> from vaekit.modes.dependencies import RULES, VALUES
    >>> fields = [Field("service", "categorical", levels=3), *(Field(name, "binary", levels=2) for name in "ab")]
    >>> none = [np.nan, 0.0, np.nan, np.nan]  # service 1 has neither a nor b
    >>> arrays = {RULES: np.array([[0, -1, 1], [0, -1, 2]]), VALUES: np.array(none * 2, dtype=np.float32)}
    >>> blame = Contradictions(Dependencies(fields, arrays))
    >>> rows = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [2.0, 1.0, 1.0]])
    >>> blame(rows, torch.ones(4, 3, dtype=torch.bool))
    tensor([[0.0000, 0.0000, 0.0000],
            [1.0000, 0.0000, 0.0000],
            [0.5000, 0.0000, 0.5000],
            [0.0000, 0.0000, 0.0000]])
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        spoken = [(*rule.by, on) for rule in dependencies.rules for on in rule.on]
        self.cells = torch.tensor([[*cells, cells[-1]][:3] for cells in spoken])  # (P, 3)
        self.there = torch.tensor([[True, True, len(cells) == 3] for cells in spoken])

    def __call__(self, cells: Tensor, observed: Tensor) -> Tensor:
        """How much each cell (B, K) is to blame, from 0 to 1; observed has the same shape."""
        broken, out = self.dependencies.broken(cells, observed), torch.zeros(cells.shape)
        if len(row := broken.any(1).nonzero()[:, 0]):
            out[row] = self.blame(broken[row])
        return out

    def blame(self, broken: Tensor) -> Tensor:
        """The same from flags of the rules that rows break, (B, P)."""
        own = broken[..., None] & self.there  # (B, P, 3)
        rows = own.shape[0]  # whose len a graph for any number of rows could not hold
        at, none = self.cells.flatten().expand(rows, -1), torch.zeros(rows, self.dependencies.K)
        count = none.scatter_add(1, at, own.flatten(1).float())
        often = count.gather(1, at).view(own.shape).where(own, 0.0)
        most = own & (often == often.amax(-1, keepdim=True))
        share = most / most.sum(-1, keepdim=True).clamp(min=1)
        return none.scatter_reduce(1, at, share.flatten(1), "amax")


def learn(fitted: Fitted, held_out: tuple[Tensor, Tensor] | None, scores: Tensor) -> None:
    """Keep what a wrong cell costs: how far above the median scores (B,) of ordinary rows are as rarely as cells are wrong.

    How rarely that is say rows that never trained: those that did follow the rules that were found among them. Without such
    rows it is not known, and nothing is kept.
    """
    if held_out is not None and (blame := contradictions_of(fitted)) is not None:
        cells, observed = (part[:, : fitted.vae.K] for part in held_out)
        often = (float(blame(cells, observed).sum()) + 1) / (len(cells) + 2)
        fitted.arrays[COST] = (scores.quantile(max(0.5, 1 - often)) - scores.median()).numpy()[None]


def cost(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor | None:
    """What cells of rows (B, K + G) add to the score for what they contradict, (B, K); None where nothing is known of it."""
    blame, K = contradictions_of(fitted) if COST in fitted.arrays else None, fitted.vae.K
    return None if blame is None else float(fitted.arrays[COST][0]) * blame(cells[:, :K], observed[:, :K])


def put_right(fitted: Fitted, asked: Asked, k: int, rows: Places, at: Places, told: Sequence[Any]) -> list[Any]:
    """Values of column k in some rows, Arrow arrays or lists of them: where the cells of those `at` contradict others, what
    these determine.
    """
    dependencies, K = dependencies_of(fitted), fitted.vae.K
    assert dependencies is not None, "rows that contradict themselves"
    cells, given = asked.cells[rows[at], :K], asked.observed[rows[at], :K].clone()
    given[:, k] = False
    ought = dependencies.told(cells, given)[:, k]
    other = ((ought - cells[:, k]).abs() > dependencies.same[k]).numpy()
    if not other.any():
        return list(told)
    right = column_values(fitted, fitted.names[k], ought.numpy()[other]).to_pylist()
    return [values if values is None else _replaced(values, at[other], right) for values in told]


def _replaced(values: Any, at: Places, by: list[Any]) -> Any:
    own = list(values) if isinstance(values, list) else values.to_pylist()
    for i, value in zip(at.tolist(), by, strict=True):
        own[i] = value
    return own if isinstance(values, list) else pa.array(own, values.type)


def contradictions_of(fitted: Fitted) -> Contradictions | None:
    """What blames cells by the rules that the file tells of; None where there are none."""
    found = dependencies_of(fitted)
    return None if found is None else fitted.once("contradictions", found, lambda: Contradictions(found))
