"""What a column of numbers is: the rules, with the reason in plain words."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaekit.schema.column import Kind, Level

Values = NDArray[Any]

ENOUGH_ROWS = 20  # below this, "all distinct" says nothing
MANY = 20  # more distinct values than this are a scale rather than a list
WIDE_DISTINCT, WIDE_RANGE = 1000, 10_000
SPIKE_SHARE, SPIKES_SHARE, SPIKE_RATIO, SPIKE_PROMINENCE, SPIKES_MOST = 0.02, 0.10, 10, 5, 8
_KEY_WORDS = {"id", "ids", "key", "uuid", "guid", "nbr", "number", "no", "index", "idx", "rownumber", "rowid"}
_CODE_WORDS = {"id", "code", "type", "zip", "zipcode", "postcode", "class", "category", "cluster", "group"}


class Found(NamedTuple):
    """What inference says of one column."""

    kind: Kind
    reason: str
    levels: tuple[Level, ...] | None = None
    spikes: tuple[float, ...] | None = None
    decimals: int | None = None
    format: str | None = None


class Tally(NamedTuple):
    """The values of a column, sorted and counted, nulls left out."""

    values: Values
    distinct: Values
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, values: Values) -> Tally:
        """Count the distinct values of (N,) cells."""
        return cls(values, *np.unique(values, return_counts=True))


def guess_number(name: str, tally: Tally) -> Found:
    """The kind of a column of numbers with at least two distinct values.

    Args:
        name: its name, which may tell a code or a key from a measurement.
        tally: its observed values, of an integer or float type.

    >>> guess_number("children", Tally.of(np.array([0, 1, 2, 1, 0, 3]))).kind
    'count'
    """
    digits = decimals(tally.distinct)
    if digits == 0 and (found := _key(name, tally)):
        return found
    if len(tally.distinct) == 2:
        low, high = levels_of(tally.distinct)
        if digits is None:  # a switch is not written with seven digits: its standardised numbers have a mean
            return Found("mixed", f"two numbers, {low:g} and {high:g}", spikes=(float(low), float(high)))
        return Found("binary", f"two distinct values, {low} and {high}", levels=(low, high), decimals=digits)
    if digits == 0 and (found := _code(name, tally)):
        return found
    if exact := spikes(tally):
        share = sum(tally.counts[np.isin(tally.distinct, exact)]) / len(tally.values)
        shown = ", ".join(f"{value:g}" for value in exact)
        reason = f"exactly {shown} in {share:.0%} of the rows, beside a scale"
        return Found("mixed", reason, spikes=exact, decimals=digits)
    found = _whole(name, tally) if digits == 0 else _real(tally)
    return found._replace(decimals=digits)


def decimals(distinct: Values) -> int | None:
    """The fewest digits after the point that write every value exactly; None where six do not.

    >>> decimals(np.array([0.25, 1.5])), decimals(np.array([1 / 3]))
    (2, None)
    """
    if not np.issubdtype(distinct.dtype, np.floating):
        return 0
    finest = 16 * float(np.spacing(np.abs(distinct).max()))  # below this every float looks rounded
    for digits in range(7):
        if digits and 10.0**-digits < finest:
            return None
        for part in (distinct[:500], distinct):
            if not np.array_equal(np.round(part.astype(np.float64), digits).astype(part.dtype), part):
                break
        else:
            return digits
    return None


def spikes(tally: Tally) -> tuple[float, ...]:
    """The exact values that stand out of a scale; empty where there are none.

    Each holds 2 % of the rows, ten times as many as the median distinct value, five times as many as the rarer of its
    neighbours (a count that falls off smoothly has none) and as the value of the median row among the rest (a coarse
    grid has none); together they hold 10 %, beside at least 20 other values.

    >>> spikes(Tally.of(np.r_[np.zeros(50), np.arange(100.0)]))
    (0.0,)
    """
    counts, rows = tally.counts, len(tally.values)
    if len(counts) <= MANY or counts.max() < SPIKE_SHARE * rows:
        return ()
    least = max(SPIKE_SHARE * rows, SPIKE_RATIO * float(np.median(counts)))
    chosen = np.flatnonzero((counts >= least) & (counts >= SPIKE_PROMINENCE * _rarer_neighbour(counts)))
    chosen = chosen[np.argsort(-counts[chosen], kind="stable")][: min(SPIKES_MOST, len(counts) - MANY)]
    while len(chosen) and counts[chosen[-1]] < SPIKE_PROMINENCE * _median_row(np.delete(counts, chosen)):
        chosen = chosen[:-1]
    enough = counts[chosen].sum() >= SPIKES_SHARE * rows
    return tuple(float(value) for value in tally.distinct[np.sort(chosen)]) if enough else ()


def _rarer_neighbour(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    sides = np.pad(counts.astype(np.float64), 1, constant_values=np.inf)
    return np.minimum(sides[:-2], sides[2:])


def _median_row(counts: NDArray[np.intp]) -> int:
    """How many rows share the value of the median row."""
    rising = np.sort(counts)
    return int(rising[np.searchsorted(np.cumsum(rising), counts.sum() / 2)])


def levels_of(distinct: Values) -> tuple[Level, ...]:
    """Distinct values as levels: Python's own numbers."""
    return tuple(distinct.tolist())


def words(name: str) -> list[str]:
    """The words of a name, in lower case.

    >>> words("customerID"), words("admission_type_id")
    (['customer', 'id'], ['admission', 'type', 'id'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _key(name: str, tally: Tally) -> Found | None:
    rows, distinct = len(tally.values), len(tally.distinct)
    if rows < ENOUGH_ROWS or distinct * 2 < rows:
        return None
    seen = f"{distinct} distinct whole numbers of {rows} rows"
    if set(words(name)[-1:]) & _KEY_WORDS:
        return Found("identifier", f"{seen}, and a name like a key: an identifier", decimals=0)
    if distinct == rows and not _is_shuffled(tally.values):
        return Found("identifier", f"{seen}, in the order of the rows: an identifier", decimals=0)
    return None


def _code(name: str, tally: Tally) -> Found | None:
    distinct = len(tally.distinct)
    if distinct * 20 > len(tally.values) or not set(words(name)[-1:]) & _CODE_WORDS:
        return None
    return Found("categorical", f"{distinct} distinct whole numbers, and a name like a code: categories", decimals=0)


def _is_shuffled(values: Values) -> bool:
    rises = values[1:] > values[:-1]
    return bool(rises.any() and not rises.all())


def _whole(name: str, tally: Tally) -> Found:
    distinct, (low, high) = len(tally.distinct), tally.distinct[[0, -1]].tolist()
    seen = f"{distinct} distinct whole numbers from {low:.0f} to {high:.0f}"
    if low < 0 and distinct <= MANY:
        return Found("ordinal", f"{seen}, negative ones among them: ordered levels", levels=levels_of(tally.distinct))
    if low < 0:
        return Found("real", f"{seen}: a measurement in whole steps")
    if distinct <= WIDE_DISTINCT and high <= WIDE_RANGE:
        return Found("count", seen)
    values = tally.values.astype(np.float64)
    if low > 0 and not _is_bent(values, np.log(values)):
        return Found("positive", f"{seen}, a wide range: a positive measurement")
    if low == 0 and _is_straighter(values, np.log1p(values)):
        return Found("count", f"{seen}, a wide skewed range")
    return Found("real", f"{seen}, a wide range: a measurement in whole steps")


def _real(tally: Tally) -> Found:
    low, high = tally.distinct[[0, -1]].tolist()
    seen = f"{len(tally.distinct)} distinct numbers from {low:.6g} to {high:.6g}"
    if low > 0:
        values = tally.values.astype(np.float64)
        if _is_straighter(values, np.log(values)):
            return Found("positive", f"{seen}, skewed, and symmetric as a logarithm")
    return Found("real", seen)


def _is_straighter(values: NDArray[np.float64], logs: NDArray[np.float64]) -> bool:
    skew, log_skew = _skewness(values), _skewness(logs)
    return skew > 0.5 and abs(log_skew) < 0.7 * skew


def _is_bent(values: NDArray[np.float64], logs: NDArray[np.float64]) -> bool:
    log_skew = abs(_skewness(logs))
    return log_skew > 1 and log_skew > 2 * abs(_skewness(values))


def _skewness(values: NDArray[np.float64]) -> float:
    centred = values - values.mean()
    spread = centred.std()
    return float(((centred / spread) ** 3).mean()) if spread > 0 else 0.0
