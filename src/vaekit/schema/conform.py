"""New rows in the fitted columns, order and types, or a message that says which cell does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError, warn
from vaekit.schema import clock, look, times
from vaekit.schema.column import Column
from vaekit.schema.images import conform_images
from vaekit.schema.types import arrow_type, in_words, is_moment, is_number, is_text, is_tick, value_type
from vaekit.schema.values import flat


def conform(columns: Sequence[Column], table: pa.Table, *, partial: bool = False) -> pa.Table:
    """The fitted columns of a table (see `Schema.conform`)."""
    refuse_absent(columns, table, partial)
    _warn_extra(columns, table)
    arrays = [_column(column, table) for column in columns]
    names = [column.name for column in columns]
    return pa.table(arrays, names=names) if arrays else table.select([])


def conform_column(column: Column, chunks: pa.ChunkedArray) -> pa.Array:
    """The cells of one column in the fitted type.

    Raises:
        DataError: a cell that the fitted column cannot hold; column, row, value and what was expected are named.

    >>> conform_column(Column(name="n", kind="count", type="int8"), pa.chunked_array([["7", None]])).to_pylist()
    [7, None]
    """
    fitted = arrow_type(column.type)
    array, target = look.finite(column.name, flat(chunks)), value_type(fitted)
    array = _cast(column, array, target)
    _refuse_outside(column, array)
    if pa.types.is_dictionary(fitted):
        return _dictionary(array, fitted)
    return array


def _column(column: Column, table: pa.Table) -> pa.Array:
    at = table.schema.get_all_field_indices(column.name)
    if column.kind == "image" and at:
        return conform_images(column, table.column(at[0]))
    if column.role == "ignored" or not at:
        return pa.nulls(table.num_rows, arrow_type(column.type))
    if column.is_set_aside:
        return _lenient(column, table.column(at[0]))
    return conform_column(column, table.column(at[0]))


OTHER_DATA = "these rows are of other data than the model was fitted on: give its columns, or another model"
UNKNOWN = "where a value is unknown, keep the column and leave its cells empty (null)"


def _lenient(column: Column, chunks: pa.ChunkedArray) -> pa.Array:
    # the model never sees a set-aside column: what does not fit its type is dropped, and cannot change any answer
    try:
        return conform_column(column, chunks)
    except DataError:
        return pa.nulls(len(chunks), arrow_type(column.type))


def refuse_absent(columns: Sequence[Column], table: pa.Table, partial: bool = False) -> None:
    """Refuse a table that lacks a fitted column, unless it is `partial`, or has a name twice.

    Raises:
        DataError: the columns are named.
    """
    names = table.column_names
    present = set(names)
    twice = sorted({name for name in present if names.count(name) > 1}) if len(present) < len(names) else []
    if twice:
        raise DataError(f"column names must differ, but {look.listed(twice)} occur more than once", hint="rename them")
    needed = [column for column in columns if not column.is_set_aside and column.role != "label"]
    absent = [column.name for column in needed if column.name not in present]
    if partial or not absent:
        return
    spare = [name for name in names if name not in {column.name for column in columns}]
    cased = absent[0].lower() in {name.lower() for name in spare}
    other = len(absent) == len(needed) > 1 and not cased
    hint = OTHER_DATA if other else look.nearest(absent[0], spare) or UNKNOWN
    what = f"column {absent[0]!r} is absent" if len(absent) == 1 else f"columns {look.listed(absent)} are absent"
    raise DataError(
        f"{what}; the fitted columns {look.listed(column.name for column in needed)} were expected, "
        f"{look.listed(names)} were given",
        hint=hint,
    )


def _warn_extra(columns: Sequence[Column], table: pa.Table) -> None:
    known = {column.name for column in columns}
    extra = [name for name in table.column_names if name not in known]
    if extra:
        what = "column" if len(extra) == 1 else "columns"
        warn(f"{what} {look.listed(extra)} ignored: the model was fitted without")


def _cast(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    if array.type == target:
        return _text_moments(column, array) if column.format else array
    if array.null_count == len(array):  # whatever type an empty column happens to have
        return pa.nulls(len(array), target)
    if is_text(target):
        return _to_text(column, array, target)
    if is_moment(target):
        return _to_moment(column, array, target)
    if pa.types.is_boolean(target):
        return _to_bool(column, array)
    if is_tick(target):
        return _to_tick(column, array, target)
    if is_number(target):
        return _to_number(column, array, target)
    raise _wrong(column, array, array.is_valid(), in_words(target))


def _to_number(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    if is_text(array.type):
        bad = look.not_number(array)
        if look.first_row(bad) is not None:
            raise _wrong(column, array, bad, in_words(target), "leave a cell empty where its value is unknown")
        array = pc.utf8_trim_whitespace(array)
        array = _try(array, pa.int64()) if pa.types.is_integer(target) else array.cast(pa.float64())
        array = array.cast(pa.float64()) if is_text(array.type) else array
    if not (is_number(array.type) or pa.types.is_boolean(array.type)):
        raise _wrong(column, array, array.is_valid(), in_words(target))
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_integer(target):
        return _to_whole(column, array, target)
    return array.cast(target, safe=False) if pa.types.is_floating(target) else _to_decimal(column, array, target)


def _to_tick(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    found = clock.read(array, target)
    bad = pc.and_(found.is_null(), array.is_valid())
    if look.first_row(bad) is not None:
        raise _wrong(column, array, bad, clock.expected(target), "leave a cell empty where its value is unknown")
    return found


def _to_whole(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    if not pa.types.is_integer(array.type):
        numbers = array.cast(pa.float64())
        bad = pc.not_equal(numbers, pc.round(numbers))
        if look.first_row(bad) is not None:
            hint = f"round the values, or fit with numbers that have fractions in {column.name!r}"
            raise _wrong(column, array, bad, in_words(target), hint)
    # a value beyond a narrow fitted type is strange but legal: the widest type holds it
    narrow = _try(array, target)
    wide = narrow if narrow.type == target else _try(array, pa.int64())
    return wide if pa.types.is_integer(wide.type) else array.cast(pa.float64())


def _to_decimal(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    numbers, most = array.cast(pa.float64()), 10.0 ** (target.precision - target.scale)
    bad = pc.greater_equal(pc.abs(numbers), most)  # a cast would turn these into zero without a word
    if look.first_row(bad) is not None:
        raise _wrong(column, array, bad, f"numbers below {most:g} ({target})")
    return numbers.cast(target, safe=False)


def _to_text(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    if is_text(array.type):
        return _text_moments(column, array.cast(target)) if column.format else array.cast(target)
    if column.format and is_moment(array.type):
        return times.write(array.cast(pa.timestamp("us"), safe=False), column.format).cast(target)
    if column.format or not is_number(array.type):
        raise _wrong(column, array, array.is_valid(), _date_or_text(column))
    whole = _try(array, pa.int64()) if pa.types.is_floating(array.type) else array
    return whole.cast(pa.string()).cast(target)  # codes such as "401" that a reader took for numbers


def _text_moments(column: Column, array: pa.Array) -> pa.Array:
    assert column.format is not None
    bad = pc.and_(times.parse(array, column.format).is_null(), array.is_valid())
    if look.first_row(bad) is not None:
        raise _wrong(column, array, bad, _date_or_text(column), "write every date in the fitted format")
    return array


def _date_or_text(column: Column) -> str:
    return f"a date like {times.example(column.format)!r} ({column.format})" if column.format else "text"


def _to_moment(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    zone = getattr(target, "tz", None)
    is_date = pa.types.is_date(target)
    if is_text(array.type):
        return _parse_iso(column, array, target)
    shown = "dates" if is_date else f"dates with times {'in a zone' if zone else 'without a zone'}"
    if not is_moment(array.type):
        raise _wrong(column, array, array.is_valid(), shown)
    given_zone = getattr(array.type, "tz", None)
    if not is_date and pa.types.is_timestamp(array.type) and bool(zone) != bool(given_zone):
        raise _wrong(column, array, array.is_valid(), shown, "convert the column to the zone of the fitted table")
    if not is_date:
        return array.cast(target, safe=False)
    days = array.cast(pa.timestamp("us"), safe=False).cast(pa.date32(), safe=False)
    return days.cast(target)


def _parse_iso(column: Column, array: pa.Array, target: pa.DataType) -> pa.Array:
    zone = getattr(target, "tz", None)
    pattern = "%Y-%m-%d" if pa.types.is_date(target) else "%Y-%m-%d %H:%M:%S" + ("+00:00" if zone else "")
    for kind in (target, pa.timestamp("ns", zone)):
        done = _try(array, kind)
        if done.type == kind:
            return done.cast(target, safe=False)
    finest = pa.timestamp("ns", zone)
    row = next(row for row in _distinct_rows(array) if _try(array[row : row + 1], finest).type == array.type)
    expected = f"a date like {times.example(pattern)!r} ({pattern})"
    raise _wrong_at(column, array, row, expected, "write dates as year-month-day")


def _distinct_rows(array: pa.Array) -> list[int]:
    """The first row of each distinct value."""
    seen: dict[str, int] = {}
    for row, value in enumerate(array.to_pylist()):
        if value is not None:
            seen.setdefault(value, row)
    return list(seen.values())


def _to_bool(column: Column, array: pa.Array) -> pa.Array:
    if is_text(array.type):
        truths = pc.is_in(pc.utf8_lower(array), pa.array(["true", "1"], array.type))
        known = pc.is_in(pc.utf8_lower(array), pa.array(["true", "false", "1", "0"], array.type))
    elif is_number(array.type):
        numbers = array.cast(pa.float64())
        truths, known = pc.equal(numbers, 1), pc.is_in(numbers, pa.array([0.0, 1.0]))
    else:
        raise _wrong(column, array, array.is_valid(), "true or false")
    bad = pc.and_(array.is_valid(), pc.invert(known))
    if look.first_row(bad) is not None:
        raise _wrong(column, array, bad, "true or false")
    return pc.if_else(array.is_valid(), truths, pa.scalar(None, pa.bool_()))


def _dictionary(array: pa.Array, fitted: pa.DataType) -> pa.Array:
    keys = pc.dictionary_encode(array)
    index = fitted.index_type
    most = 2 ** (index.bit_width - (0 if pa.types.is_unsigned_integer(index) else 1))
    # more new levels than a narrow index can number: a wider index holds them
    index = index if len(keys.dictionary) <= most else pa.int32()
    return pa.DictionaryArray.from_arrays(keys.indices.cast(index), keys.dictionary, ordered=fitted.ordered)


def _refuse_outside(column: Column, array: pa.Array) -> None:
    if is_moment(array.type) and not pa.types.is_dictionary(array.type):
        first, last = (2, 9998) if getattr(array.type, "tz", None) else (1, 9999)  # a zone may move the year
        days = array.cast(pa.timestamp("s"), safe=False) if pa.types.is_timestamp(array.type) else array
        year = pc.year(days)
        bad = pc.or_(pc.less(year, first), pc.greater(year, last))
        if look.first_row(bad) is not None:
            raise _wrong(column, days.cast(pa.string()), bad, f"the years {first} to {last}")
    if column.kind == "count" and not is_text(array.type):
        bad = pc.not_equal(array, pc.round(array)) if pa.types.is_floating(array.type) else None
        if bad is not None and look.first_row(bad) is not None:
            raise _wrong(column, array, bad, "whole numbers", "round the values, or fit the column as kind real")


def _try(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """The array as another type, or as it is where some value would be lost."""
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return array


def _wrong(column: Column, array: pa.Array, bad: pa.Array, expected: str, hint: str | None = None) -> DataError:
    row = look.first_row(bad)
    assert row is not None, "called only where some cell is bad"
    return _wrong_at(column, array, row, expected, hint)


def _wrong_at(column: Column, array: pa.Array, row: int, expected: str, hint: str | None) -> DataError:
    return DataError(
        f"column {column.name!r}, row {row} (counted from 0): {look.cell(array, row)} was given "
        f"({in_words(array.type)}), {expected} expected as in the fitted table",
        hint=hint or f"convert the column {column.name!r} before, or make such cells missing",
    )
