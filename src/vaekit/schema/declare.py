"""What the user declares of a column, checked against its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from vaekit.errors import SchemaError
from vaekit.schema import look, times
from vaekit.schema.column import KINDS, NUMERIC, ROLES, Column, Kind, Level, Role
from vaekit.schema.numbers import Found, Tally, decimals, spikes
from vaekit.schema.types import in_words, is_moment, is_number, is_text, is_tick
from vaekit.schema.values import as_numbers, as_values, flat
from vaekit.schema.words import date_pattern

Guess = Callable[[str, pa.ChunkedArray], Found]


class Declared(BaseModel):
    """The options of one column in ``schema=``; whatever is None is inferred."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind | None = None
    role: Role = "feature"
    unit: str | None = None
    levels: tuple[Level, ...] | None = None
    spikes: tuple[float, ...] | None = None
    decimals: int | None = None
    unseen: str = "other"
    format: str | None = None

    def passed_on(self) -> dict[str, Any]:
        """The options that no rule decides about."""
        rest = {"unit": self.unit, "unseen": self.unseen, "decimals": self.decimals}
        return {name: value for name, value in rest.items() if value is not None}


def declared(overrides: Mapping[str, Any] | Sequence[Column] | None, names: Sequence[str]) -> dict[str, Declared]:
    """What is declared, by column.

    Raises:
        SchemaError: a column that the data do not have, or an unknown kind, role or option.

    >>> declared({"age": "real"}, ["age"])["age"].kind
    'real'
    """
    if not isinstance(overrides, Mapping):
        overrides = {column.name: column for column in overrides or ()}
    overrides = {str(name): option for name, option in overrides.items()}  # pandas names may be numbers
    for name in overrides:
        if name not in names:
            hint = look.nearest(name, names) or f"the columns are {look.listed(names)}"
            raise SchemaError(f"schema names column {name!r}, which the data do not have", hint=hint)
    return {name: _declared(name, option) for name, option in overrides.items()}


def fit_kind(name: str, chunks: pa.ChunkedArray, option: Declared, guess: Guess) -> Found:
    """What is declared of a column, completed by what is inferred, and checked against its cells.

    Raises:
        SchemaError: the cells contradict the declared kind; column, row and value are named.
    """
    if option.kind is None and option.levels is None and option.format is None and option.spikes is None:
        return guess(name, chunks)
    array = look.finite(name, flat(chunks))
    kind = option.kind or _implied(name, chunks, option, guess)
    found = _CHECKS[kind](name, kind, array, option, chunks)
    return found._replace(reason=f"declared {kind}")


def _declared(name: str, option: Any) -> Declared:
    if isinstance(option, Column):
        return Declared(**option.model_dump(include=set(Declared.model_fields)))
    options = {"kind": option} if isinstance(option, str) else option
    if not isinstance(options, Mapping):
        raise SchemaError(
            f"schema of column {name!r}: {option!r} was given, expected a kind or a dict of options",
            hint=f"kinds: {', '.join(KINDS)}; options: {', '.join(Declared.model_fields)}",
        )
    _refuse_unknown(name, "option", options, Declared.model_fields)
    _refuse_unknown(name, "kind", [options.get("kind")], KINDS)
    _refuse_unknown(name, "role", [options.get("role")], ROLES)
    _refuse_unknown(name, "unseen", [options.get("unseen")], get_args(Column.model_fields["unseen"].annotation))
    try:
        return Declared.model_validate({key: value for key, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = f"schema of column {name!r}: {where} = {first['input']!r} was given; {first['msg'].lower()}"
        raise SchemaError(message) from None


def _refuse_unknown(name: str, what: str, given: Any, known: Any) -> None:
    for value in given:
        if value is not None and value not in known:
            near = look.nearest(str(value), known)
            raise SchemaError(
                f"schema of column {name!r}: {what} {value!r} was given, expected one of {', '.join(known)}", hint=near
            )


def _implied(name: str, chunks: pa.ChunkedArray, option: Declared, guess: Guess) -> Kind:
    if option.format is not None:
        return "datetime"
    if option.spikes is not None:
        return "mixed"
    kind = guess(name, chunks).kind
    return kind if kind in ("binary", "ordinal") else "categorical"


def _numeric(name: str, kind: Kind, array: pa.Array, option: Declared, _: pa.ChunkedArray) -> Found:
    bad = look.not_number(array) if is_text(array.type) else None
    _refuse(name, kind, array, bad, "a number")
    if not (is_text(array.type) or is_number(array.type) or is_tick(array.type) or pa.types.is_null(array.type)):
        raise SchemaError(
            f"column {name!r} was declared {kind}, but holds {in_words(array.type)}; expected numbers",
            hint="declare a kind that fits, or turn the column into numbers",
        )
    numbers = as_numbers(array)
    if kind == "positive":
        _refuse(name, kind, array, pc.less_equal(numbers, 0), "a number above 0")
    if kind == "count":
        _refuse(name, kind, array, pc.less(numbers, 0), "a whole number from 0")
        _refuse(name, kind, array, pc.not_equal(numbers, pc.round(numbers)), "a whole number from 0")
    tally = Tally.of(numbers.drop_null().to_numpy(zero_copy_only=False))
    if not len(tally.distinct):
        raise SchemaError(f"column {name!r} was declared {kind}, but every cell is null", hint="ignore it")
    exact = (option.spikes or spikes(tally) or _commonest(tally)) if kind == "mixed" else None
    floats = array.drop_null().to_numpy(zero_copy_only=False) if pa.types.is_floating(array.type) else tally.distinct
    return Found(kind, "", spikes=exact, decimals=decimals(np.unique(floats)))


def _commonest(tally: Tally) -> tuple[float, ...]:
    return (float(tally.distinct[tally.counts.argmax()]),)


def _discrete(name: str, kind: Kind, array: pa.Array, option: Declared, chunks: pa.ChunkedArray) -> Found:
    values = as_values(array)
    seen = pc.unique(values.drop_null()).to_pylist()
    levels = option.levels
    if levels is None and kind != "categorical":
        levels = _levels(name, kind, seen, chunks)
    if levels is not None:
        known = pa.array([level in set(levels) for level in seen], pa.bool_())
        unknown = pc.is_in(values, pc.unique(values.drop_null()).filter(pc.invert(known))) if seen else None
        _refuse(name, kind, array, unknown, f"one of the levels {look.listed(map(str, levels))}")
    if kind == "binary" and levels is not None and len(levels) != 2:
        raise SchemaError(
            f"column {name!r} was declared binary, but has {len(levels)} levels ({look.listed(map(str, levels))})",
            hint="declare it categorical or ordinal, or name its two levels",
        )
    return Found(kind, "", levels=levels)


def _levels(name: str, kind: Kind, seen: list[Level], chunks: pa.ChunkedArray) -> tuple[Level, ...]:
    if pa.types.is_dictionary(chunks.type) and chunks.type.ordered:
        return tuple(as_values(flat(chunks.unify_dictionaries().chunk(0).dictionary)).to_pylist())
    if kind == "ordinal" and seen and isinstance(seen[0], str):
        raise SchemaError(
            f"column {name!r} was declared ordinal, but text has no order of its own",
            hint=f"name the levels in order: schema={{{name!r}: {{'kind': 'ordinal', 'levels': {sorted(seen)[:3]}}}}}",
        )
    return tuple(sorted(seen))


def _datetime(name: str, kind: Kind, array: pa.Array, option: Declared, _: pa.ChunkedArray) -> Found:
    if is_moment(array.type):
        return Found(kind, "")
    if not is_text(array.type):
        raise SchemaError(
            f"column {name!r} was declared datetime, but holds {in_words(array.type)}; expected dates or text",
            hint="turn the column into dates first",
        )
    pattern = option.format or date_pattern(pc.unique(array.drop_null()).cast(pa.string()))[0]
    if not pattern:
        row = look.first_row(array.is_valid()) or 0
        raise SchemaError(
            f"column {name!r} was declared datetime, but row {row} (counted from 0) holds {look.cell(array, row)}",
            hint=f"name the format: schema={{{name!r}: {{'kind': 'datetime', 'format': '%d.%m.%Y'}}}}",
        )
    unread = pc.and_(times.parse(array, pattern).is_null(), array.is_valid())
    _refuse(name, kind, array, unread, f"a date like {times.example(pattern)!r} ({pattern})")
    return Found(kind, "", format=pattern)


def _constant(name: str, kind: Kind, array: pa.Array, _: Declared, __: pa.ChunkedArray) -> Found:
    seen = pc.unique(as_values(array).drop_null())
    if len(seen) > 1:
        _refuse(name, kind, array, pc.equal(as_values(array), seen[1]), f"{look.cell(seen, 0)} as in the rows before")
    return Found(kind, "", levels=tuple(seen.to_pylist()))


def _identifier(name: str, kind: Kind, *_: Any) -> Found:
    return Found(kind, "")


def _refuse(name: str, kind: Kind, array: pa.Array, bad: pa.Array | None, expected: str) -> None:
    row = None if bad is None else look.first_row(bad)
    if row is not None:
        raise SchemaError(
            f"column {name!r} was declared {kind}, but row {row} (counted from 0) holds {look.cell(array, row)}; "
            f"expected {expected}",
            hint=f"declare another kind for {name!r}, or make such cells missing",
        )


_CHECKS: dict[Kind, Callable[[str, Kind, pa.Array, Declared, pa.ChunkedArray], Found]] = {
    **dict.fromkeys(NUMERIC, _numeric),
    "binary": _discrete,
    "ordinal": _discrete,
    "categorical": _discrete,
    "datetime": _datetime,
    "constant": _constant,
    "identifier": _identifier,
}
