"""Rows as few bytes from which they come back to the last bit: bits back with asymmetric numeral systems.

```
table --to_symbols--> symbols, offsets, states --stack--> words --+
      --beside------> what has no symbol --------zstd-------------+--pack--> bytes
```

On the stack lie, from below: bits to begin with, offsets within symbols, rows under the model, and what each cell is.
"""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.errors import ArtifactError, ModeUnavailable, UserError, VaekitWarning
from vaekit.goals import Rows, unfold
from vaekit.modes import bits_back
from vaekit.modes.ans import Flags, Stack, filler
from vaekit.modes.archive import expanded, marks, pack, refuse_other, squeezed, unpack
from vaekit.modes.bits_back import Scheme
from vaekit.modes.grey import grey_counts, grey_shares, has_grey
from vaekit.modes.quantise import Symbols
from vaekit.modes.verbatim import (
    CODED,
    STATES,
    VERBATIM,
    Alphabets,
    Coded,
    beside,
    identical,
    to_symbols,
    to_table,
    whole_columns,
)
from vaekit.schema import arrow_type
from vaekit.schema.conform import conform_column, refuse_absent
from vaekit.sources import Table, give_back, read
from vaekit.sources.cells import without_nan

INDEX = "\x00index"  # a pandas index travels as one more column
AT_ONCE = 2**21  # probabilities that are held at once
MOST = 256  # rows in one batch


def compress(fitted: Fitted, data: Any) -> bytes:
    """See `vaekit.Model.compress`."""
    table = _read(fitted, data)
    arrow = _with_index(table).combine_chunks()
    with _exact():
        blob = _compress(fitted, table, arrow)
        back = restore(fitted, blob).arrow
    if not identical(back, table.arrow):
        raise ModeUnavailable(
            "compress: the rows did not come back as they were, so nothing is returned",
            hint="please report this, with the model and the rows",
        )
    return blob


def decompress(fitted: Fitted, blob: Any) -> Any:
    """See `vaekit.Model.decompress`."""
    table = restore(fitted, blob)
    return give_back(table.arrow, table)


def restore(fitted: Fitted, blob: Any) -> Table:
    """The table in compressed rows, and in what type it was given.

    Raises:
        UserError: something else than bytes.
        ArtifactError: damaged bytes, another model or another kind of machine.
    """
    about, parts = unpack(blob)
    refuse_other(about, marks(fitted))
    with _exact(), torch.no_grad():
        return _restore(fitted, about, parts)


@dataclass(frozen=True, eq=False)
class _Laid:
    """Rows as the model sees them, of a stream its windows: symbols, which are coded (W, K), given cells (W, G)."""

    symbols: Symbols
    coded: Flags
    given: Rows


def _compress(fitted: Fitted, table: Table, arrow: pa.Table) -> bytes:
    alphabets = Alphabets.of(fitted.codec)
    coded, at = to_symbols(alphabets, arrow), _windows(fitted, arrow)
    if at is not None:
        lonely = np.ones(len(coded.state), dtype=bool)
        lonely[at.ravel()] = False
        coded.state[lonely[:, None] & (coded.state == CODED)] = VERBATIM
    side = beside(alphabets, arrow, coded.state)
    laid = _laid(fitted, alphabets, coded, at, side)
    scheme = _scheme(fitted, alphabets, laid)
    grey = np.empty((0, 0), np.uint8)
    if has_grey(scheme.vae):
        grey = grey_counts(scheme, laid.symbols, laid.coded, laid.given)
        scheme = replace(scheme, grey=grey_shares(grey))
    states = [np.bincount(column, minlength=STATES).tolist() for column in coded.state.T]
    words, spent = _stacked(scheme, alphabets, coded, laid, states)
    about = {
        **marks(fitted), "rows": arrow.num_rows, "batch": scheme.rows, "step": scheme.step, "bound": scheme.bound,
        "filler": spent, "states": states, "content": _content(alphabets, coded), "flavour": table.flavour,
        "native": table.native, "grey": grey.shape, "index": getattr(table.index, "name", None),
    }  # fmt: skip
    steps = b"" if at is None else squeezed(np.diff(at.ravel(), prepend=0).astype("<i8").tobytes())
    return pack(about, [squeezed(side), steps, words.astype("<u4").tobytes(), squeezed(grey.tobytes())])


def _restore(fitted: Fitted, about: dict[str, Any], parts: list[bytes]) -> Table:
    alphabets, side = Alphabets.of(fitted.codec), expanded(parts[0])
    N, k = about["rows"], len(alphabets.book)
    at = None if fitted.cut is None else _steps_of(parts[1], fitted.steps)
    grey = np.frombuffer(expanded(parts[3]), np.uint8).reshape(about["grey"])
    scheme = Scheme(
        _exact_model(fitted), alphabets.books, about["batch"], about["step"], about["bound"],
        grey_shares(grey) if grey.size else grey,
    )  # fmt: skip
    stack = Stack(np.frombuffer(parts[2], "<u4").astype(np.uint32))
    coded = Coded(np.zeros((N, k), np.int32), np.zeros((N, k), np.uint64), _pop_states(stack, about["states"], N))
    laid = _laid(fitted, alphabets, coded, at, side)
    symbols = bits_back.decode(scheme, stack, laid.coded, laid.given)
    if at is None:
        coded.symbols[:] = symbols
    else:
        coded.symbols[at.ravel()] = symbols.reshape(at.size, -1)
    _pop_offsets(stack, alphabets, coded)
    if about["content"] != _content(alphabets, coded) or not np.array_equal(stack.words(), filler(about["filler"])):
        raise ArtifactError(
            "the compressed rows do not come back as they were on this machine",
            hint="decompress where they were compressed",
        )
    arrow, index = to_table(alphabets, coded, side), None
    if INDEX in arrow.column_names:
        index = import_module("pandas").Index(arrow[INDEX].to_pandas().rename(about["index"]))
        arrow = arrow.drop_columns(INDEX)
    return Table(arrow, about["flavour"], about["native"], index)


def _stacked(
    scheme: Scheme, alphabets: Alphabets, coded: Coded, laid: _Laid, states: list[list[int]]
) -> tuple[NDArray[np.uint32], int]:
    """Everything on one stack, and with how many words it began: as few as the first rows need."""
    spent = 2
    while True:
        stack = Stack(filler(spent))
        _push_offsets(stack, alphabets, coded)
        if bits_back.encode(scheme, stack, laid.symbols, laid.coded, laid.given):
            break
        spent += spent // 2
    _push_states(stack, coded.state, states)
    return stack.words(), spent


def _push_offsets(stack: Stack, alphabets: Alphabets, coded: Coded) -> None:
    cells = coded.cells(alphabets)
    for k, sizes in reversed(list(_wide(alphabets))):
        rows = cells[:, k]
        stack.push_whole(coded.offsets[rows, k], sizes[coded.symbols[rows, k]])


def _pop_offsets(stack: Stack, alphabets: Alphabets, coded: Coded) -> None:
    cells = coded.cells(alphabets)
    for k, sizes in _wide(alphabets):
        rows = cells[:, k]
        coded.offsets[rows, k] = stack.pop_whole(sizes[coded.symbols[rows, k]])


def _wide(alphabets: Alphabets) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """Cells with symbols that stand for several values, and for how many each stands."""
    for k, book in enumerate(alphabets.book):
        if len(sizes := alphabets.books[book].count) and sizes.max() > 1:
            yield k, sizes


def _push_states(stack: Stack, state: NDArray[np.uint8], counts: list[list[int]]) -> None:
    for f in reversed(range(state.shape[1])):
        if np.count_nonzero(counts[f]) > 1:
            stack.push(state[:, f], np.tile(np.array(counts[f], float), (len(state), 1)))


def _pop_states(stack: Stack, counts: list[list[int]], rows: int) -> NDArray[np.uint8]:
    state = np.empty((rows, len(counts)), np.uint8)
    for f, count in enumerate(counts):
        several = np.count_nonzero(count) > 1
        state[:, f] = stack.pop(np.tile(np.array(count, float), (rows, 1))) if several else np.argmax(count)
    return state


def _content(alphabets: Alphabets, coded: Coded) -> int:
    """A checksum of all that the stack gave back."""
    cells = coded.cells(alphabets)
    first = zlib.crc32(coded.state.tobytes(), zlib.crc32(coded.symbols[cells].tobytes()))
    return zlib.crc32(coded.offsets[cells].tobytes(), first)


def _laid(fitted: Fitted, alphabets: Alphabets, coded: Coded, at: NDArray[np.int64] | None, side: bytes) -> _Laid:
    """The coded table as rows of the model, beside its given columns as they travel."""
    cells, given = coded.cells(alphabets), _given(fitted, len(coded.state), whole_columns(alphabets, side))
    if at is None:
        return _Laid(coded.symbols, cells, given)
    windows = unfold(given, torch.from_numpy(at), 0)
    return _Laid(coded.symbols[at].reshape(len(at), -1), cells[at].reshape(len(at), -1), windows)


def _given(fitted: Fitted, rows: int, table: pa.Table) -> Rows:
    """Cells (N, G) and observed flags of the columns that the model is given."""
    table = without_nan(table)
    cells, observed = np.zeros((rows, len(fitted.schema.given))), np.zeros((rows, len(fitted.schema.given)), dtype=bool)
    for g, column in enumerate(fitted.schema.given):
        if column.name in table.column_names:
            part: Any = fitted.codec.parts[column.name]
            with warnings.catch_warnings():  # a new level comes back as it is
                warnings.simplefilter("ignore", VaekitWarning)
                cells[:, g], observed[:, g] = part.encode(conform_column(column, table[column.name]))
    return Rows(torch.from_numpy(cells), torch.from_numpy(observed))


def _windows(fitted: Fitted, arrow: pa.Table) -> NDArray[np.int64] | None:
    """Windows of a stream that share no step (W, T); None of tables and images."""
    if fitted.cut is None:
        return None
    T = fitted.steps
    whole = [rows[: len(rows) // T * T] for rows in fitted.cut.segments(without_nan(arrow))]
    return np.concatenate(whole).reshape(-1, T).astype(np.int64)


def _steps_of(data: bytes, steps: int) -> NDArray[np.int64]:
    return np.frombuffer(expanded(data), "<i8").cumsum().reshape(-1, steps)


def _scheme(fitted: Fitted, alphabets: Alphabets, laid: _Laid) -> Scheme:
    """Sizes that suit the rows: batches that fit into memory, buckets of half a narrow posterior, all latents inside."""
    vae = _exact_model(fitted)
    held = sum(len(alphabets.books[book]) for book in alphabets.book) * max(fitted.steps, 1)
    most = min(MOST, max(len(laid.symbols) // 8, 1))  # the first batches are small, and each is padded to the full size
    rows = 2 ** int(np.log2(np.clip(AT_ONCE / held, 1, most)))
    scheme = Scheme(vae, alphabets.books, rows, 1.0, 1, np.empty((0, 0)))
    locs, scales = [np.zeros(1)], [np.ones(1)]
    for first in range(0, len(laid.symbols), rows):
        at = slice(first, first + rows)
        batch = scheme.batch(laid.symbols[at], laid.coded[at], Rows(laid.given.cells[at], laid.given.observed[at]))
        loc, scale = scheme.posterior(*batch, len(laid.symbols[at]))
        locs.append(loc)
        scales.append(scale)
    loc, scale = np.concatenate(locs), np.concatenate(scales)
    step = float(2.0 ** np.floor(np.log2(np.clip(np.quantile(scale, 0.01) / 2, 2.0**-11, 0.125))))
    reach = max(8.0, float((np.abs(loc) + 8 * scale).max()))
    return replace(scheme, step=step, bound=int(np.ceil(reach / step)))


def _exact_model(fitted: Fitted) -> Any:
    """The model in double precision on the processor."""
    return deepcopy(fitted.vae).cpu().double().eval()


@contextmanager
def _exact() -> Iterator[None]:
    """One thread: sums come out the same to the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _read(fitted: Fitted, data: Any) -> Table:
    """The rows as they were given, not-a-number apart from null."""
    array = fitted.form["flavour"] in ("numpy", "torch")
    image = next((tuple(arrow_type(c.type).shape) for c in fitted.schema if c.kind == "image"), None)
    names = list(fitted.schema.names) if array else None
    table = read(data, names=names, text=fitted.schema.text, image=image, nan=True)
    # rows with fewer columns come back; rows with none of them are other data
    some = bool({*table.arrow.column_names} & {*fitted.schema.names})
    refuse_absent(fitted.schema.columns, table.arrow, partial=some)
    return table


def _with_index(table: Table) -> pa.Table:
    """The rows with the pandas index beside them, unless that only counts them.

    Raises:
        UserError: an index of several levels, or of a type or a name that has no place in the container.
    """
    index = table.index
    if index is None or (index.name is None and index.tolist() == list(range(table.rows))):
        return table.arrow
    try:
        if index.nlevels > 1:
            raise TypeError(f"it has {index.nlevels} levels")
        values = pa.array(index.to_series().reset_index(drop=True), from_pandas=True)
        json.dumps(index.name)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError) as error:
        raise UserError(f"compress: the index cannot travel: {error}", hint="rows.reset_index(drop=True)") from error
    return table.arrow.append_column(INDEX, values)
