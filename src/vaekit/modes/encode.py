"""Rows to latents, and latents to rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.errors import DataError
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, answer, ask, chunks, decode_cells, fitted_form, is_one, law_of
from vaekit.modes.shown import shown
from vaekit.modes.stream import numbered
from vaekit.schema.look import nearest
from vaekit.schema.tensors import is_tensor, ndarray_of
from vaekit.sources import Table, read

FARTHEST = 1e6  # from the origin: beyond it a net's single precision soon overflows


@dataclass(frozen=True, eq=False)
class Latents:
    """q(z|row) of B rows, or of the B windows of a stream: mean (B, L) and std (B, L)."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    _asked: Asked = field(repr=False)

    def __len__(self) -> int:
        return len(self.mean)

    def to_arrow(self) -> pa.Table:
        """Columns mean_0, mean_1, ..., std_0, std_1, ...; before them the number of a window's first row, start."""
        halves = {"mean": self.mean, "std": self.std}
        front = {} if self._asked.at is None else {"start": self._asked.at[:, 0]}
        columns = {f"{name}_{i}": half[:, i] for name, half in halves.items() for i in range(half.shape[1])}
        return pa.table({**front, **columns})

    def to_frame(self) -> Any:
        return answer(self.to_arrow(), self._asked)

    def _repr_html_(self) -> str:
        return shown(self)

    def plot(self, color: Any = None) -> Any:
        """The latent map: the two directions along which the rows spread most, with pictures where rows are images.

        Args:
            color: the name of a column of the data, or one value a row, or window.
        """
        from vaekit import figures

        name = color if isinstance(color, str) else None
        if name is not None:
            color = self._values(name)
        images = [column for column in self._asked.arrow.columns if is_tensor(column.type)]
        if images:
            return figures.picture_map(self.mean, ndarray_of(images[0])[0], color, name)
        return figures.latent_map(self.mean, color, name)

    def _values(self, name: str) -> list[Any]:
        """A column of the data, of a window its first step."""
        known = {
            each: table[each] for table in (self._asked.table.arrow, self._asked.arrow) for each in table.column_names
        }
        if name not in known:
            raise DataError(f"there is no column {name!r} to colour by", hint=nearest(name, list(known)))
        return (known[name] if self._asked.at is None else known[name].take(pa.array(self._asked.at[:, 0]))).to_pylist()


def encode(fitted: Fitted, data: Any) -> Latents:
    """See `vaekit.Model.encode`."""
    return latents_of(fitted, ask(fitted, data))


def latents_of(fitted: Fitted, asked: Asked) -> Latents:
    """q(z|row) of rows, or windows, that were read."""
    parts = abreast(
        lambda at: fitted.vae.posterior_of(asked.cells[at], asked.observed[at]), chunks(len(asked), fitted.at_once)
    )
    mean, std = (torch.cat([getattr(part, name) for part in parts]).numpy() for name in ("mean", "stddev"))
    return Latents(mean, std, asked)


def decode(fitted: Fitted, z: Any, given: Any = None) -> Any:
    """See `vaekit.Model.decode`."""
    points, form = read_latents(fitted, z)
    return answer(numbered(fitted, rows_at(fitted, points, given, strict=True), len(points)), form)


def rows_at(fitted: Fitted, points: Tensor, given: Any = None, *, strict: bool = False) -> pa.Table:
    """The Arrow rows at latents (B, L): the best value of every cell, under one condition for all or one for each."""
    cells = torch.zeros(len(points), fitted.layout.K + len(fitted.layout.given), dtype=fitted.dtype)
    observed = torch.zeros(cells.shape, dtype=torch.bool)
    if given is not None:
        # of a window the value holds at every step
        whole = [dict(given)] * max(1, fitted.steps) if is_one(given) else given
        asked = ask(fitted, whole, partial=True, strict=strict)
        if len(asked) not in (1, len(points)):
            raise DataError(
                f"decode: {len(asked)} conditions for {len(points)} latents", hint="give one, or one for each"
            )
        cells[:], observed[:] = asked.cells, asked.observed
    out = abreast(
        lambda at: law_of(fitted, points[None, at], cells[at], observed[at]).best(),
        chunks(len(points), fitted.at_once),
    )
    K = fitted.vae.K
    observed[:, :K] = True
    return decode_cells(fitted, torch.cat([torch.cat(out), cells[:, K:]], -1), observed)


def read_latents(fitted: Fitted, z: Any) -> tuple[Tensor, Table]:
    """Latents (B, L) from an array, or from a table's columns mean_0, mean_1, ...; and the type of table to answer in.

    Raises:
        DataError: when the size is not that of the model, or a number is not finite or farther than `FARTHEST`.
    """
    L = fitted.vae.latents
    if isinstance(z, Latents):
        return torch.as_tensor(z.mean).to(fitted.dtype), fitted_form(fitted)
    array, form = _matrix(z, L), fitted_form(fitted)
    if array is None:
        table = read(z)
        wanted = [f"mean_{i}" for i in range(L)]
        if absent := [name for name in wanted if name not in table.names]:
            raise DataError(
                f"decode: column {absent[0]!r} is absent; given {', '.join(table.names[:6])}",
                hint=f"latents are an array (B, {L}) or a table with mean_0 ... mean_{L - 1}, as encode gives it",
            )
        array = np.stack([table.arrow[name].to_numpy() for name in wanted], 1)
    if array.ndim != 2 or array.shape[1] != L:
        raise DataError(f"decode: latents have shape {array.shape}, expected (B, {L})")
    near = np.abs(array) <= FARTHEST
    if not near.all():
        row, column = np.argwhere(~near)[0]
        raise DataError(
            f"decode: latent {column} of row {row} is {array[row, column]}, expected a finite number",
            hint=f"rows lie within a few units of 0; at most {FARTHEST:g}",
        )
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64)).to(fitted.dtype), form


def _matrix(z: Any, L: int) -> NDArray[Any] | None:
    """The array that was given, None for a table."""
    if isinstance(z, torch.Tensor):
        z = z.detach().cpu().numpy()
    if isinstance(z, list | tuple) and z and isinstance(z[0], dict | str):
        return None
    if not isinstance(z, np.ndarray | list | tuple):
        return None
    try:
        z = np.asarray(z, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"decode: latents are not numbers: {error}", hint=f"an array (B, {L})") from error
    return z[None] if z.ndim == 1 and len(z) == L else z
