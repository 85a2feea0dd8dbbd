"""What every mode begins and ends with: rows become cells, contexts become laws of cells, answers become tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit import modes, rng
from vaekit import spec as specs
from vaekit.artifact import Fitted, trained_range
from vaekit.codec import Codec
from vaekit.codec.field import Floats
from vaekit.codec.levels import Levels
from vaekit.codec.singly import MOST
from vaekit.distributions import Columns
from vaekit.distributions.grid import GridColumns
from vaekit.distributions.latents import place
from vaekit.errors import DataError
from vaekit.goals import Rows, unfold
from vaekit.likelihoods import Mix
from vaekit.likelihoods.merge import for_few
from vaekit.schema import arrow_type
from vaekit.schema.look import listed
from vaekit.sources import Table, give_back, read
from vaekit.sources.cut import Cut

CHUNK = 4096  # rows that pass through the network at once
FAR = 1e6  # deviations, or levels
FEW = 2**11  # cells of all latents


@dataclass(frozen=True)
class Asked:
    """Rows that a mode was asked about: as given, as the fitted columns, as cells (B, K + G) and observed flags.

    Of a stream these are its windows: `at` (B, T) holds the numbers of their steps, `steps` the encoded steps themselves.
    """

    table: Table
    arrow: pa.Table
    cells: Tensor
    observed: Tensor
    at: NDArray[np.int64] | None = None
    steps: Rows | None = None

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def rows(self) -> Rows:
        """One entry a row that was given: the steps of a stream, else the cells themselves."""
        return self.steps if self.steps is not None else Rows(self.cells, self.observed)

    def part(self, at: slice) -> Asked:
        """Some of the rows, which stand alone."""
        assert self.at is None, "no stream"
        if at == slice(0, len(self)):
            return self
        return replace(self, arrow=self.arrow[at], cells=self.cells[at], observed=self.observed[at])


def ask(fitted: Fitted, data: Any, *, partial: bool = False, strict: bool = False) -> Asked:
    """Read rows, hold them against the fitted schema, encode them.

    Args:
        fitted: the model.
        data: whatever `vaekit.sources.read` takes.
        partial: absent columns are missing rather than refused.
        strict: unknown columns and new levels are refused: a condition must not silently become another one, or none.

    Raises:
        DataError: as `read` and `Schema.conform` do.
    """
    array = fitted.form["flavour"] in ("numpy", "torch")
    image = next((tuple(arrow_type(c.type).shape) for c in fitted.schema if c.kind == "image"), None)
    table = read(data, names=list(fitted.schema.names) if array else None, text=fitted.schema.text, image=image)
    if strict and (unknown := [name for name in table.names if name not in fitted.schema.names]):
        known = fitted.codec.names
        near = specs.closest(unknown[0], known)
        hint = f"did you mean {near!r}?" if near else f"columns: {listed(known)}"
        raise DataError(f"no column {unknown[0]!r} to condition on", hint=hint)
    arrow = fitted.schema.conform(table.arrow, partial=partial)
    if strict:
        _refuse_new(fitted, arrow)
    cells, observed = tensors(fitted.codec, arrow)
    own = Rows(cells.to(fitted.dtype), observed)
    if fitted.cut is None:
        return Asked(table, arrow, own.cells, own.observed)
    at = consecutive(fitted.cut, table) if partial else _windows(fitted.cut, table)
    windows = unfold(own, torch.from_numpy(at), fitted.codec.modelled)
    return Asked(table, arrow, windows.cells, windows.observed, at, own)


def _windows(cut: Cut, table: Table) -> NDArray[np.int64]:
    """The windows of a stream (W, T), with a warning for steps that none covers."""
    segments = cut.segments(table.arrow)
    cut.refuse_short(table.arrow, segments, fitted=True)
    cut.warn_uncovered(segments)
    return cut.windows(segments)


def consecutive(cut: Cut, table: Table) -> NDArray[np.int64]:
    """Windows (W, T) of steps that stand one window after another, as conditions do.

    Raises:
        DataError: for a number of steps that makes no whole windows.
    """
    if table.rows % cut.size:
        raise DataError(
            f"{table.rows} steps were given as conditions, expected whole windows of {cut.size}",
            hint="one value for all steps is given as {column: value}",
        )
    return np.arange(table.rows).reshape(-1, cut.size)


def tensors(codec: Codec, arrow: pa.Table) -> tuple[Tensor, Tensor]:
    """Cells (B, K + G) in single precision, and observed flags."""
    return as_tensors(*codec.encode(arrow))


def as_tensors(cells: Floats, observed: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
    """What a codec has read, in single precision.

    A number millions of deviations away (1e300 for "unknown") is as strange as one `FAR` away, and its square stays finite.
    """
    return torch.from_numpy(cells).clamp(-FAR, FAR).float(), torch.from_numpy(observed)


def _refuse_new(fitted: Fitted, arrow: pa.Table) -> None:
    for name in fitted.codec.names:
        part: Any = fitted.codec.parts[name]
        new = part.new(arrow[name]) if isinstance(part, Levels) else np.zeros(1, dtype=bool)
        if new.any():
            row, levels = int(new.argmax()), part.known.to_pylist()
            raise DataError(
                f"column {name!r} never held {arrow[name][row].as_py()!r} in training (row {row}), so it cannot be a condition",
                hint=f"it held {listed(levels)}",
            )


def answer(table: pa.Table, like: Asked | Table | str) -> Any:
    """An Arrow answer in the type of the rows that were asked about."""
    return give_back(table, like.table if isinstance(like, Asked) else like)


def fitted_form(fitted: Fitted) -> Table:
    """The type of the table that was fitted, for answers that belong to no rows."""
    return Table(pa.table({}), fitted.form["flavour"], fitted.form["native"])


def chunks(count: int, size: int = CHUNK) -> Iterator[slice]:
    """Slices that cover `count` rows in order.

    >>> list(chunks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    watch = modes.WATCH.get()
    for at in range(0, count, size):
        if watch is not None:
            watch(at, count)
        yield slice(at, min(at + size, count))
    if watch is not None:
        watch(count, count)


def latents(fitted: Fitted, cells: Tensor, context: Tensor, samples: int = 1, seed: int = 0) -> Tensor:
    """Latents (S, B, L) from q(z|context): its mean for one sample, else a noise table that all rows share.

    The table is antithetic, each row of noise followed by its negative, so that its average is exactly zero.
    """
    posterior = fitted.vae.posterior_of(cells, context)
    return posterior.mean[None] if samples == 1 else placed(fitted, posterior, samples, seed)


def placed(fitted: Fitted, posterior: Distribution, samples: int, seed: int = 0) -> Tensor:
    """Latents (S, B, L) of a posterior, from a noise table that all rows share."""
    return place(posterior, noise_table(fitted, samples, seed))


def noise_table(fitted: Fitted, samples: int, seed: int = 0) -> Tensor:
    """The noise (S, 1, L) that all rows share; the last one that was asked for is kept."""

    def make() -> Tensor:
        half = rng.table(seed, ((samples + 1) // 2, 1, fitted.vae.latents), "latents")
        return torch.stack([half, -half], 1).flatten(0, 1)[:samples]

    return fitted.once("noise", (samples, seed), make)


def law_given(
    fitted: Fitted, cells: Tensor, observed: Tensor, context: Tensor, samples: int = 1, seed: int = 0
) -> Columns | GridColumns:
    """p(cell|context) as a mixture over S latents, batch shape (S, B, K)."""
    return law_of(fitted, latents(fitted, cells, context, samples, seed), cells, observed)


def law_of(fitted: Fitted, z: Tensor, cells: Tensor, observed: Tensor) -> Columns | GridColumns:
    """p(cell|z), batch shape (S, B, K); of few rows likelihoods of all sizes serve them together, which are fewer steps.

    No draws are made from it: those of a seed would depend on how many rows there are.
    """
    likelihood = fitted.vae.likelihood
    if isinstance(likelihood, Mix) and z.shape[:-1].numel() * likelihood.K <= FEW:
        likelihood = for_few(likelihood, fitted.prepared)
    found: Columns | GridColumns = likelihood(fitted.vae.decoded(z, cells, observed))
    return found


def is_one(given: Any) -> bool:
    """Whether conditions are {column: value}, one for all rows, rather than a table of them.

    >>> is_one({"age": 40}), is_one({"age": [40, 50]})
    (True, False)
    """
    tables = list | tuple | np.ndarray | pa.Array | pa.ChunkedArray
    return isinstance(given, Mapping) and not any(isinstance(value, tables) for value in given.values())


def legal(fitted: Fitted, cells: Tensor) -> Tensor:
    """Cells of the model's own making (B, K or more), each number within the range that training saw.

    A law's tail reaches past it, but a 74th hour or a negative amount is no value of its column.
    """
    low, high = fitted.trained_range
    modelled = cells[..., : fitted.layout.K].clamp(low, high)
    return torch.cat([modelled, cells[..., fitted.layout.K :]], -1)


def decode_cells(fitted: Fitted, cells: Tensor, observed: Tensor | None = None, seed: int = 0) -> pa.Table:
    """The Arrow table of modelled (or all) cells; of windows, their steps one below the other."""
    mask = torch.ones_like(cells, dtype=torch.bool) if observed is None else observed
    return decode_rows(fitted, fold(fitted, legal(fitted, cells.double())), fold(fitted, mask), seed)


def decode_rows(fitted: Fitted, cells: Tensor, observed: Tensor, seed: int = 0) -> pa.Table:
    """The Arrow table of cells, one row each: of a stream, its steps (N, C + G')."""
    return fitted.codec.decode(cells.double().numpy(), observed.numpy(), seed=seed)


def fold(fitted: Fitted, cells: Tensor) -> Tensor:
    """Windows (W, K) or (W, K + G) as the steps they are made of, (W T, C) or (W T, C + G'); other cells as they are."""
    if fitted.cut is None:
        return cells
    T, layout = fitted.cut.size, fitted.layout
    parts = [cells[:, : layout.K].reshape(len(cells) * T, -1)]
    if cells.shape[1] > layout.K:
        parts.append(cells[:, layout.K :].reshape(len(cells) * T, -1))
    return torch.cat(parts, -1)


def listed_values(fitted: Fitted, name: str, cells: NDArray[Any]) -> list[Any]:
    """The values that cells (B,) of a modelled column of numbers or levels stand for, as Python has them; few one by one."""
    if len(cells) <= MOST:
        low, high = _range(fitted, name)
        found = fitted.codec.singly[name].decode([min(max(cell, low), high) for cell in cells.tolist()])
        if found is not None:
            return found
    every: list[Any] = column_values(fitted, name, cells).to_pylist()
    return every


def _range(fitted: Fitted, name: str) -> tuple[float, float]:
    part: Any = fitted.codec.parts[name]
    return fitted.once(("range", name), part, lambda: trained_range(part.field))


def column_values(fitted: Fitted, name: str, cells: NDArray[Any]) -> pa.Array:
    """The values that cells (B,) of a modelled column of numbers or levels stand for."""
    part: Any = fitted.codec.parts[name]
    everything = np.ones(len(cells), dtype=bool)
    low, high = _range(fitted, name)
    draws = rng.numpy(0, "decode", name) if isinstance(part, Levels) and part.draws(cells).any() else None
    return part.decode(np.clip(np.asarray(cells, dtype=float), low, high), everything, draws)
