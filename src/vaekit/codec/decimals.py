"""The number meant by a double that has been a cell: at the column's decimals, or at the digits that a cell keeps."""

from __future__ import annotations

import math

import numpy as np

from vaekit.codec.field import Field, Floats

DIGITS = 15  # significant digits that survive the way to a double cell and back
EXACT = 2**53  # whole numbers up to here are doubles
POWERS: list[float] = (10.0 ** np.arange(301.0)).tolist()


class Decimals:
    """Rounds numbers of a column to its declared decimals; where there are none, to 15 digits (12, not 11.99999999).

    Digits count from the larger of the number and, of a column on a linear scale, its mean and deviation, since a cell says
    nothing finer. Numbers of more digits than a double has are left as they are.

    Args:
        field: the column, with mean, deviation, transform and resolution.

    >>> Decimals(Field("price", "real", resolution=0.01)).all(np.array([1.23456, -0.005]))
    array([ 1.23, -0.  ])
    >>> Decimals(Field("length", "real", mean=100.0)).one(11.9999999999999)
    12.0
    """

    def __init__(self, field: Field) -> None:
        linear = max(abs(field.mean), field.std) if field.transform == "linear" else 0.0
        self.size = max(float(linear), float(np.finfo(float).tiny))
        self.digits = round(-np.log10(field.resolution)) if field.resolution else None

    def all(self, numbers: Floats) -> Floats:
        """Numbers of any shape, each as the double next to its decimal number."""
        if self.digits is not None:
            digits = np.array(float(self.digits))
        else:
            digits = DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(numbers), self.size)))
        up, down = 10.0 ** np.clip(digits, 0, 300), 10.0 ** np.clip(-digits, 0, 300)
        with np.errstate(over="ignore"):
            scaled = numbers / down * up
        return np.where(np.abs(scaled) < EXACT, np.rint(scaled) / up * down, numbers)

    def one(self, number: float) -> float:
        """A single number, to the same digit."""
        digits = self.digits
        if digits is None:
            digits = DIGITS - 1 - math.floor(np.log10(max(abs(number), self.size)))
        up, down = POWERS[min(max(digits, 0), 300)], POWERS[min(max(-digits, 0), 300)]
        scaled = float(number / down * up)
        return float(round(scaled) / up * down) if abs(scaled) < EXACT else number
