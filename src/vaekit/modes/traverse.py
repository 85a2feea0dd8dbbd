"""Walks through the latents: along each, between two rows, away from one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.errors import DataError, SchemaError, SpecError
from vaekit.modes.ask import Asked, answer, ask, decode_cells, fitted_form
from vaekit.modes.complete import with_aside
from vaekit.modes.encode import rows_at
from vaekit.modes.options import number, whole
from vaekit.modes.shown import shown
from vaekit.modes.stream import numbered
from vaekit.schema.tensors import is_tensor
from vaekit.sources import Table

Path = Literal["linear", "spherical"]


@dataclass(frozen=True, eq=False)
class Walk:
    """Rows along a way through the latents.

    where (B,) says how far along (standard deviations, or a share of the way), latent (B,) which latent moved, -1 where all do;
    z is (B, L).
    """

    where: NDArray[np.float64]
    latent: NDArray[np.int64]
    z: NDArray[np.float32]
    _rows: pa.Table = field(repr=False)
    _form: Table = field(repr=False)

    def __len__(self) -> int:
        return len(self.where)

    def to_arrow(self) -> pa.Table:
        """Columns latent and where, then the fitted columns.

        Raises:
            SchemaError: the fitted columns have one of these names.
        """
        if taken := {"latent", "where"} & set(self._rows.column_names):
            name = min(taken)
            raise SchemaError(
                f"a walk needs a column {name!r}, and the fitted table has one",
                hint=f"fit with that column renamed; the walk's own {name} is walk.{name}",
            )
        each = self._rows.num_rows // len(self)  # a window has many steps
        front = pa.table({"latent": np.repeat(self.latent, each), "where": np.repeat(self.where, each)})
        for name in self._rows.column_names:
            front = front.append_column(name, self._rows[name])
        return front

    def to_frame(self) -> Any:
        return answer(self.to_arrow(), self._form)

    def _repr_html_(self) -> str:
        return shown(self)

    def plot(self) -> Any:
        """What changes along the way: images or windows side by side, of a table the columns that move most."""
        from vaekit import figures

        if any(is_tensor(kind) for kind in self._rows.schema.types):
            return figures.walk_of_images(self)
        return figures.walk_of_windows(self) if self._rows.num_rows > len(self) else figures.walk(self)


def traverse(
    fitted: Fitted, row: Any = None, dims: Sequence[int] | int | None = None, span: float = 3.0, steps: int = 9
) -> Walk:
    """See `vaekit.Model.traverse`."""
    whole("traverse: steps", steps, 2)
    number("traverse: span", span, 0, 100, "standard deviations above 0", hint="span=3.0")
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    start, asked = _start(fitted, row, centre)
    chosen = by_rate(fitted) if dims is None else _dims(fitted, dims)
    if not chosen:
        raise SpecError("traverse: dims is empty, expected at least one latent", hint="dims=None walks along each")
    places = torch.linspace(-span, span, steps)
    z = start.repeat(len(chosen) * steps, 1)
    for i, latent in enumerate(chosen):
        z[i * steps : (i + 1) * steps, latent] = centre[latent] + places * spread[latent]
    where = places.repeat(len(chosen)).double().numpy()
    return _walk(fitted, z, where, np.repeat(np.asarray(chosen), steps), asked)


def interpolate(fitted: Fitted, a: Any, b: Any, steps: int = 9, path: Path = "linear") -> Walk:
    """See `vaekit.Model.interpolate`."""
    whole("interpolate: steps", steps, 2)
    if path not in ("linear", "spherical"):
        raise SpecError(f"interpolate: path={path!r}, expected 'linear' or 'spherical'")
    (first, asked), (last, other) = _encode_row(fitted, a, "a"), _encode_row(fitted, b, "b")
    share = torch.linspace(0, 1, steps)[:, None]
    z = first + share * (last - first) if path == "linear" else _arc(first, last, share)
    each = max(1, fitted.steps)
    between = rows_at(fitted, z[1:-1], _given(fitted, asked)) if steps > 2 else asked.arrow.slice(0, 0)
    # an end may hold a number that is too large for the fitted type, or more new names than its index counts
    rows = pa.concat_tables([asked.arrow, between, other.arrow], promote_options="permissive")
    assert rows.num_rows == steps * each, "every point is a row, or a window"
    where = share[:, 0].double().numpy()
    return Walk(where, np.full(steps, -1), z.numpy(), numbered(fitted, rows, steps), asked.table)


def shift(fitted: Fitted, row: Any, moves: Mapping[int, float] | Any) -> Any:
    """See `vaekit.Model.shift`."""
    z, asked = _encode_row(fitted, row, "row")
    z = z + (_along(fitted, moves) if isinstance(moves, Mapping) else _direction(fitted, moves))
    return answer(with_aside(fitted, rows_at(fitted, z, _given(fitted, asked)), asked), asked)


def _along(fitted: Fitted, moves: Mapping[int, float]) -> Tensor:
    """Moves of single latents, given in standard deviations, as a direction (L,)."""
    spread, direction = fitted.arrays["latents.spread"], torch.zeros(fitted.vae.latents)
    for latent, move in moves.items():
        (index,) = _dims(fitted, [latent])
        far = number(f"shift: move of latent {index}", move, -math.inf, math.inf, "a number of standard deviations")
        direction[index] += far * float(spread[index])
    return direction


def _direction(fitted: Fitted, moves: Any) -> Tensor:
    """A direction (L,) in the units of the latents."""
    L = fitted.vae.latents
    hint = (
        f"{{latent: standard deviations}}, or an array ({L},) such as the difference of two means of encode(...).mean"
    )
    try:
        direction = np.asarray(moves.detach().cpu() if isinstance(moves, Tensor) else moves, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise SpecError(f"shift: moves={type(moves).__name__} is no direction", hint=hint) from error
    if direction.shape != (L,) or not np.isfinite(direction).all():
        raise SpecError(f"shift: a direction of shape {direction.shape}, expected {L} finite numbers", hint=hint)
    return torch.from_numpy(direction.copy())


def by_rate(fitted: Fitted) -> list[int]:
    """The latents from the most to the least used, by their rate over the calibration rows."""
    return [int(i) for i in np.argsort(-fitted.arrays["latents.rate"], kind="stable")]


def _walk(fitted: Fitted, z: Tensor, where: NDArray[Any], latent: NDArray[Any], asked: Asked | None) -> Walk:
    rows = numbered(fitted, rows_at(fitted, z, _given(fitted, asked)), len(z))
    return Walk(where, latent, z.numpy(), rows, fitted_form(fitted) if asked is None else asked.table)


def _start(fitted: Fitted, row: Any, centre: Tensor) -> tuple[Tensor, Asked | None]:
    return (centre[None], None) if row is None else _encode_row(fitted, row, "row")


def _encode_row(fitted: Fitted, row: Any, name: str) -> tuple[Tensor, Asked]:
    if hasattr(row, "to_frame") and hasattr(row, "index") and getattr(row, "ndim", 2) == 1:
        row = dict(row)  # a pandas row
    asked = ask(fitted, row)
    if len(asked) != 1:
        what, hint = "rows", "a dict, or a table of one row such as frame[3:4]"
        if fitted.cut is not None:
            what, hint = "windows", f"give as many steps as one window has: {fitted.cut.size}"
        raise DataError(f"{name}: {len(asked)} {what}, expected one", hint=hint)
    return fitted.vae.posterior_of(asked.cells, asked.observed).mean, asked


def _given(fitted: Fitted, asked: Asked | None) -> Any:
    """The given columns of the row, where the model is conditioned on any."""
    if not fitted.schema.given:
        return None
    if asked is None and "given.cells" not in fitted.arrays:
        return None
    if asked is None:
        kept = fitted.arrays["given.cells"][:1], fitted.arrays["given.observed"][:1]
        cells, seen = (torch.from_numpy(np.concatenate([np.zeros((1, fitted.vae.K)), part], 1)) for part in kept)
        return decode_cells(fitted, cells, seen.bool()).select([column.name for column in fitted.schema.given])
    return asked.arrow.select([column.name for column in fitted.schema.given])


def _dims(fitted: Fitted, dims: Sequence[int] | int) -> list[int]:
    L = fitted.vae.latents
    dims = [dims] if isinstance(dims, int | np.integer) else dims
    for dim in dims:
        if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or not 0 <= dim < L:
            raise SpecError(f"latent {dim!r}: the model has latents 0 to {L - 1}")
    return [int(dim) for dim in dims]


def _arc(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Along the arc between two latents, the radius interpolated as well (Shoemake 1985, doi 10.1145/325165.325242)."""
    cosine = torch.nn.functional.cosine_similarity(a, b).clamp(-0.9999, 0.9999)
    angle = cosine.acos()
    direction = (((1 - share) * angle).sin() * a / a.norm() + (share * angle).sin() * b / b.norm()) / angle.sin()
    return direction * ((1 - share) * a.norm() + share * b.norm())
