"""Flights and reasons as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vaekit.figures.style import number

MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
DAYS = {"Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Fri": "Friday", "Sat": "Saturday",
        "Sun": "Sunday"}  # fmt: skip


def flight(row: Mapping[str, Any], airlines: Mapping[str, str]) -> str:
    """One flight in words.

    >>> flight({"carrier": "UA", "origin": "EWR", "dest": "IAH", "month": 1, "weekday": "Tue", "hour": 5}, {"UA": "United"})
    'United from EWR to IAH, on a Tuesday in January at 5:00'
    """
    airline = airlines.get(row["carrier"], row["carrier"])
    when = f"on a {DAYS[row['weekday']]} in {MONTHS[row['month']]} at {row['hour']}:00"
    return f"{airline} from {row['origin']} to {row['dest']}, {when}"


def because(reasons: Sequence[Any], units: Mapping[str, str]) -> str:
    """Why a row is strange, in words: the first reasons, each with what was expected.

    >>> from vaekit.modes.reasons import Reason
    >>> because([Reason("air_time", 20, 330.0, 300.0, 360.0, 0.8)], {"air_time": "min"})
    'air_time is **20 min**, where the rest of the row suggests 330 (300 to 360)'
    """
    return "; ".join(_one(reason, units.get(reason.column, "")) for reason in reasons)


def _one(reason: Any, unit: str) -> str:
    observed = f"{number(reason.observed)} {unit}".strip()
    text = f"{reason.column} is **{observed}**, where the rest of the row suggests {number(reason.expected)}"
    return text if reason.low is None else f"{text} ({number(reason.low)} to {number(reason.high)})"
