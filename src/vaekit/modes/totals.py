"""Totals: numbers that others add up to, or multiply to, as living space above and below ground, or quantity and price."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from vaekit.artifact import trained_range
from vaekit.codec.field import Field

TERMS, RESTS = "totals.terms", "totals.rests"  # names of what a file keeps
SINGLE = 1.2e-6  # deviations by which a number differs that was rounded to single precision
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
            told += [self._solved(total, m, terms).to(cells.dtype)[:, None] for m in range(len(total.on))]
        return torch.cat(differ, 1), torch.cat(told, 1)

    def wrong(self, cells: Tensor, given: Tensor) -> Tensor:
        """Flags (B,) of rows that some total does not hold in, unless all that it speaks of was given, (B, K)."""
        found = torch.zeros(len(cells), dtype=torch.bool)
        for total in self.totals:
            found |= self._terms(total, cells)[1] & ~given[:, total.on].all(1)
        return found

    def set(self, cells: Tensor, known: Tensor) -> bool:
        """Set numbers of cells (B, K) that are the only ones of some total which are not known; whether there were any."""
        return any(self._set(total, cells, known) for total in self.exact_first)

    def close(self, cells: Tensor, known: Tensor) -> None:
        """Take numbers of cells (B, K) as known, but for one of each total, which follows: of those that are not known the one
        that was rounded, or else where the column's values lie the furthest apart, and not one that stands for many rows.
        """
        for total in reversed(self.totals):  # none speaks of the first number of an earlier one, which waits therefore
            waits = ~known[:, total.on]
            if bool(total.rounded.any()):
                last = waits & (waits.cumsum(1) == 1)
            else:
                last = waits & one_hot(self._room(total, cells, waits).argmax(1), len(total.on)).bool()
            taken = waits & ~last
            for m, k in enumerate(total.on):
                number = self.numbers[k]
                inside = cells[:, k].clamp(number.low.to(cells.dtype), number.high.to(cells.dtype))
                cells[:, k] = inside.where(taken[:, m], cells[:, k])
            known[:, total.on] |= taken
            self._set(total, cells, known)

    def _room(self, total: Total, cells: Tensor, waits: Tensor) -> Tensor:
        """How far the values around each number of a total lie apart (B, m); less than nothing where it is known, or where its
        decimals are too coarse beside those of others that wait.
        """
        own = [self.numbers[k] for k in total.on]
        values = torch.stack([number.values(cells[:, k]) for number, k in zip(own, total.on, strict=True)], 1)
        scale = total.weight.abs() / (values.abs().clamp(min=EDGE) if total.logs else 1.0)
        step = scale * torch.stack([number.step for number in own])
        room = [number.room(cells[:, k], values[:, m]) for m, (number, k) in enumerate(zip(own, total.on, strict=True))]
        fine = step <= COARSER * step.where(waits, torch.inf).amin(1, keepdim=True)
        return (scale * torch.stack(room, 1)).where(waits & fine, -1.0)

    def _set(self, total: Total, cells: Tensor, known: Tensor) -> bool:
        waits = ~known[:, total.on]
        alone, new = waits.sum(1) == 1, False
        for m, k in enumerate(total.on):
            row = (alone & waits[:, m]).nonzero()[:, 0]
            if len(row):
                told = self._solved(total, m, self._terms(total, cells[row])[0])
                there = ~told.isnan()
                cells[row[there], k] = told[there].to(cells.dtype)
                known[row, k] = new = True
        return new

    def _terms(self, total: Total, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted numbers (B, m), not numbers where logarithms have none, and flags (B,) of rows where they do not add up."""
        values = torch.stack([self.numbers[k].values(cells[:, k]) for k in total.on], 1)
        noise = torch.stack([self.numbers[k].noise(values[:, m], total.rounded[m]) for m, k in enumerate(total.on)], 1)
        terms, slack, far = added(total, values, noise)
        return terms, far > slack

    def _solved(self, total: Total, m: int, terms: Tensor) -> Tensor:
        """Cells (B,) of the number m that follow from the other terms (B, m); not a number beyond what trained."""
        sums = total.rest - terms[:, :m].sum(1) - terms[:, m + 1 :].sum(1)
        value = sums / total.weight[m]
        return self.numbers[total.on[m]].cells(value.exp() if total.logs else value)


def added(total: Total, values: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted terms (B, m) of values (B, m), how far they may be from the rest by their noise, and how far they are, (B,)."""
    terms = total.weight * (values.where(values > 0, torch.nan).log() if total.logs else values)
    slack = (total.weight.abs() * (noise / values.abs() if total.logs else noise)).sum(1)
    return terms, slack + DOUBLE * (terms.abs().sum(1) + total.rest.abs()), (terms.sum(1) - total.rest).abs()


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

    def noise(self, values: Tensor, rounded: Tensor | bool) -> Tensor:
        """By how much values (B,) may differ that were rounded to single precision, and maybe to their decimals."""
        single = SINGLE * self.std * (torch.ones_like(values) if self.transform == "linear" else values.abs() + 1)
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


def written(total: Total, names: Sequence[str]) -> str:
    """The total as a reader would write it down.

    >>> weights, flags = torch.tensor([1.0, -1.8]), torch.zeros(2, dtype=torch.bool)
    >>> written(Total([1, 0], weights, double(32.0), False, flags), ["celsius", "fahrenheit"])
    'fahrenheit = 1.8 celsius + 32'
    >>> weights, flags = torch.tensor([1.0, -1.0, 1.0]), torch.zeros(3, dtype=torch.bool)
    >>> written(Total([0, 1, 2], weights, double(0.0), True, flags), ["price", "amount", "quantity"])
    'price = amount / quantity'
    >>> written(Total([0, 1, 2], torch.ones(3), double(1.0), False, torch.ones(3)), ["fat", "sugar", "water"])
    'fat + sugar + water = 1'
    """
    first, *others = total.on
    weights = (-total.weight[1:]).tolist()
    rest = float(total.rest.exp() if total.logs else total.rest)
    if total.logs:
        up = [_power(names[k], w) for k, w in zip(others, weights, strict=True) if w > 0]
        up = [f"{rest:.6g}"] * (rest != 1) + up
        down = [_power(names[k], -w) for k, w in zip(others, weights, strict=True) if w < 0]
        return f"{names[first]} = {' / '.join([' x '.join(up) or '1', *down])}"
    if len(weights) > 1 and rest and max(weights) < 0:
        return f"{_sum([(1.0, names[first]), *((-w, names[k]) for k, w in zip(others, weights, strict=True))])} = {rest:.6g}"
    terms = [(weight, names[k]) for k, weight in zip(others, weights, strict=True)] + [(rest, "")] * (rest != 0)
    return f"{names[first]} = {_sum(terms)}"


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    ordered = sorted(terms, key=lambda term: term[0] < 0)
    parts = [("-" if w < 0 else "+", "" if abs(w) == 1 and name else f"{abs(w):.6g}", name) for w, name in ordered]
    return " ".join(" ".join(filter(None, part)) for part in parts).removeprefix("+ ")


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{power:g}"
