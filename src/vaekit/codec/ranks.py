"""Every value that a numeric column can hold as a whole number that keeps the order of the values.

```
raw --ranks--> 0 ... 2**64 - 1 --values--> raw
```

Whole ticks are counted in steps, numbers of declared decimals in their last decimal, and other floats one after another as the
machine holds them (numbers of decimals too, beyond 2**53 of their last), so that neighbours differ by one and a rank gives back
every bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.codec import ticks
from vaekit.codec.field import Field
from vaekit.codec.numeric import Numeric

Ranks = NDArray[np.uint64]

_TOP = np.uint64(2**63)
_EXACT = 2.0**53


def ranks(part: Numeric, raw: ticks.Raw) -> tuple[Ranks, NDArray[np.bool_]]:
    """Ranks of raw numbers (B,), and flags of those that `values` gives back bit for bit.

    >>> from vaekit.schema import Column
    >>> amounts = pa.array([0.5, 0.75, 2.0])
    >>> part = Numeric.fit(Column(name="x", kind="real", type="double", decimals=1), amounts)
    >>> found, exact = ranks(part, np.array([0.5, 0.75, 2.0]))
    >>> (found - found[0]).tolist(), exact.tolist()
    ([0, 3, 15], [True, False, True])
    """
    if ticks.is_whole(ticks.tick_type(part.column)):
        return in_order(raw // part.step), np.asarray(raw % part.step == 0)
    digits = _decimals(part)
    if digits is None:
        with np.errstate(over="ignore"):
            narrow = raw.astype(_float(part))
        return in_order(narrow), _same_bits(narrow.astype(float), raw)
    with np.errstate(over="ignore"):
        scaled = np.rint(raw * 10.0**digits if digits >= 0 else raw / 10.0**-digits)
    counted = in_order(np.clip(scaled, -_EXACT, _EXACT).astype(np.int64))
    return counted, _same_bits(values(part, counted), raw)


def values(part: Numeric, ranked: Ranks) -> ticks.Raw:
    """Raw numbers of ranks (B,), as `ticks.write` takes them."""
    kind = ticks.tick_type(part.column)
    if ticks.is_whole(kind):
        return from_order(ranked, np.dtype(np.uint64 if pa.types.is_uint64(kind) else np.int64)) * part.step
    digits = _decimals(part)
    if digits is None:
        return from_order(ranked, _float(part)).astype(float)
    counted = from_order(ranked, np.dtype(np.int64)).astype(float)
    return counted / 10.0**digits if digits >= 0 else counted * 10.0**-digits


def in_order(numbers: NDArray[Any]) -> Ranks:
    """Numbers of any machine type as unsigned words in the same order; -0.0 comes just before 0.0.

    >>> in_order(np.array([-0.0, 0.0, 5e-324])).tolist()
    [9223372036854775807, 9223372036854775808, 9223372036854775809]
    """
    if numbers.dtype.kind in "ub":
        return numbers.astype(np.uint64)
    if numbers.dtype.kind == "i":
        return numbers.astype(np.int64).view(np.uint64) ^ _TOP
    word = np.dtype(f"u{numbers.dtype.itemsize}").type
    bits, sign = np.ascontiguousarray(numbers).view(word), word(1 << (8 * numbers.dtype.itemsize - 1))
    return np.where(bits & sign, ~bits, bits | sign).astype(np.uint64)


def from_order(ranked: Ranks, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The inverse of `in_order`, for numbers of that machine type."""
    if dtype.kind in "ub":
        return ranked.astype(dtype)
    if dtype.kind == "i":
        return (ranked ^ _TOP).view(np.int64).astype(dtype)
    word = np.dtype(f"u{dtype.itemsize}").type
    narrow, sign = ranked.astype(word), word(1 << (8 * dtype.itemsize - 1))
    return np.where(narrow & sign, narrow ^ sign, ~narrow).view(dtype)


def _float(part: Numeric) -> np.dtype[Any]:
    kind = ticks.tick_type(part.column)
    return np.dtype(f"f{kind.bit_width // 8}" if pa.types.is_floating(kind) else "f8")


def _decimals(part: Numeric) -> int | None:
    resolution = part.field.resolution
    if not resolution or _is_huge(part.field):
        return None
    return -round(np.log10(resolution))


def _is_huge(field: Field) -> bool:
    """Whether most numbers lie beyond those that a double counts one by one: their steps are the machine's, not decimals."""
    return bool(len(field.quantiles) and np.median(np.abs(field.value(field.quantiles))) > _EXACT * field.resolution)


def _same_bits(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(a.astype(float).view(np.uint64) == b.astype(float).view(np.uint64))
