"""Functional dependencies: columns that one or two others determine, as a code its name, or two airports their distance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.codec.field import Field, repeats
from vaekit.modes.formula import formula
from vaekit.modes.totals import TERMS, Totals

RULES, VALUES = "dependencies.rules", "dependencies.values"  # names of what a file keeps
SAME = 1e-4  # deviations by which numbers differ that are rounded otherwise


class Rule(NamedTuple):
    """What `by`, one column or two, say of the columns `on`: cells (values, on), not a number where they say nothing."""

    by: list[int]
    on: list[int]
    cells: Tensor
    says: Tensor  # of which values anything


class Dependencies:
    """Makes cells agree with those that determine them.

    Known cells come first: what they determine is set, and what that determines. Then the other determining columns, that of
    most values first, are taken as they are, or as the value of training rows next to it, and set what they determine, unless
    that is settled already: such a row contradicts itself. Of the numbers of a total (see `modes.totals`) the first that is not
    known follows from the others. Cells that nothing determines stay as they are.

    Args:
        fields: the K columns.
        arrays: what `discover.learned` found.

    >>> fields = [Field("code", "categorical", levels=3), Field("price", "real", distinct=np.array([0.5, 2.0]))]
    >>> arrays = {RULES: np.array([[0, -1, 1]]), VALUES: np.array([0.5, 2.0, np.nan, np.nan], dtype=np.float32)}
    >>> drawn, nothing = torch.tensor([[1.0, 1.7], [0.0, 0.5], [2.0, 1.1]]), torch.zeros(3, 2, dtype=torch.bool)
    >>> Dependencies(fields, arrays).settled(drawn, nothing)[0]
    tensor([[1.0000, 2.0000],
            [0.0000, 0.5000],
            [2.0000, 1.1000]])
    """

    def __init__(self, fields: Sequence[Field], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.codes = {k: Codes(field) for k, field in enumerate(fields) if determines(field)}
        self.K, self.rules, at = len(fields), [], 0
        self.totals = Totals(fields, arrays)
        found = arrays[RULES].tolist() if RULES in arrays else []
        for key, rows in groupby(found, lambda row: row[:2]):
            by, on = [k for k in key if k >= 0], [row[2] for row in rows]
            size = size_of(by, self.codes)
            cells = torch.from_numpy(arrays[VALUES][at : at + size * len(on)]).view(len(on), size).T.contiguous()
            self.rules.append(Rule(by, on, cells, ~cells.isnan().all(1)))
            at += size * len(on)
        self.same = torch.tensor([0.5 if field.levels else SAME for field in fields])
        determining = {k for rule in self.rules for k in rule.by}
        self.order = sorted(determining, key=lambda k: (-self.codes[k].count, fields[k].levels == 0, k))

    def settled(self, cells: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
        """Cells (..., K), of which those that are given (..., K) stay; and flags (...) of rows without a contradiction."""
        shape, cells, given = cells.shape, cells.flatten(0, -2).clone(), given.flatten(0, -2)
        wrong = self._wrong(cells, given).nonzero()[:, 0]
        if len(wrong):
            part, own = cells[wrong], given[wrong]
            known = self._spread(part, own)
            for k in self.order * 2:  # what contradicted known cells may have been set since
                self._take(k, part, known)
                if self.totals.set(part, known):
                    known = self._spread(part, known)
            self.totals.close(part, known)
            cells[wrong], wrong = part, wrong[self._wrong(part, own)]
        agree = torch.ones(len(cells), dtype=torch.bool).index_fill(0, wrong, False)
        return cells.view(shape), agree.view(shape[:-1])

    def between(self, low: Tensor, high: Tensor, given: Tensor, level: float) -> tuple[Tensor, Tensor]:
        """Ends of intervals (B, K), of which those of cells that the given ones (B, K) determine are what these say.

        They lie apart where that was rounded: the number is one of those that round to it, all of them alike.
        """
        cells, wide = low.clone(), torch.zeros(low.shape, dtype=torch.float64)
        new = self._spread(cells, given, wide) & ~given
        ends = (self.totals.moved(cells, side * level * wide) for side in (-1, 1))
        low, high = (told.where(new, end) for told, end in zip(ends, (low, high), strict=True))
        return low, high

    def against(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Where observed cells (B, K) are not what rules say, and what these say, (B, P) each, in the order of `spoken`.

        Of values that training rows did not have nothing is said.
        """
        found = [*((differ, told) for _, told, differ in self._each(cells, SAME)), self.totals.against(cells)]
        differ, told = zip(*found, strict=True)
        return torch.cat(differ, 1), torch.cat(told, 1)

    def spread(self, cells: Tensor, given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cells (B, K) with what given ones (B, K) determine, flags of those and these, and of what leads beyond training."""
        cells = cells.clone()
        known = self._spread(cells, given)
        return cells, known, self.totals.beyond(cells, known)

    @property
    def spoken(self) -> list[list[int]]:
        """The columns that each sentence is about, (P, ...), the one that it tells of last: of rules, then of totals."""
        rules = [[*rule.by, on] for rule in self.rules for on in rule.on]
        totals = [[*(k for k in total.on if k != on), on] for total in self.totals.totals for on in total.on]
        return rules + totals

    def _wrong(self, cells: Tensor, given: Tensor) -> Tensor:
        """Flags (B,) of the rows that are not as some rule says, unless all that it speaks of was given."""
        wrong, some = torch.zeros(len(cells), dtype=torch.bool), bool(given.any())
        for rule, _, differ in self._each(cells):
            if some:
                differ &= ~(given[:, rule.by].all(1)[:, None] & given[:, rule.on])
            wrong |= differ.any(1)
        return wrong | self.totals.wrong(cells, given)

    def _each(self, cells: Tensor, near: float = math.inf) -> Iterator[tuple[Rule, Tensor, Tensor]]:
        """Each rule, what it says of rows whose numbers are so near to those that it knows, and where that differs, (B, on)."""
        coded = {k: self.codes[k](cells[:, k], near) for k in self.order}
        for rule in self.rules:
            told = rule.cells.index_select(0, place_of(rule.by, self.codes, coded))
            yield rule, told, self._differ(rule, told, cells[:, rule.on])

    def _differ(self, rule: Rule, told: Tensor, there: Tensor) -> Tensor:
        """Flags (R, on) of the cells of which a rule says something else."""
        return (told - there).abs() > self.same[rule.on]

    def _spread(self, cells: Tensor, given: Tensor, wide: Tensor | None = None) -> Tensor:
        """Set what given cells (B, K) determine, and what that determines; flags of what is known then.

        How `wide` values are, (B, K), is set besides: see `modes.totals`.
        """
        known = given.clone()
        again = int(known.any())
        while again:
            again = sum(self._set(rule, cells, known) for rule in self.rules) + self.totals.set(cells, known, wide)
        return known

    def _take(self, k: int, cells: Tensor, known: Tensor) -> None:
        """Take a column's cells (B, K) as known, but for those that contradict others that are, and set what they say."""
        value, exact = self.codes[k].exact(cells[:, k])
        new = exact & ~known[:, k]
        if not new.any():
            return
        cells[:, k], known[:, k] = value.where(new, cells[:, k]), known[:, k] | new
        own = [rule for rule in self.rules if k in rule.by]
        for rule in (rule for rule in own if rule.by == [k]):
            row, told, there = self._told(rule, cells, known)
            row = row[(self._differ(rule, told, there) & known[row[:, None], rule.on]).any(1)]
            known[row, k] &= ~new[row]
        for rule in own:
            self._set(rule, cells, known)

    def _set(self, rule: Rule, cells: Tensor, known: Tensor) -> bool:
        """Set what a rule says of cells (B, K) that are not known; whether there were any."""
        row, told, there = self._told(rule, cells, known)
        own = row[:, None]
        new = ~(told.isnan() | known[own, rule.on])
        cells[own, rule.on] = told.where(new, there)
        known[own, rule.on] |= new
        return bool(new.any())

    def _told(self, rule: Rule, cells: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The rows (R,) in which a rule says something, what it says (R, on), and what is there."""
        row = known[:, rule.by].all(1).nonzero()[:, 0]
        place = place_of(rule.by, self.codes, {k: self.codes[k](cells[row, k]) for k in rule.by})
        row, told = row[rule.says[place]], rule.cells[place[rule.says[place]]]
        return row, told.to(cells.dtype), cells[row[:, None], rule.on]


class Codes:
    """Cells of a column -> the number of their value; the last one is any other value, of which nothing is known."""

    def __init__(self, field: Field) -> None:
        self.levels = field.levels
        self.values = torch.from_numpy(np.asarray(field.distinct, dtype=np.float32))
        self.unknown = field.levels or len(field.distinct)
        self.count = self.unknown + 1
        self.other = field.levels - 1 if field.kind == "categorical" else -1
        gaps = self.values.diff()
        self.near = float(gaps.min()) / 2 if len(gaps) else torch.inf
        self.between = (self.values[1:] + self.values[:-1]) / 2

    def __call__(self, cells: Tensor, near: float = math.inf) -> Tensor:
        """The numbers of cells (B,); a number that is neither next to a value nor so near to it is another value."""
        if self.levels:
            code = cells.round().long().clamp(0, self.levels - 1)
            return code.where(code != self.other, self.unknown)
        code = torch.bucketize(cells.float().contiguous(), self.between)
        return code.where((cells - self.values[code]).abs() < min(near, self.near), self.unknown)

    def exact(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Cells as the values that they are next to, and flags of those that are next to one."""
        code = self(cells)
        known = code < self.unknown
        return (cells if self.levels else self.values[code.where(known, 0)].to(cells.dtype).where(known, cells)), known


def size_of(by: Sequence[int], codes: Mapping[int, Codes]) -> int:
    """How many values some columns have together."""
    return math.prod(codes[k].count for k in by)


def place_of(by: Sequence[int], codes: Mapping[int, Codes], coded: Mapping[int, Any]) -> Any:
    """The number of the value, or of the pair of values, that rows have in some columns, (B,): from the numbers in each."""
    place = coded[by[0]]
    for k in by[1:]:
        place = place * codes[k].count + coded[k]
    return place


def dependencies_of(fitted: Fitted) -> Dependencies | None:
    """What the file tells of columns that determine others; None where there are none."""
    found = fitted.arrays.get(RULES, fitted.arrays.get(TERMS))
    if found is None:
        return None
    return fitted.once("dependencies", found, lambda: Dependencies(fitted.fields, fitted.arrays))


def names_of(fitted: Fitted) -> list[str]:
    """The columns that determine others, by themselves or with another one."""
    found = dependencies_of(fitted)
    return [] if found is None else [fitted.names[k] for k in sorted(found.order)]


def sums_of(fitted: Fitted) -> list[str]:
    """The totals, as a reader would write them down."""
    found = dependencies_of(fitted)
    return [] if found is None else [formula(total, fitted.names) for total in found.totals.totals]


def determines(field: Field) -> bool:
    """Whether a column has few enough values that one of them can say something about other columns."""
    return field.levels > 1 or repeats(field)
