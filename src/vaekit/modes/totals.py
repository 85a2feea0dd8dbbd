"""Totals: numbers that others add up to, or multiply to, as living space above and below ground, or quantity and price."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import trained_range
from vaekit.codec.field import Field

TERMS, RESTS = "totals.terms", "totals.rests"  # names of what a file keeps
SINGLE = 2e-7  # share of a cell, and deviations, by which a number differs that was rounded to single precision
EPSILON = 2**-23  # share of a number that single precision bears
DOUBLE = 1e-9  # share of the terms that is lost in double precision
FORWARD: dict[str, Callable[[Tensor], Tensor]] = {"linear": Tensor.double, "log": torch.log, "log1p": torch.log1p}
INVERSE: dict[str, Callable[[Tensor], Tensor]] = {"linear": Tensor.double, "log": torch.exp, "log1p": torch.expm1}
COARSER = 1.5  # times the finest decimals that those of a number may be which makes up for others
MASS = 32  # parts of the training rows, of which one says how dense a column is around a value
EDGE = 1e-4  # deviations that a number may lie beyond those that trained


class Total(NamedTuple):
    """Numbers, or their logarithms, whose weighted sum is the same in every row; the one first that follows from the others.

    Args:
        on: columns, m of them.
        weight: theirs, (m,).
        rest: the sum, ().
        logs: whether logarithms add up, so that numbers multiply.
        rounded: the numbers that were rounded to their decimals after they added up, (m,).
    """

    on: list[int]
    weight: Tensor
    rest: Tensor
    logs: bool
    rounded: Tensor


class Totals:
    """Solves totals for the number that is not known, and tells which rows they do not hold in.

    Args:
        fields: the K columns.
        arrays: what `find_totals.learned` found.

    >>> fields = [Field(name, "real", std=10.0, resolution=1.0, quantiles=np.array([-9.0, 9.0])) for name in ("all", "a", "b")]
    >>> arrays = kept([Total([0, 1, 2], torch.tensor([1.0, -1.0, -1.0]), double(0.0), False, torch.zeros(3, dtype=torch.bool))])
    >>> totals = Totals(fields, arrays)
    >>> rows = torch.tensor([[0.5, 0.3, 0.2], [0.9, 0.3, 0.2]])
    >>> totals.against(rows)[0]
    tensor([[False, False, False],
            [ True,  True,  True]])
    >>> known = torch.tensor([[True, True, False]]).repeat(2, 1)
    >>> totals.set(rows, known), rows
    (True, tensor([[0.5000, 0.3000, 0.2000],
            [0.9000, 0.3000, 0.6000]]))
    """

    def __init__(self, fields: Sequence[Field], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.numbers = {k: Number(field) for k, field in enumerate(fields) if not field.levels}
        terms, rests = arrays.get(TERMS, np.zeros((0, 4))), arrays.get(RESTS, np.zeros((0, 2)))
        self.totals = [
            Total(own[:, 1].astype(int).tolist(), torch.from_numpy(own[:, 2]), double(rest), bool(logs),
                  torch.from_numpy(own[:, 3] > 0))
            for t, (rest, logs) in enumerate(rests) for own in [terms[terms[:, 0] == t]]
        ]  # fmt: skip
        exact = sorted(self.totals, key=lambda total: bool(total.rounded.any()))
        self.exact_first = [*exact, *(own for pair in combinations(self.totals, 2) for own in shorter(*pair))]

    def against(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Where cells (B, K) are not what totals say, and what these say, (B, P) each: total by total its columns."""
        differ, told = [cells[:, :0].bool()], [cells[:, :0]]
        for total in self.totals:
            terms, broken = self._terms(total, cells)
            differ.append(broken[:, None].expand(-1, len(total.on)))
            told += [self._solved(total, m, terms, cells).to(cells.dtype)[:, None] for m in range(len(total.on))]
        return torch.cat(differ, 1), torch.cat(told, 1)

    def wrong(self, cells: Tensor, given: Tensor) -> Tensor:
        """Flags (B,) of rows that some total does not hold in, unless all that it speaks of was given, (B, K)."""
        found = torch.zeros(len(cells), dtype=torch.bool)
        for total in self.totals:
            found |= self._terms(total, cells)[1] & ~given[:, total.on].all(1)
        return found

    def set(self, cells: Tensor, known: Tensor, wide: Tensor | None = None) -> bool:
        """Set numbers of cells (B, K) that are the only ones of some total which are not known; whether there were any.

        Where values are `wide` (B, K), known up to so much to either side, those that are set are, and by what was rounded.
        """
        return any(self._set(total, cells, known, wide) for total in self.exact_first)

    def beyond(self, cells: Tensor, known: Tensor) -> Tensor:
        """Flags of cells (B, K) from which with other known ones a number would follow that training never had."""
        found = torch.zeros_like(known)
        for total in self.totals:
            waits = ~known[:, total.on]
            for m, k in enumerate(total.on):
                row = ((waits.sum(1) == 1) & waits[:, m]).nonzero()[:, 0]
                value = self._follows(total, m, self._terms(total, cells[row])[0], cells[row])
                own = row[~value.isnan() & self.numbers[k].cells(value).isnan()]
                found[own[:, None], total.on] |= known[own[:, None], total.on]
        return found

    def close(self, cells: Tensor, known: Tensor) -> None:
        """Take numbers of cells (B, K) as known, but for one of each total, which follows: of those that are not known the one
        that was rounded, or else where the column's values lie the furthest apart, and not one that stands for many rows.

        Where training had no such number as follows there, another one does.
        """
        for total in reversed(self.totals):  # none speaks of the first number of an earlier one, which waits therefore
            waits = ~known[:, total.on]
            for m, k in enumerate(total.on):
                inside = self.numbers[k].inside(cells[:, k])
                cells[:, k] = inside.where(waits[:, m], cells[:, k])
            order = -torch.arange(len(total.on), dtype=torch.float64)
            last = order.expand_as(waits) if bool(total.rounded.any()) else self._room(total, cells, waits)
            last = last.where(waits, -torch.inf)
            left = waits.any(1).nonzero()[:, 0]
            while len(left):
                one, part = last[left].argmax(1), cells[left]
                terms, told = self._terms(total, part)[0], torch.full((len(left),), torch.nan, dtype=cells.dtype)
                for m in range(len(total.on)):
                    told = self._solved(total, m, terms, part).to(cells.dtype).where(one == m, told)
                at, there = torch.tensor(total.on)[one], ~told.isnan()
                cells[left[there], at[there]] = told[there]
                last[left, one] = -torch.inf
                left = left[~there & (last[left] > -torch.inf).any(1)]
            known[:, total.on] = True

    def _room(self, total: Total, cells: Tensor, waits: Tensor) -> Tensor:
        """How far the values around each number of a total lie apart (B, m); less than nothing where its decimals are too
        coarse beside those of others that wait.
        """
        own = [self.numbers[k] for k in total.on]
        values = torch.stack([number.values(cells[:, k]) for number, k in zip(own, total.on, strict=True)], 1)
        scale = total.weight.abs() / (values.abs().clamp(min=EDGE) if total.logs else 1.0)
        step = scale * torch.stack([number.step for number in own])
        room = [number.room(cells[:, k], values[:, m]) for m, (number, k) in enumerate(zip(own, total.on, strict=True))]
        fine = step <= COARSER * step.where(waits, torch.inf).amin(1, keepdim=True)
        return (scale * torch.stack(room, 1)).where(fine, -1.0)

    def _set(self, total: Total, cells: Tensor, known: Tensor, wide: Tensor | None) -> bool:
        waits = ~known[:, total.on]
        alone, new = waits.sum(1) == 1, False
        for m, k in enumerate(total.on):
            row = (alone & waits[:, m]).nonzero()[:, 0]
            if len(row):
                told = self._solved(total, m, self._terms(total, cells[row])[0], cells[row])
                there = ~told.isnan()
                row, told = row[there], told[there]
                cells[row, k] = told.to(cells.dtype)
                known[row, k] = True
                new |= bool(len(row))
                if wide is not None:
                    wide[row, k] = self._wide(total, m, cells[row], wide[row])
        return new

    def _values(self, total: Total, cells: Tensor) -> tuple[Tensor, Tensor]:
        """The numbers of a total and how far each may be from what adds up, (B, m) each."""
        values = torch.stack([self.numbers[k].values(cells[:, k]) for k in total.on], 1)
        noise = [self.numbers[k].noise(values[:, m], total.rounded[m]) for m, k in enumerate(total.on)]
        return values, torch.stack(noise, 1)

    def _terms(self, total: Total, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted numbers (B, m), or logarithms, and flags (B,) of rows where they do not add up."""
        terms, _, broken = added(total, *self._values(total, cells))
        return terms, broken

    def _solved(self, total: Total, m: int, terms: Tensor, cells: Tensor) -> Tensor:
        """Cells (B,) of the number m that follow from the other terms (B, m); not a number beyond what trained."""
        return self.numbers[total.on[m]].cells(self._follows(total, m, terms, cells))

    def _follows(self, total: Total, m: int, terms: Tensor, cells: Tensor) -> Tensor:
        """Values (B,) of the number m that follow from the other terms (B, m); not a number where it may be any."""
        sums = total.rest - terms[:, :m].sum(1) - terms[:, m + 1 :].sum(1)
        value = sums / total.weight[m]
        if not total.logs:
            return value
        others = [(self.numbers[k].values(cells[:, k]), w) for k, w in zip(total.on, total.weight, strict=True)]
        below = torch.stack([(values < 0) & _odd(w) for j, (values, w) in enumerate(others) if j != m]).sum(0) % 2 == 1
        return (value.exp() * torch.where(below, -1.0, 1.0)).where(~below | _odd(total.weight[m]), torch.nan)

    def _wide(self, total: Total, m: int, cells: Tensor, wide: Tensor) -> Tensor:
        """How far the number m may be from what follows from the others, (B,): by how these were rounded, and may be off."""
        values, noise = self._values(total, cells)
        off = total.weight.abs() * (noise + wide[:, total.on]) / (values.abs() if total.logs else 1.0)
        others = off[:, :m].sum(1) + off[:, m + 1 :].sum(1)
        return (others / total.weight[m].abs() * (values[:, m].abs() if total.logs else 1.0)).nan_to_num(0.0, 0.0)

    def moved(self, cells: Tensor, by: Tensor) -> Tensor:
        """Cells (B, K) of numbers that are greater by so much (B, K), where training had any such."""
        cells = cells.clone()
        for k, number in self.numbers.items():
            row = by[:, k].nonzero()[:, 0]
            if len(row):
                told = number.cells(number.values(cells[row, k]) + by[row, k]).to(cells.dtype)
                cells[row, k] = cells[row, k].where(told.isnan(), told)
        return cells


def added(total: Total, values: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted terms (B, m) of values (B, m), how far their sum may be from the rest by their noise, flags (B,) where it is.

    Logarithms are of sizes: signs multiply by themselves. That of 0 is less than any: a product with it has to be 0 too, and
    where both sides are, nothing is said.
    """
    weight, room = total.weight, DOUBLE
    if not total.logs:
        terms = weight * values
        slack = (weight.abs() * noise).sum(1) + room * (terms.abs().sum(1) + total.rest.abs())
        return terms, slack, (terms.sum(1) - total.rest).abs() > slack
    size = values.abs().where((values >= 0) | (weight % 1 == 0), torch.nan)
    terms, low, high = weight * size.log(), weight * (size - noise).clamp(min=0).log(), weight * (size + noise).log()
    spare = room * (terms.nan_to_num(0.0, 0.0, 0.0).abs().sum(1) + total.rest.abs())
    least, most = low.where(weight > 0, high).sum(1) - total.rest, high.where(weight > 0, low).sum(1) - total.rest
    below = ((values < -noise) & _odd(weight)).sum(1) % 2 == 1
    slack = (weight.abs() * noise / size).sum(1) + spare
    return terms, slack, (least > spare) | (most < -spare) | (below & (size > noise).all(1))


def _odd(weight: Tensor) -> Tensor:
    return weight.abs() % 2 == 1


def shorter(one: Total, other: Total) -> Iterator[Total]:
    """What two totals say of fewer numbers than one of them: net and tax are gross, tax follows from net, so gross does."""
    for k in [k for k in one.on if k in other.on and one.logs == other.logs]:
        parts = [(own, own.weight / own.weight[own.on.index(k)], sign) for own, sign in ((one, 1.0), (other, -1.0))]
        weights = dict.fromkeys([*one.on, *other.on], 0.0)
        for own, weight, sign in parts:
            for j, w in zip(own.on, weight.tolist(), strict=True):
                weights[j] += sign * w
        left = {j: w for j, w in weights.items() if abs(w) > DOUBLE}
        if 2 <= len(left) < max(len(one.on), len(other.on)):
            rest = sum((sign * own.rest / own.weight[own.on.index(k)] for own, _, sign in parts), double(0.0))
            flags = torch.ones(len(left), dtype=torch.bool)
            yield Total([*left], torch.tensor([*left.values()], dtype=torch.float64), rest, one.logs, flags)


class Number:
    """Cells of a column of numbers as its values, and back."""

    def __init__(self, field: Field) -> None:
        # tensors: an exported graph would hold numbers in single precision
        self.mean, self.std, self.step = double(field.mean), double(field.std), double(field.resolution)
        self.low, self.high = map(double, trained_range(field))
        self.transform, self.whole = field.transform, field.resolution > 0
        self.spikes = torch.tensor(field.spikes, dtype=torch.float64)
        self.middle, self.wide = _spread(torch.from_numpy(np.asarray(field.quantiles, dtype=float)))

    def values(self, cells: Tensor) -> Tensor:
        """Values (B,) at the column's decimals."""
        scaled = cells.double() * self.std + self.mean
        return self._rounded(INVERSE[self.transform](scaled))

    def cells(self, values: Tensor) -> Tensor:
        """Cells (B,) of values at the column's decimals, not numbers where training had none so small or large."""
        cells = (FORWARD[self.transform](self._rounded(values)) - self.mean) / self.std
        inside = (cells >= self.low - EDGE) & (cells <= self.high + EDGE)
        return cells.where(inside, torch.nan)

    def room(self, cells: Tensor, values: Tensor) -> Tensor:
        """How far values (B,) lie apart around those of cells (B,): what a part of the training rows takes; 0 at a spike."""
        at = torch.bucketize(cells.double().contiguous(), self.middle)
        wide = self.std * self.wide[at] * (1.0 if self.transform == "linear" else values.abs())
        alone = ((cells.double()[:, None] - self.spikes).abs() < EDGE).any(1)
        return wide.clamp(min=self.step).where(~alone, 0.0)

    def inside(self, cells: Tensor) -> Tensor:
        """Cells (B,), those beyond what trained at its ends."""
        return cells.clamp(self.low.to(cells.dtype), self.high.to(cells.dtype))

    def noise(self, values: Tensor, rounded: Tensor | bool) -> Tensor:
        """By how much values (B,) may differ that were rounded to single precision, and maybe to their decimals."""
        linear = self.transform == "linear"
        scaled = values if linear else FORWARD[self.transform](values.clamp(min=0)).nan_to_num(neginf=0.0)
        off = SINGLE * (self.std + (scaled - self.mean).abs())
        single = off if linear else off * (values.abs() + 1)
        if not self.whole:  # those of a table in single precision were rounded before, and so were what they add up to
            single = single + (EPSILON * values.abs()).clamp(max=4 * SINGLE * self.std)
        single = single.where(single > self.step / 4, 0.0)
        return single + self.step / 2 * torch.as_tensor(rounded)

    def _rounded(self, values: Tensor) -> Tensor:
        return (values / self.step).round() * self.step if self.whole else values


def _spread(quantiles: Tensor) -> tuple[Tensor, Tensor]:
    """The quantiles (Q,) between the outermost, and how far those beside each part of them lie apart, on the denser side."""
    if len(quantiles) < 2:
        return torch.zeros(0, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    last, many = len(quantiles) - 1, max(1, len(quantiles) // MASS)
    at = torch.arange(last)
    below = (quantiles[at] - quantiles[(at - many).clamp(min=0)]).where(at >= many, torch.inf)
    above = (quantiles[(at + 1 + many).clamp(max=last)] - quantiles[at + 1]).where(at + 1 + many <= last, torch.inf)
    return quantiles[1:-1], torch.minimum(below, above).nan_to_num(posinf=0.0)


def double(number: float) -> Tensor:
    """A number in double precision, ()."""
    return torch.tensor(number, dtype=torch.float64)


def kept(totals: Sequence[Total]) -> dict[str, NDArray[Any]]:
    """What a file keeps of them."""
    if not totals:
        return {}
    terms = [
        (t, k, float(weight), float(rounded))
        for t, total in enumerate(totals)
        for k, weight, rounded in zip(total.on, total.weight, total.rounded, strict=True)
    ]
    return {TERMS: np.array(terms), RESTS: np.array([(float(total.rest), float(total.logs)) for total in totals])}
