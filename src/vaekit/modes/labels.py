"""Which column says what an image shows: the label of the model, a given column, one that it models, or one beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as types
from numpy.typing import NDArray

from vaekit.modes.judge import Subject
from vaekit.schema.tensors import is_tensor
from vaekit.schema.values import flat

KINDS = ("binary", "categorical", "ordinal", "count")
MOST = 100  # classes
EACH = 10  # images of a class, on average, below which it is no class


@dataclass(frozen=True, eq=False)
class Labels:
    """A column's classes: codes (B,) counted from 0, -1 where unknown; values by code; whether the model knows the column."""

    name: str
    codes: NDArray[np.int64]
    values: list[str]
    known: bool


def labels_of(subject: Subject) -> Labels | None:
    """The first column whose values are few enough to be classes, None where there is none."""
    for name, column, known in _candidates(subject):
        found = coded(name, column, known)
        if found is not None:
            return found
    return None


def coded(name: str, column: pa.ChunkedArray | pa.Array, known: bool = True) -> Labels | None:
    """A column's values as classes, None where they are too many, or one alone.

    >>> found = coded("digit", pa.array([7, None, 3] * 10))
    >>> found.codes[:3].tolist(), found.values
    ([1, -1, 0], ['3', '7'])
    """
    values = flat(column).dictionary_encode()
    levels = values.dictionary.to_pylist()
    present = len(values) - values.null_count
    if not 2 <= len(levels) <= min(MOST, max(2, present // EACH)):
        return None
    order = sorted(range(len(levels)), key=lambda code: levels[code])
    place = np.empty(len(levels), dtype=np.int64)
    place[order] = np.arange(len(levels))
    index = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Labels(name, np.where(index >= 0, place[index], -1), [str(levels[code]) for code in order], known)


def _candidates(subject: Subject) -> Iterator[tuple[str, Any, bool]]:
    """Columns that may name classes, the most telling first, and whether the model knows them."""
    schema = subject.fitted.schema
    label = [] if schema.label is None else [schema.label]
    for column in [*label, *schema.given, *schema.modelled]:
        if column.kind in KINDS:
            yield column.name, subject.asked.arrow[column.name], True
    own = {column.name for column in [*label, *schema.given, *schema.modelled]}
    table = subject.asked.table.arrow
    for name in table.column_names:
        if name not in own and not is_tensor(table[name].type) and _discrete(table[name].type):
            yield name, table[name], False


def _discrete(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        kind = kind.value_type
    return any(test(kind) for test in (types.is_string, types.is_large_string, types.is_boolean, types.is_integer))
