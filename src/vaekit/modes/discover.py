"""Functional dependencies among rows: which columns one or two others determine, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes import find_totals, totals
from vaekit.modes.dependencies import RULES, VALUES, Codes, determines, place_of, size_of

MOST = 100_000  # rows that dependencies are learned from
LEAST = 5  # rows of a value that say what it determines: fewer may agree by chance, and would tell of themselves
EXACT = 0.995  # share of the rows whose values determine the other column, from which on it is one that they determine
BY_CHANCE = 0.5  # the same share of columns that are independent, up to which it says anything
ALONE, SURE = 500, 1e-9  # rows of a value that determines by itself, and how likely they agree in an independent column
LARGEST = 2**20  # pairs of values of two determining columns
LOOK, OPEN = 4_000, 0.02  # rows that are asked first about two columns, and the share of them that may disagree
VARIED = 0.95  # share of one value in columns that two others may determine

Flags = NDArray[np.bool_]


def learn(fitted: Fitted, rows: Rows) -> None:
    """Keep what rows (B, K) tell of columns that determine others, of tables whose new rows a prior is to make real."""
    if fitted.vae.prior.learns and not fitted.layout.shape:
        fitted.arrays |= learned(fitted.fields, rows) | totals.kept(find_totals.learned(fitted.fields, rows))


def learned(fields: Sequence[Field], rows: Rows) -> dict[str, NDArray[Any]]:
    """The rules that rows (B, K) follow: (R, 3) of one or two determining columns (-1 for none) and the other; their cells.

    Functional dependencies as Huhtala et al. 1999 look for them (TANE, doi 10.1093/comjnl/42.2.100), of at most two determining
    columns and but for few exceptions; and values of one column that determine the other while the rest of it does not. No
    rule where independent columns would look like one.
    """
    shown = Shown(fields, rows)
    found: list[tuple[list[int], NDArray[np.float32]]] = []
    free = shown.usual <= VARIED  # of two columns only what none determines by itself is asked
    for k in shown.codes:
        groups = shown.groups([k])
        found += [([k, -1, on], table) for on, table in groups.tables(groups.holds | groups.sure.any(0))]
        free &= ~groups.holds
    for by in map(list, combinations([k for k in shown.codes if fields[k].levels != 2], 2)):
        if size_of(by, shown.codes) <= LARGEST and shown.may_tell(by, free):
            groups = shown.groups(by)
            found += [([*by, on], table) for on, table in groups.tables(groups.holds & free)]
    if not found:
        return {}
    return {RULES: np.array([rule for rule, _ in found]), VALUES: np.concatenate([table for _, table in found])}


class Groups(NamedTuple):
    """Rows by the value of one column, or by those of two: V of them."""

    size: int
    place: NDArray[np.int64]  # the numbers of the values, (V,)
    cells: NDArray[np.float32]  # that the rows of a value agree about, else not a number, (V, K)
    holds: Flags  # columns that are determined as a whole, (K,)
    sure: Flags  # cells that are determined whatever holds of other values, (V, K)

    def tables(self, on: Flags) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Some columns, and the cell that each value determines there."""
        for k in on.nonzero()[0].tolist():
            table = np.full(self.size, np.nan, dtype=np.float32)
            table[self.place] = np.where(self.holds[k] | self.sure[:, k], self.cells[:, k], np.nan)
            yield k, table


class Shown:
    """Rows (B, K) by the values of the columns that may determine others."""

    def __init__(self, fields: Sequence[Field], rows: Rows) -> None:
        K, step = len(fields), max(1, -(-len(rows) // MOST))
        cells, observed = rows.cells[::step, :K], rows.observed[::step, :K]
        self.codes = {k: Codes(field) for k, field in enumerate(fields) if determines(field)}
        self.coded = {k: code(cells[:, k]).numpy() for k, code in self.codes.items()}
        self.cells, self.observed = cells.numpy(), observed.numpy().copy()
        # of rare levels nothing is known: they are different ones
        self.known = {k: self.observed[:, k] & (self.coded[k] < code.unknown) for k, code in self.codes.items()}
        for k, code in self.codes.items():
            if code.levels:
                self.observed[:, k] = self.known[k]
        self.usual = np.array([_usual(own[seen]) for own, seen in zip(self.cells.T, self.observed.T, strict=True)])

    def may_tell(self, by: list[int], on: Flags) -> bool:
        """Whether rows that follow each other, once ordered by these columns, leave it open that they determine another one."""
        row, place = self._ordered(by, LOOK)
        on = on & ~np.isin(np.arange(len(on)), by)  # no column says anything about itself
        cells, there = self.cells[np.ix_(row, on)], self.observed[np.ix_(row, on)]
        both = (place[1:] == place[:-1])[:, None] & there[1:] & there[:-1]
        differ = both & (cells[1:] != cells[:-1])
        return bool(((differ.sum(0) <= OPEN * both.sum(0)) & both.any(0)).any())

    def _ordered(self, by: list[int], rows: int = MOST) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of the first rows those with known values in some columns, in the order of these; and the values' places."""
        place = place_of(by, self.codes, {k: self.coded[k][:rows] for k in by})
        row = np.logical_and.reduce([self.known[k][:rows] for k in by]).nonzero()[0]
        row = row[np.argsort(place[row], kind="stable")]
        return row, place[row]

    def groups(self, by: list[int]) -> Groups:
        """The rows by their values in some columns; values that few rows have say nothing."""
        row, place = self._ordered(by)
        values, start = np.unique(place, return_index=True)
        cells, there = self.cells[row], self.observed[row]
        low = _reduced(np.minimum, np.where(there, cells, np.inf), start)
        high = _reduced(np.maximum, np.where(there, cells, -np.inf), start)
        count = _reduced(np.add, there.astype(np.int64), start)
        agree, told = (count >= LEAST) & (low == high), np.where(count >= LEAST, count, 0)
        chance = self.usual ** np.maximum(count - 1, 0)
        enough = told.sum(0)
        holds = (enough > count.sum(0) / 2) & ((told * agree).sum(0) >= EXACT * enough)
        holds &= (told * chance).sum(0) <= BY_CHANCE * enough
        sure = agree & (count >= ALONE) & (chance <= SURE)
        holds[by], sure[:, by] = False, False
        return Groups(size_of(by, self.codes), values, np.where(agree, low, np.nan).astype(np.float32), holds, sure)


def _reduced(add: np.ufunc, values: NDArray[Any], start: NDArray[np.int64]) -> NDArray[Any]:
    """Groups of consecutive rows (B, K), of which these are the first ones, as one row each."""
    found: NDArray[Any] = add.reduceat(values, start) if len(start) else values
    return found


def _usual(cells: NDArray[Any]) -> float:
    """The share of the most frequent value."""
    return float(np.unique(cells, return_counts=True)[1].max() / len(cells)) if len(cells) else 1.0
