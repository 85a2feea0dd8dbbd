"""Dates that are stored as text: find their pattern, read them, write them back exactly.

A pattern is strptime's, with four additions: ``%-d``, ``%-m``, ``%-H`` and ``%-I`` are written without a leading zero, ``%P``
is ``%p`` in small letters, ``%^b`` is ``%b`` in capitals, and ``%3f``, ``%6f``, ``%9f`` are fractions of a second with as many
digits. Years of two digits lie between 1969 and 2068.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_DATES = [
    (r"\d{4}-\d{2}-\d{2}", ["%Y-%m-%d"]),
    (r"\d{4}/\d{2}/\d{2}", ["%Y/%m/%d"]),
    (r"\d{4}\.\d{2}\.\d{2}", ["%Y.%m.%d"]),
    (r"\d{1,2}/\d{1,2}/\d{4}", ["%m/%d/%Y", "%d/%m/%Y"]),
    (r"\d{1,2}-\d{1,2}-\d{4}", ["%d-%m-%Y", "%m-%d-%Y"]),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ["%d.%m.%Y"]),
    (r"\d{1,2}/\d{1,2}/\d{2}(?!\d)", ["%m/%d/%y", "%d/%m/%y", "%y/%m/%d"]),
    (r"\d{2}-\d{2}-\d{2}(?!\d)", ["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]),
    (r"\d{2}\.\d{2}\.\d{2}(?!\d)", ["%d.%m.%y"]),
    (r"\d{1,2}-[A-Z][a-z]{2}-\d{2}(?!\d)", ["%d-%b-%y"]),
    (r"\d{1,2}-[A-Z]{3}-\d{2}(?!\d)", ["%d-%^b-%y"]),
    (r"\d{1,2}-[A-Z]{3}-\d{4}", ["%d-%^b-%Y"]),
    (r"\d{1,2} [A-Z][a-z]{2} \d{4}", ["%d %b %Y"]),
    (r"\d{1,2}-[A-Z][a-z]{2}-\d{4}", ["%d-%b-%Y"]),
    (r"[A-Z][a-z]{2} \d{1,2}, \d{4}", ["%b %d, %Y"]),
    (r"\d{1,2} [A-Z][a-z]{3,8} \d{4}", ["%d %B %Y"]),
    (r"[A-Z][a-z]{3,8} \d{1,2}, \d{4}", ["%B %d, %Y"]),
    (r"\d{8}(?=T)", ["%Y%m%d"]),
]
_TIMES = [
    (r"\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"),
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{6}", "%H%M%S"),
]
_HALVES = re.compile(r"[T ]\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<between> ?)(?P<half>[AP]M|[ap]m)")
_REST = re.compile(r"(?P<fraction>\.(?:\d{9}|\d{6}|\d{3}))?(?P<zone>Z|[+-]\d{2}:?\d{2})?")
_FRACTION = re.compile(r"\.%([369])f")
_UNITS = {"3": "ms", "6": "us", "9": "ns"}
_HOUR = r"[T ]\d{1,2}:\d{2}.*$"
# stand before a field whose leading zero goes, and before one whose letters become others
_MARK, _LETTERS = "\x01", "\x02"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OTHER = {
    "%P": {half: half.lower() for half in ("AM", "PM")},
    "%^b": {month: month.upper() for month in _MONTHS},
}
_PLAIN = {"%P": "%p", "%^b": "%b"}


def find(array: pa.Array) -> list[str]:
    """Every pattern that reads the first text value; the likeliest first.

    Args:
        array: text, (B,).

    >>> find(pa.array(["2024-03-01 12:00"]))
    ['%Y-%m-%d %H:%M']
    """
    first = next((value.as_py() for value in array if value.is_valid), "")
    found = [
        date + clock
        for shape, dates in _DATES
        if (match := re.match(shape, first)) and (clock := _clock(first[match.end() :])) is not None
        for date in dates
    ]
    loose = _loose_fields(array)
    return [re.sub(f"%([{loose}])", r"%-\1", pattern) if loose else pattern for pattern in found]


def parse(array: pa.Array, pattern: str) -> pa.Array:
    """Text as timestamps without zone; what does not fit the pattern exactly becomes null.

    >>> parse(pa.array(["31.12.2024", "2024-12-31"]), "%d.%m.%Y").is_null().to_pylist()
    [False, True]
    """
    keys = pc.dictionary_encode(array)
    unique = keys.dictionary.cast(pa.string())
    moments = _read(unique, pattern)
    same = pc.equal(write(moments, pattern), unique)
    moments = pc.if_else(pc.fill_null(same, False), moments, pa.scalar(None, moments.type))
    return pc.take(moments, keys.indices)


def write(moments: pa.Array, pattern: str) -> pa.Array:
    """Timestamps as text in a pattern.

    >>> write(pa.array([0], pa.timestamp("s")), "%-d/%-m/%Y").to_pylist()
    ['1/1/1970']
    """
    fraction = _FRACTION.search(pattern)
    moments = moments.cast(pa.timestamp(_UNITS[fraction[1]] if fraction else "s"), safe=False)
    form = _FRACTION.sub("", pattern).replace("%-", f"{_MARK}%")
    for field, plain in _PLAIN.items():
        form = form.replace(field, _LETTERS + plain)
    text = pc.strftime(moments, format=form)
    for word, other in (pair for field in _OTHER if field in pattern for pair in _OTHER[field].items()):
        text = pc.replace_substring(text, _LETTERS + word, other)
    return pc.replace_substring_regex(text, f"{_MARK}0?", "") if "%-" in pattern else text


def example(pattern: str) -> str:
    """A date written in the pattern, for messages.

    >>> example("%d.%m.%Y")
    '31.12.2024'
    """
    moment = pa.array([1735689599], pa.timestamp("s"))
    return str(write(moment, pattern)[0].as_py())


def _read(text: pa.Array, pattern: str) -> pa.Array:
    fraction = _FRACTION.search(pattern)
    plain = pattern.replace("%-", "%")
    for field, usual in _PLAIN.items():
        plain = plain.replace(field, usual)
    if fraction is None:
        return pc.strptime(text, format=plain, unit="s", error_is_null=True)
    digits = int(fraction[1])
    tail = len(pattern) - fraction.end()
    whole = pc.utf8_slice_codeunits(text, 0, -(tail + digits + 1))
    part = pc.utf8_slice_codeunits(text, -(tail + digits), -tail if tail else None)
    is_digits = pc.match_substring_regex(part, rf"^[0-9]{{{digits}}}$")
    ticks = pc.if_else(is_digits, part, pa.scalar(None, pa.string())).cast(pa.int64())
    seconds = pc.strptime(whole, format=_FRACTION.sub("", plain[: fraction.end()]), unit="s", error_is_null=True)
    unit = _UNITS[fraction[1]]
    return pc.add(seconds.cast(pa.timestamp(unit)), ticks.cast(pa.duration(unit)))


def _clock(rest: str) -> str | None:
    if not rest:
        return ""
    if halves := _HALVES.fullmatch(rest):
        seconds, half = ":%S" if halves["seconds"] else "", "%p" if halves["half"].isupper() else "%P"
        return f"{rest[0]}%I:%M{seconds}{halves['between']}{half}"
    for shape, clock in _TIMES:
        match = re.match(rf"[T ]{shape}", rest)
        tail = _REST.fullmatch(rest[match.end() :]) if match else None
        if tail is not None:
            fraction = f".%{len(tail['fraction']) - 1}f" if tail["fraction"] else ""
            return rest[0] + clock + fraction + (tail["zone"] or "")
    return None


def _loose_fields(array: pa.Array) -> str:
    """The fields (day and month, hour) that some value writes with one digit."""
    dates = pc.replace_substring_regex(array, _HOUR, "")
    day = pc.any(pc.match_substring_regex(dates, r"(^|[^0-9])[0-9]([^0-9]|$)")).as_py()
    hour = pc.any(pc.match_substring_regex(array, r"[T ][0-9]:")).as_py()
    return ("dm" if day else "") + ("HI" if hour else "")
