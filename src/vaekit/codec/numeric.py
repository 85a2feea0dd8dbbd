"""Real, positive, count, mixed and datetime columns: cell = (transform(value) - mean) / std."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as field_
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.codec import ticks
from vaekit.codec.decimals import Decimals
from vaekit.codec.field import DISTINCT, FORWARD, MANY_ROWS, QUANTILES, Field, Floats, Transform, repeats
from vaekit.codec.twins import Few, single
from vaekit.errors import DataError, warn
from vaekit.schema import Column

TRANSFORMS: dict[str, Transform] = {"positive": "log", "count": "log1p"}
OUTSIDE = 6.0  # standard deviations below the smallest training cell
COMMON = 1 / 128  # a value that so large a share of many rows has is a spike: as much as a bin holds


@dataclass(frozen=True, eq=False)
class Numeric:
    """One column of numbers or moments.

    ```
    fitted type --ticks.read--> raw (int64 or float64) --(transform - mean) / std--> cells
                <--ticks.write--                       <--round to the resolution--
    ```

    Args:
        column: its schema.
        field: what nets and likelihoods see.
        origin: the mean in ticks where the difference is taken in integers, else None.
        step: moments are whole multiples of so many ticks.
        low: the smallest legal tick.
        high: the largest legal tick.
        exact: the raw numbers of `field.distinct`, to the last bit; empty where a resolution gives them back, or they are many.
        common: the values of `field.spikes`, to the last bit.

    Example:
        >>> ages = pa.array([30, 40, 50, None], pa.int8())
        >>> age = Numeric.fit(Column(name="age", kind="real", type="int8"), ages)
        >>> cells, observed = age.encode(ages)
        >>> cells.round(2).tolist(), age.decode(cells, observed) == ages
        ([-1.22, 0.0, 1.22, 0.0], True)
    """

    column: Column
    field: Field
    origin: int | None
    step: int
    low: int
    high: int
    exact: Floats = field_(default_factory=lambda: np.empty(0))
    common: Floats = field_(default_factory=lambda: np.empty(0))

    @classmethod
    def fit(cls, column: Column, array: pa.ChunkedArray | pa.Array) -> Numeric:
        """Scale, spikes, quantiles and resolution from the training cells (B,) of a column."""
        raw, observed = ticks.read(column, array)
        raw, kind = raw[observed], ticks.tick_type(column)
        whole = ticks.is_whole(kind)
        step = ticks.step(raw, kind) if whole else 1
        low, high = _limits(column, raw, kind, step) if whole else (0, 0)
        bare = Field(column.name, column.kind, transform=TRANSFORMS.get(column.kind, "linear"), rows=len(raw))
        bare = replace(bare, resolution=_resolution(column, kind, step))
        fitted = cls(column, bare, _origin(raw) if whole and bare.transform == "linear" else None, step, low, high)
        return fitted._scaled(raw)._described(raw)

    def encode(self, array: pa.ChunkedArray | pa.Array) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells (0 where missing) and which are observed, both (B,).

        Raises:
            DataError: an infinity; its row and the column are named.
        """
        raw, observed = ticks.read(self.column, array)
        if raw.dtype == float and not np.isfinite(raw).all():
            row = int(np.flatnonzero(~np.isfinite(raw))[0])
            raise DataError(
                f"column {self.column.name!r}, row {row}: given {raw[row]}, expected a finite number",
                hint="leave the cell empty where the value is not known",
            )
        whole = bool(observed.all())
        cells = self.cells_of(raw if whole else np.where(observed, raw, self._legal_raw(raw)))
        cells = self._inside(cells, raw, observed)
        return cells if whole else np.where(observed, cells, 0.0), observed

    def decode(
        self, cells: Floats, observed: NDArray[np.bool_], generator: np.random.Generator | None = None
    ) -> pa.Array:
        """Values of the fitted type at the column's resolution, (B,), null where not observed.

        Of values that single precision does not tell apart one is drawn by its frequency, the middle one without a generator.
        """
        cells = np.where(observed, self._snapped(cells, generator), 0.0)
        return ticks.write(self.column, self.raw_of(cells), observed)

    def again(self, cells: Floats, observed: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
        """Cells (B,) as `encode` reads what `decode` writes: straight from the raw numbers where the type holds these."""
        if not ticks.holds_raw(self.column):
            return self.encode(self.decode(cells, observed))
        cells = self.cells_of(self.raw_of(np.where(observed, self._snapped(cells, None), 0.0)))
        return np.where(observed, cells, 0.0), observed

    def log_jacobian(self, cells: Floats) -> Floats:
        """Nats of |d cell / d value| at cells (B,): -log std, less log value under "log", log (1 + value) under "log1p"."""
        slope = np.full_like(cells, -np.log(self.field.std))
        return slope if self.field.transform == "linear" else slope - (cells * self.field.std + self.field.mean)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `from_state` needs: plain values, and arrays."""
        field = self.field
        plain = {name: getattr(field, name) for name in ("mean", "std", "transform", "resolution", "rows")}
        plain |= {"spikes": list(field.spikes), "origin": self.origin, "step": self.step}
        plain |= {"low": self.low, "high": self.high}
        arrays = {"quantiles": field.quantiles, "shares": field.shares, "distinct": field.distinct}
        return plain, arrays | {name: own for name in ("exact", "common") if len(own := getattr(self, name))}

    @classmethod
    def from_state(cls, column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Numeric:
        """The codec that `state` described."""
        plain = dict(plain, spikes=tuple(plain["spikes"]))
        own = {name: plain.pop(name) for name in ("origin", "step", "low", "high")}
        plain |= {name: arrays[name] for name in ("quantiles", "shares", "distinct")}
        own |= {name: np.asarray(arrays.get(name, np.empty(0)), dtype=float) for name in ("exact", "common")}
        return cls(column, Field(column.name, column.kind, **plain), **own)

    # --- value -> cell

    @cached_property
    def _kind(self) -> pa.DataType:
        return ticks.tick_type(self.column)

    @property
    def _per(self) -> int:
        return ticks.per_unit(self._kind)

    def _values(self, raw: ticks.Raw) -> Floats:
        return raw.astype(float) / self._per if ticks.is_whole(self._kind) else raw

    def cells_of(self, raw: ticks.Raw) -> Floats:
        """Cells (B,) of raw numbers as `ticks.read` has them; not finite outside the domain of a log."""
        if self.origin is not None:
            return ticks.from_origin(raw, self.origin) / (self.field.std * self._per)
        with np.errstate(divide="ignore", invalid="ignore"):  # values outside the domain are placed by _inside
            return np.asarray(self.field.cell(self._values(raw)))

    def _legal_raw(self, raw: ticks.Raw) -> Any:
        return raw.dtype.type(1 if self.field.transform == "log" else 0)

    def _inside(self, cells: Floats, raw: ticks.Raw, observed: NDArray[np.bool_]) -> Floats:
        """Numbers that the kind excludes (zero or less, negative counts) lie far below all others, with a warning."""
        if self.field.transform == "linear":
            return cells
        outside = observed & ~legal(self.field.transform, raw)
        if not outside.any():
            return cells
        row, bound = int(np.flatnonzero(outside)[0]), "above zero" if self.field.transform == "log" else "zero or more"
        warn(
            f"column {self.column.name!r}: {int(outside.sum())} values, the first {raw[row]} in row {row}, where "
            f"training values were all {bound}; they count as lying {OUTSIDE:g} deviations below the smallest of them"
        )
        return np.where(outside, self.field.quantiles[0] - OUTSIDE, cells)

    # --- cell -> value

    def _near_spike(self, cells: Floats) -> NDArray[np.int64]:
        """The index of the spike that a cell equals, or equalled before it was rounded to single precision; else -1."""
        if not self.field.spikes:
            return np.full(cells.shape, -1)
        spikes, rounded, middle = self._spikes
        index = np.searchsorted(middle, cells)
        near = spikes[index]
        return np.where((np.abs(cells - near) <= 1e-15 * (1 + np.abs(near))) | (cells == rounded[index]), index, -1)

    @cached_property
    def _spikes(self) -> tuple[Floats, Floats, Floats]:
        """Spikes, the same in single precision, and what lies half-way between two of them."""
        spikes = np.asarray(self.field.spikes)
        return spikes, single(spikes), (spikes[1:] + spikes[:-1]) / 2

    @cached_property
    def _few(self) -> Few:
        return Few.of(self.field)

    @cached_property
    def draws(self) -> bool:
        """Whether some of its values are drawn, since cells do not tell them apart."""
        return len(self.field.distinct) > 0 and self._few.draws

    def _snapped(self, cells: Floats, generator: np.random.Generator | None) -> Floats:
        """Cells as they were before they were rounded to single precision, where they are spikes or one of few values."""
        if len(self.field.distinct):
            cells = self._few.exact(cells, generator)
        if not self.field.spikes:
            return cells
        index = self._near_spike(cells)
        return np.where(index >= 0, self._spikes[0][index], cells)

    def raw_of(self, cells: Floats) -> ticks.Raw:
        """Raw numbers (B,) at the column's resolution, as `ticks.write` takes them."""
        if self.origin is not None:
            distance = cells * (self.field.std * self._per)
            return self._on_grid(ticks.to_origin(distance, self.origin, self.low, self.high))
        with np.errstate(over="ignore"):
            values = self.field.value(cells)
        if ticks.is_whole(self._kind):
            return self._on_grid(ticks.to_ticks(values * self._per, self.low, self.high))
        return self._exactly(self._bounded(values), cells)

    def _exactly(self, values: Floats, cells: Floats) -> Floats:
        """Spikes and the values of a column of few to the last bit: the way to a cell and back may cost one."""
        if len(self.exact):
            at = np.searchsorted(self.field.distinct, cells).clip(max=len(self.exact) - 1)
            values = np.where(self.field.distinct[at] == cells, self.exact[at], values)
        if not len(self.common):
            return values
        index = self._near_spike(cells)
        return np.where(index >= 0, self.common[index], values)

    def _on_grid(self, raw: ticks.Raw) -> ticks.Raw:
        if self.step == 1:
            return raw
        up = raw % self.step >= (self.step + 1) // 2
        return raw - raw % self.step + np.where(up & (raw <= self.high - self.step), self.step, 0)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest number that a column of fractions can hold."""
        top = ticks.largest(self._kind)
        low = {"log": self.field.resolution or ticks.smallest(self._kind), "log1p": 0.0}.get(self.field.transform, -top)
        return low, top

    def _bounded(self, values: Floats) -> Floats:
        return np.clip(self.decimals.all(values), *self.ends) + 0.0  # no negative zeros

    @cached_property
    def decimals(self) -> Decimals:
        """How numbers that were cells are rounded."""
        return Decimals(self.field)

    # --- fit

    def _scaled(self, raw: ticks.Raw) -> Numeric:
        """With mean, std and spikes set from the training values that are no spike."""
        raw = raw[legal(self.field.transform, raw)]
        values = self._values(raw)
        aside = np.isin(values, self.column.spikes or ())
        if self.origin is not None:
            moved = ticks.from_origin(raw[~aside], self.origin) / self._per
            field = replace(self.field, mean=self.origin / self._per, std=_spread(moved, self.field.kind)[1])
        else:
            scaled = values if aside.all() else values[~aside]
            mean, std = _spread(FORWARD[self.field.transform](scaled), self.field.kind)
            field = replace(self.field, mean=mean, std=std)
        common = np.union1d(np.asarray(self.column.spikes or (), dtype=float), _common(values, field))
        return replace(self, field=replace(field, spikes=tuple(field.cell(common).tolist())), common=common)

    def _described(self, raw: ticks.Raw) -> Numeric:
        """With quantiles, shares and distinct cells set from the training values."""
        raw = raw[legal(self.field.transform, raw)]
        cells = self.cells_of(raw)
        index = self._near_spike(cells)
        rest = cells[index < 0]
        counts = np.bincount(index[index >= 0], minlength=len(self.field.spikes))
        field = replace(
            self.field,
            quantiles=np.quantile(rest, np.linspace(0, 1, QUANTILES)) if len(rest) else np.zeros(QUANTILES),
            shares=counts / max(len(cells), 1),
            distinct=_few(np.unique(cells)),
        )
        wanted = len(field.distinct) > 0 and raw.dtype == float and not field.resolution
        exact = np.unique(raw) if wanted else cells[:0]
        return replace(self, field=field, exact=exact if len(exact) == len(field.distinct) else cells[:0])


def _common(values: Floats, field: Field) -> Floats:
    """Values that are as frequent as a bin of a histogram, beside others: spread over a bin, they would be lost."""
    if len(values) < MANY_ROWS or field.kind == "datetime":
        return values[:0]
    distinct, counts = np.unique(values, return_counts=True)
    return distinct[(counts >= COMMON * len(values)) & (not repeats(replace(field, distinct=_few(distinct))))]


def _few(distinct: Floats) -> Floats:
    return distinct if len(distinct) <= DISTINCT else np.empty(0)


def legal(transform: Transform, raw: ticks.Raw | float) -> NDArray[np.bool_]:
    """Flags of the numbers that a transform takes, one or an array of any shape."""
    if transform == "linear":
        return np.ones(np.shape(raw), dtype=bool)
    return np.asarray(raw > 0 if transform == "log" else raw >= 0)


def _limits(column: Column, raw: ticks.Raw, kind: pa.DataType, step: int) -> tuple[int, int]:
    low, high = ticks.limits(kind)
    if len(raw):  # a training value is legal whatever the calendar says
        low, high = min(low, int(raw.min())), max(high, int(raw.max()))
    return max(low, {"positive": step, "count": 0}.get(column.kind, low)), high


def _origin(raw: ticks.Raw) -> int | None:
    """The rounded mean in ticks; None where the values lie too far apart for differences in 64 bits."""
    if len(raw) == 0:
        return 0
    first, last = int(raw.min()), int(raw.max())
    if last - first >= 2**62:
        return None
    return first + round(float(ticks.from_origin(raw, first).mean()))


def _resolution(column: Column, kind: pa.DataType, step: int) -> float:
    if ticks.is_whole(kind):
        return step / ticks.per_unit(kind)
    if column.kind == "count":
        return 1.0
    digits = min((d for d in (column.decimals, getattr(kind, "scale", None)) if d is not None), default=None)
    return 0.0 if digits is None else 10.0**-digits


def _spread(values: Floats, kind: str) -> tuple[float, float]:
    """Mean and standard deviation (1 where that is 0).

    In a mixed column those of the middle 98 %, since its tails are long, but no less than a quarter of the full one. Of two
    values alone their distance stands for the deviation: a switch that is seldom on must not count as a giant when it is.
    """
    if len(values) == 0:
        return 0.0, 1.0
    if kind == "mixed":
        mean, full = _spread(values, "real")
        middle, std = _spread(np.clip(values, *np.quantile(values, [0.01, 0.99])), "real")
        return (middle, max(std, full / 4)) if np.ptp(values) > 0 else (mean, full)
    first = float(values.min())
    size = float(np.abs(values).max()) or 1.0  # squares of huge values would overflow
    mean, std = float(np.mean(values / size)) * size, float(np.std(values / size)) * size
    if ((values == first) | (values == values.max())).all():
        std = float(values.max() / size - first / size) * size
    return (mean, std) if first < values.max() and std > np.finfo(float).tiny else (first, 1.0)
