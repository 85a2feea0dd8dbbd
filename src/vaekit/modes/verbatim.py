"""A table as symbols of the fitted columns, and beside them whatever has no symbol, so that every bit comes back.

```
given column --as fitted--> ranks --book--> symbol, offset --back--> the same bits? coded : verbatim
```

What the model never sees travels verbatim: identifiers, ignored and unknown columns, columns that it is given; and of the
fitted columns those cells that their symbol and offset do not give back exactly.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vaekit.codec import Codec
from vaekit.codec.pixels import Pixels
from vaekit.codec.ranks import Ranks, from_order, in_order
from vaekit.errors import DataError
from vaekit.modes.quantise import Book, Symbols, book_of, column_of, ranks_of
from vaekit.schema.conform import conform_column
from vaekit.schema.images import conform_images
from vaekit.schema.tensors import is_tensor, ndarray_of, tensor_array
from vaekit.schema.values import flat

CODED, MISSING, NAN, VERBATIM = range(4)  # what a cell of a fitted column is
STATES = 4
State = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Alphabets:
    """The books of the modelled columns of a codec, and which cells of a row each column has.

    Args:
        codec: of the fitted columns.
        books: one a column, of images one a channel.
        book: the place of each cell's book, (k,).
    """

    codec: Codec
    books: Sequence[Book]
    book: NDArray[np.int64]

    @classmethod
    def of(cls, codec: Codec) -> Alphabets:
        """The alphabets of a fitted codec."""
        books: list[Book] = []
        places: list[NDArray[np.int64]] = []
        for column in codec.columns[: len(codec.schema.modelled)]:
            part: Any = codec.parts[column.name]
            C = len(part.fields) if isinstance(part, Pixels) else 1
            places.append(np.tile(np.arange(C), part.cells // C if isinstance(part, Pixels) else 1) + len(books))
            books += [book_of(part, channel) for channel in range(C)]
        return cls(codec, books, np.concatenate(places) if places else np.empty(0, dtype=np.int64))

    @property
    def names(self) -> tuple[str, ...]:
        """The modelled columns, in the order of their cells."""
        return self.codec.names[: len(self.codec.schema.modelled)]


@dataclass(frozen=True, eq=False)
class Coded:
    """The modelled columns of a table as symbols, filled in column by column.

    Args:
        symbols, offsets: of every cell, (N, k).
        state: of every column, (N, F).
    """

    symbols: Symbols
    offsets: Ranks
    state: State

    def cells(self, alphabets: Alphabets) -> Mask:
        """Which cells are coded, (N, k)."""
        return coded_cells(alphabets, self.state)


def coded_cells(alphabets: Alphabets, state: State) -> Mask:
    """Which cells (N, k) are coded, from what the cells of each column are (N, F)."""
    widths = [_width(alphabets.codec, name) for name in alphabets.names]
    return np.repeat(state == CODED, widths, axis=1)


def to_symbols(alphabets: Alphabets, table: pa.Table) -> Coded:
    """The modelled columns of a table (N rows); a column that is absent or of another type is verbatim."""
    N, k, names = table.num_rows, len(alphabets.book), alphabets.names
    coded = Coded(np.zeros((N, k), np.int32), np.zeros((N, k), np.uint64), np.full((N, len(names)), VERBATIM, np.uint8))
    for f, name in enumerate(names):
        if name in table.column_names:
            _encode(alphabets, name, table[name], coded, f)
    return coded


def _encode(alphabets: Alphabets, name: str, given: pa.ChunkedArray, coded: Coded, f: int) -> None:
    """Fill in what one column (N,) is made of: its cells, and the state of each row."""
    part, at = alphabets.codec.parts[name], alphabets.codec.spans[name]
    try:
        ranked, known = _ranked(alphabets.codec, name, given)
    except DataError:  # not of the fitted type: it travels as it is
        return
    for book in np.unique(alphabets.book[at]):
        own = np.arange(at.start, at.stop)[alphabets.book[at] == book]
        symbols, offsets, found = alphabets.books[book].look_up(ranked[:, own - at.start])
        coded.symbols[:, own], coded.offsets[:, own] = symbols, offsets
        known = known & found.all(1)
    values = given if isinstance(part, Pixels) else flat(given)
    back = _restored(part, ranked, known, values.type)
    if back is None:
        return
    coded.state[:, f] = np.where(known & _same(back, values), CODED, _gaps(values))


def _ranked(codec: Codec, name: str, given: pa.ChunkedArray) -> tuple[Ranks, Mask]:
    """Ranks of a column's cells (N, its cells), and the rows that have them."""
    part: Any = codec.parts[name]
    if isinstance(part, Pixels):
        images, missing = ndarray_of(conform_images(part.column, given))
        return in_order(images.reshape(len(images), part.cells)), ~missing
    ranked, known = ranks_of(part, conform_column(part.column, given))
    return ranked[:, None], known


def _restored(part: Any, ranked: Ranks, known: Mask, kind: pa.DataType) -> Any:
    """The column (N,) in the type that was given, null where not known; None where that type cannot be reached."""
    if isinstance(part, Pixels):
        images = from_order(ranked, part.dtype).reshape(-1, *part.shape)
        back = tensor_array(images, ~known)
        return back if back.type == kind else None
    try:
        return flat(column_of(part, ranked[:, 0], known)).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _same(a: Any, b: Any) -> Mask:
    """Which cells (N,) are there on both sides and the same to the last bit."""
    if is_tensor(a.type):
        (x, gone), (y, missing) = ndarray_of(a), ndarray_of(b)
        return ~gone & ~missing & (in_order(x) == in_order(y)).reshape(len(x), -1).all(1)
    both = (a.is_valid().to_numpy(False)) & (b.is_valid().to_numpy(False))
    if pa.types.is_floating(a.type):
        x, y = (each.fill_null(0).to_numpy(zero_copy_only=False) for each in (a, b))
        return both & (in_order(x) == in_order(y))
    return both & pc.equal(a, b).fill_null(False).to_numpy(zero_copy_only=False)


def _gaps(values: Any) -> State:
    """Missing, the usual not-a-number, or verbatim."""
    state = np.where(values.is_null().to_numpy() if isinstance(values, pa.ChunkedArray) else
                     values.is_null().to_numpy(zero_copy_only=False), MISSING, VERBATIM)  # fmt: skip
    if pa.types.is_floating(values.type):
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
        usual = in_order(np.full(1, np.nan, numbers.dtype))
        state = np.where(in_order(numbers) == usual, NAN, state)
    return state.astype(np.uint8)


# -- what has no symbol ----------------------------------------------------------------------------------------------------


def beside(alphabets: Alphabets, table: pa.Table, state: State) -> bytes:
    """The types of all columns, every column that the model has no symbols for, and cells without a symbol."""
    streams = [table.schema.serialize().to_pybytes()]
    for name in table.column_names:
        column = table[name]
        f = alphabets.names.index(name) if name in alphabets.names else None
        if f is None:
            streams.append(_stream(column))
            continue
        if pa.types.is_dictionary(column.type):
            streams.append(_stream(_dictionary(column)))
        streams.append(_stream(column_values(column).filter(pa.array(state[:, f] == VERBATIM))))
    return b"".join(struct.pack("<I", len(stream)) + stream for stream in streams)


def whole_columns(alphabets: Alphabets, data: bytes) -> pa.Table:
    """Of what `beside` wrote the columns that the model has no symbols for."""
    streams = _streams(data)
    kinds = pa.ipc.read_schema(pa.py_buffer(next(streams)))
    found = {}
    for field in kinds:
        if field.name not in alphabets.names:
            found[field.name] = _read(next(streams))
            continue
        for _ in range(1 + pa.types.is_dictionary(field.type)):
            next(streams)
    return pa.table(found)


def to_table(alphabets: Alphabets, coded: Coded, data: bytes) -> pa.Table:
    """The table that `to_symbols` and `beside` were given."""
    streams = _streams(data)
    kinds = pa.ipc.read_schema(pa.py_buffer(next(streams)))
    columns = []
    for field in kinds:
        if field.name not in alphabets.names:
            columns.append(_read(next(streams)))
            continue
        names = _read(next(streams)) if pa.types.is_dictionary(field.type) else None
        values = _decoded(alphabets, coded, field, _read(next(streams)))
        columns.append(values if names is None else _with_names(values, names, field.type))
    return pa.Table.from_arrays(columns, schema=kinds)


def column_values(column: pa.ChunkedArray) -> Any:
    """The cells of a column in one piece, dictionaries looked up."""
    return column.combine_chunks() if is_tensor(column.type) else flat(column)


def identical(a: pa.Table, b: pa.Table) -> bool:
    """Whether two tables have the same columns and types, and every cell is the same to the last bit.

    >>> zero = pa.table({"x": [0.0, float("nan"), None]})
    >>> identical(zero, zero), identical(zero, pa.table({"x": [-0.0, float("nan"), None]}))
    (True, False)
    """
    return a.schema == b.schema and all(_identical(x, y) for x, y in zip(a.columns, b.columns, strict=True))


def _identical(a: pa.ChunkedArray, b: pa.ChunkedArray) -> bool:
    if not a.is_null().equals(b.is_null()):
        return False
    if is_tensor(a.type) or pa.types.is_floating(a.type):
        x, y = column_values(a), column_values(b)
        return bool((_same(x, y) | x.is_null().to_numpy(zero_copy_only=False)).all())
    return bool(a.equals(b)) or _stream(a) == _stream(b)


def _decoded(alphabets: Alphabets, coded: Coded, field: pa.Field, verbatim: Any) -> Any:
    """One modelled column: coded cells from their symbols, the others as they travelled."""
    name, f = field.name, alphabets.names.index(field.name)
    part, at, state = alphabets.codec.parts[name], alphabets.codec.spans[name], coded.state[:, f]
    if not (state == CODED).any():
        back = pa.nulls(0, verbatim.type)
    else:
        chosen = state == CODED
        ranked = _ranks_back(alphabets, coded, at)[chosen]
        back = _restored(part, ranked, np.ones(len(ranked), dtype=bool), verbatim.type)
    return _woven(back, verbatim, state)


def _ranks_back(alphabets: Alphabets, coded: Coded, at: slice) -> Ranks:
    ranked = np.empty((len(coded.state), at.stop - at.start), np.uint64)
    for book in np.unique(alphabets.book[at]):
        own = np.arange(at.start, at.stop)[alphabets.book[at] == book]
        ranked[:, own - at.start] = alphabets.books[book].rank(coded.symbols[:, own], coded.offsets[:, own])
    return ranked


def _woven(back: Any, verbatim: Any, state: State) -> Any:
    """Cells of the three kinds in their places."""
    parts, place, before = [], np.full(len(state), -1), 0
    nan = pa.array([np.nan], verbatim.type) if (state == NAN).any() else None
    for kind, cells in ((CODED, back), (VERBATIM, verbatim), (NAN, nan)):
        if cells is not None and len(cells):
            at = state == kind
            place[at] = before + (np.zeros(at.sum(), int) if kind == NAN else np.arange(at.sum()))
            parts.append(cells)
            before += len(cells)
    index = pa.array(place, mask=state == MISSING)
    if not parts:
        return pa.nulls(len(state), verbatim.type)
    if not is_tensor(verbatim.type):
        return pa.concat_arrays(parts).take(index)
    storage = pa.concat_arrays([part.storage for part in parts]).take(index)
    return pa.ExtensionArray.from_storage(verbatim.type, storage)


def _dictionary(column: pa.ChunkedArray) -> pa.Array:
    unified = column.unify_dictionaries()
    return unified.chunk(0).dictionary if unified.num_chunks else pa.array([], column.type.value_type)


def _with_names(values: pa.Array, names: pa.Array, kind: pa.DataType) -> pa.Array:
    index = pc.index_in(values, value_set=names).cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(index, names, ordered=kind.ordered)


def _stream(column: Any) -> bytes:
    """One column as an Arrow stream."""
    table = pa.table({"": column})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


def _read(stream: bytes) -> Any:
    column = pa.ipc.open_stream(stream).read_all().column(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _streams(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def _width(codec: Codec, name: str) -> int:
    at = codec.spans[name]
    return at.stop - at.start
