"""The kept training rows that are like a condition: as many as it takes to count what rows under it have."""

from __future__ import annotations

import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.goals import Rows
from vaekit.modes.nearest import kept

ENOUGH = 400  # fewer rows say less of what rows under a condition have than the model does
SPAN = 1 / 16  # of the kept rows so many on either side of a number are like it, if it takes them


def alike(fitted: Fitted, cells: Tensor, context: Tensor) -> Rows | None:
    """The kept training rows that have the cells (K) which the context (K) shows; None where they are fewer than `ENOUGH`.

    Names are equal. Where too few rows have just these numbers, those nearest to them are as good, in ranks among the rows with
    these names and at most a `SPAN` of these away.
    """
    if "neighbours.cells" not in fitted.arrays:
        return None
    (own, observed), on = kept(fitted), context.nonzero()[:, 0]
    asked = own[:, on].where(observed[:, on], torch.nan)
    names = torch.tensor([fitted.fields[k].levels > 0 for k in on.tolist()])
    met = (asked[:, names] == cells[on[names]]).all(1).nonzero()[:, 0]
    if len(met) < ENOUGH:
        return None
    if not names.all():
        met = _near(asked[met][:, ~names], cells[on[~names]], met)
    if len(met) < ENOUGH:
        return None
    return Rows(own[met], observed[met])


def _near(numbers: Tensor, asked: Tensor, rows: Tensor) -> Tensor:
    """Of rows (N), with numbers (N, C), those nearest to the numbers asked for (C)."""
    apart = torch.stack([_apart(own, number) for own, number in zip(numbers.T.contiguous(), asked, strict=True)]).amax(
        0
    )
    far = apart.kthvalue(ENOUGH).values
    return rows[(apart <= far) & (apart <= SPAN)]


def _apart(numbers: Tensor, asked: Tensor) -> Tensor:
    """How many of the rows lie between each number (N) and the one asked for, as a share (N); no number is infinitely far.

    >>> _apart(torch.tensor([1.0, 2.0, 2.0, 3.0, torch.nan]), torch.tensor(2.0))
    tensor([0.3750, 0.0000, 0.0000, 0.3750,    inf])
    """
    known = ~numbers.isnan()
    order = numbers[known].sort().values

    def rank(x: Tensor) -> Tensor:
        return (torch.searchsorted(order, x) + torch.searchsorted(order, x, right=True)) / 2

    apart = (rank(numbers.nan_to_num(0.0)) - rank(asked[None])).abs() / max(len(order), 1)
    return apart.where(known, torch.inf)
