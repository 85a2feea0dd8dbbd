"""Functional dependencies among rows: which columns one or two others determine, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes import find_totals, totals
from vaekit.modes.dependencies import RULES, VALUES, Codes, determines, place_of, size_of

MOST = 100_000  # rows that dependencies are learned from
LEAST = 5  # rows of a value that say what it determines: fewer may agree by chance, and would tell of themselves
EXACT = 0.995  # share of the rows that have the usual cell of their value, from which on it determines the other column
SILENT = 0.5  # share of the rows whose value has an exception, and says nothing therefore, up to which the others say anything
FEWER, SMALL = 2, 0.05  # rows of values too rare to say anything, and the share of such values whose rows may disagree
BY_CHANCE = 0.5  # share of the rows that agree if columns are independent, up to which it says anything
SURELY = 0.1  # share of the rules that may be there by chance, at most
ALONE, SURE = 500, 1e-9  # rows of a value that determines by itself, and how likely they agree in an independent column
SLICES = 200  # groups of rows up to which one is reduced after the other, which is faster than all in one go
LARGEST = 2**20  # pairs of values of two determining columns
PAIRS = 20_000  # pairs of columns that are asked
# rows that are asked first about two columns, the share of them that may disagree, and how many besides
LOOKS = ((500, 0.02, 2), (4_000, 0.02, 0))
VARIED = 0.95  # share of one value in columns that two others may determine

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def learn(fitted: Fitted, rows: Rows) -> None:
    """Keep what rows (B, K) tell of columns that determine others, of tables whose new rows a prior is to make real."""
    if fitted.vae.prior.learns and not fitted.layout.shape:
        fitted.arrays |= learned(fitted.fields, rows) | totals.kept(find_totals.learned(fitted.fields, rows))


def learned(fields: Sequence[Field], rows: Rows) -> dict[str, NDArray[Any]]:
    """The rules that rows (B, K) follow: (R, 3) of one or two determining columns (-1 for none) and the other; their cells.

    Functional dependencies as Huhtala et al. 1999 look for them (TANE, doi 10.1093/comjnl/42.2.100), of at most two determining
    columns and but for few exceptions; and values of one column that determine the other while the rest of it does not. No
    rule where independent columns would look like one, however many columns were asked.
    """
    shown = Shown(fields, rows)
    alone = [each for k in shown.codes for each in shown.groups([k], shown.open(k)).tables()]
    found = _believed(alone, len(shown.codes) * len(fields))
    free = shown.usual <= VARIED  # of two columns only what none determines by itself is asked
    free[[each.on for each in found if each.whole]] = False
    pairs, told = _pairs(fields, shown.codes), []
    for by in pairs:
        if len(on := shown.may_tell(by, free.nonzero()[0])):
            told += [each for each in shown.groups(by, on).tables() if each.whole]
    found += _believed(told, len(pairs) * len(fields))
    if not found:
        return {}
    rules = [[*each.by, *[-1] * (2 - len(each.by)), each.on] for each in found]
    return {RULES: np.array(rules), VALUES: np.concatenate([each.cells for each in found])}


class Told(NamedTuple):
    """What one column, or two, say of another one: a cell for each of their values, not a number where nothing."""

    by: list[int]
    on: int
    cells: NDArray[np.float32]
    whole: bool  # whether it is determined but for few rows
    chance: float  # how likely columns that are independent look like this, its logarithm


def _believed(told: Sequence[Told], asked: int) -> list[Told]:
    """What is not there by chance, of so many columns that were asked: false ones are one in so many thousands.

    Benjamini and Hochberg 1995 (doi 10.1111/j.2517-6161.1995.tb02031.x).
    """
    order = np.sort([each.chance for each in told])
    most = order[order <= np.log(SURELY / max(1, asked) * np.arange(1, len(order) + 1))].max(initial=-np.inf)
    return [each for each in told if each.chance <= most]


def _pairs(fields: Sequence[Field], codes: Mapping[int, Codes]) -> list[list[int]]:
    """Pairs of columns that may determine others together, not of two levels each: those of many levels first."""
    pairs = [by for by in map(list, combinations(codes, 2)) if size_of(by, codes) <= LARGEST]
    two = [sum(fields[k].levels == 2 for k in by) for by in pairs]
    return [by for few in (0, 1) for by, own in zip(pairs, two, strict=True) if own == few][:PAIRS]


class Groups(NamedTuple):
    """Rows by the value of one column, or by those of two: V of them; and what they say of some columns `on`."""

    by: list[int]
    size: int
    place: Places  # the numbers of the values, (V,)
    on: Places
    cells: NDArray[np.float32]  # that the rows of a value agree about, else not a number, (V, on)
    holds: Flags  # columns that are determined as a whole, (on,)
    sure: Flags  # cells that are determined whatever holds of other values, (V, on)
    chance: NDArray[np.float64]  # how likely independent columns are determined as a whole, its logarithm, (on,)

    def tables(self) -> Iterator[Told]:
        """What is said of each column that is determined, as a whole or by some values."""
        for m in (self.holds | self.sure.any(0)).nonzero()[0].tolist():
            table, whole = np.full(self.size, np.nan, dtype=np.float32), bool(self.holds[m])
            table[self.place] = self.cells[:, m] if whole else np.where(self.sure[:, m], self.cells[:, m], np.nan)
            yield Told(self.by, int(self.on[m]), table, whole, float(self.chance[m]) if whole else -np.inf)


class Shown:
    """Rows (B, K), in no order, by the values of the columns that may determine others."""

    def __init__(self, fields: Sequence[Field], rows: Rows) -> None:
        K, step = len(fields), max(1, -(-len(rows) // MOST))
        order = rng.numpy(0, "dependencies").permutation(len(range(0, len(rows), step)))
        cells, observed = rows.cells[::step, :K][order], rows.observed[::step, :K][order]
        self.codes = {k: Codes(field) for k, field in enumerate(fields) if determines(field)}
        self.coded = {k: code(cells[:, k]).numpy() for k, code in self.codes.items()}
        self.cells, self.observed = cells.numpy(), observed.numpy().copy()
        # of rare levels nothing is known: they are different ones
        self.known = {k: self.observed[:, k] & (self.coded[k] < code.unknown) for k, code in self.codes.items()}
        for k, code in self.codes.items():
            if code.levels:
                self.observed[:, k] = self.known[k]
        self.values: dict[int, tuple[NDArray[np.float32], Places]] = {}  # and how often each is there, by columns
        self.full: Flags = np.asarray(self.observed.all(0))
        self.usual = np.array([_usual(own[seen]) for own, seen in zip(self.cells.T, self.observed.T, strict=True)])

    def open(self, k: int) -> Places:
        """The columns of which it stays open that a column determines them, or some of its values does."""
        count = np.bincount(self.coded[k][self.known[k]], minlength=1)
        count = count[count >= LEAST]
        chance = self.usual[:, None] ** (count - 1)
        may = (chance <= SURE).any(1) | ((chance * count).sum(1) <= BY_CHANCE * count.sum())
        may[k] = not len(count)  # no column says anything about itself
        on = (may & bool(len(count))).nonzero()[0]
        rows = LOOKS[-1][0]
        if len(self.cells) <= rows or not len(on):
            return on
        some = self.reduced([k], on, rows)
        told = (some.same & (some.rows >= LEAST)).any(0)
        return on[told | np.isin(on, self.may_tell([k], on[~told]))]

    def may_tell(self, by: list[int], on: Places) -> Places:
        """Of some columns those of which it stays open that rows which follow each other, once ordered by `by`, agree."""
        on = on[~np.isin(on, by)]
        for rows, share, more in LOOKS:
            if not len(on):
                break
            row, place = self._ordered(by, rows)
            cells, there = self.cells[np.ix_(row, on)], self.observed[np.ix_(row, on)]
            both = (place[1:] == place[:-1])[:, None] & there[1:] & there[:-1]
            differ = (both & (cells[1:] != cells[:-1])).sum(0)
            on = on[(differ <= share * both.sum(0) + more) & (both.any(0) | (more > 0))]
        return on

    def _ordered(self, by: list[int], rows: int = MOST) -> tuple[Places, Places]:
        """Of the first rows those with known values in some columns, in the order of these; and the values' places."""
        place = place_of(by, self.codes, {k: self.coded[k][:rows] for k in by})
        row = np.logical_and.reduce([self.known[k][:rows] for k in by]).nonzero()[0]
        row = row[np.argsort(place[row], kind="stable")]
        return row, place[row]

    def groups(self, by: list[int], on: Places) -> Groups:
        """What the rows by their values in some columns say of others; values that few rows have say nothing."""
        own, usual = self.reduced(by, on), self.usual[on]
        count, same = own.rows, own.same
        many: Flags = np.greater_equal(count, LEAST)
        agree, told = many & same, np.where(many, count, 0)
        chance = usual ** np.maximum(count - 1, 0)
        enough, silent = told.sum(0), (told * ~same).sum(0)
        holds: Flags = np.asarray((enough > count.sum(0) / 2) & (silent <= SILENT * enough))
        holds &= (told * chance).sum(0) <= BY_CHANCE * enough
        rare = (count >= FEWER) & ~many
        holds &= (rare & ~same).sum(0) <= np.maximum(1, SMALL * rare.sum(0))
        for m in (holds & (silent > (1 - EXACT) * enough)).nonzero()[0]:
            holds[m] = self._exceptions(by, int(on[m]), own.place[many[:, m]]) <= (1 - EXACT) * enough[m]
        sure = agree & (count >= ALONE) & (chance <= SURE)
        cells = np.where(agree, own.low, np.nan).astype(np.float32)
        by_chance = np.zeros(len(on))
        for m in holds.nonzero()[0]:
            by_chance[m] = self._by_chance(int(on[m]), cells[:, m], np.where(many[:, m], count[:, m], 0))
        return Groups(by, size_of(by, self.codes), own.place, on, cells, holds, sure, by_chance)

    def reduced(self, by: list[int], on: Places, rows: int = MOST) -> Reduced:
        """The first rows by their values in some columns: what they have in others."""
        row, place = self._ordered(by, rows)
        values, start = np.unique(place, return_index=True)
        cells = _block(self.cells, row, on)
        if self.full[on].all():
            count = np.diff(np.append(start, len(row)))[:, None].repeat(len(on), 1)
            low, high = _reduced(np.minimum, cells, start), _reduced(np.maximum, cells, start)
        else:
            there = _block(self.observed, row, on)
            count = _reduced(np.add, there.astype(np.int32), start)
            low = _reduced(np.minimum, np.where(there, cells, np.float32(np.inf)), start)
            high = _reduced(np.maximum, np.where(there, cells, np.float32(-np.inf)), start)
        return Reduced(values, low, low == high, count)

    def _by_chance(self, on: int, cells: NDArray[np.float32], count: Places) -> float:
        """How likely so many rows (V,) of each value agree about cells (V,) of a column whose rows are shuffled, or about
        others that are less likely still, its logarithm; values that do not, not a number, may be any of them.
        """
        if on not in self.values:
            self.values[on] = np.unique(self.cells[self.observed[:, on], on], return_counts=True)
        (values, often), agree = self.values[on], ~np.isnan(cells)
        drawn = np.bincount(np.searchsorted(values, cells[agree]), count[agree], len(values))
        rows, asked = often.sum(), int((count > 0).sum())
        chance = (
            (gammaln(often + 1) - gammaln(often - drawn + 1)).sum()
            + gammaln(rows - drawn.sum() + 1)
            - gammaln(rows + 1)
        )
        return float(chance + agree.sum() * np.log(len(values)) + (asked - agree.sum()) * np.log(max(1, asked)))

    def _exceptions(self, by: list[int], on: int, values: Places) -> int:
        """How many rows with some values have another cell than most of those with their value."""
        row, place = self._ordered(by)
        own = self.observed[row, on] & np.isin(place, values)
        place, cells = place[own], self.cells[row[own], on]
        order = np.lexsort((cells, place))
        place, cells = place[order], cells[order]
        first = np.flatnonzero(np.r_[True, (place[1:] != place[:-1]) | (cells[1:] != cells[:-1])])
        alike = np.diff(np.append(first, len(place)))
        most = np.maximum.reduceat(alike, np.flatnonzero(np.r_[True, np.diff(place[first]) > 0]))
        return len(place) - int(most.sum())


class Reduced(NamedTuple):
    """Rows by V values: what those of each have in some columns, (V, on)."""

    place: Places  # the numbers of the values, (V,)
    low: NDArray[np.float32]
    same: Flags  # whether all have it
    rows: Places  # how many show it


def _block(values: NDArray[Any], row: Places, on: Places) -> NDArray[Any]:
    """Some rows and columns; whole rows are copied faster than cells."""
    if len(on) == values.shape[1]:
        return values[row]
    return values[np.ix_(row, on)] if 4 * len(on) < values.shape[1] else values[row][:, on]


def _reduced(add: np.ufunc, values: NDArray[Any], start: Places) -> NDArray[Any]:
    """Groups of consecutive rows (B, K), of which these are the first ones, as one row each."""
    if not len(start):
        return values
    if len(start) > SLICES:
        found: NDArray[Any] = add.reduceat(values, start)
        return found
    return np.stack([add.reduce(values[a:b], axis=0) for a, b in pairwise([*start, len(values)])])


def _usual(cells: NDArray[Any]) -> float:
    """The share of the most frequent value."""
    return float(np.unique(cells, return_counts=True)[1].max() / len(cells)) if len(cells) else 1.0
