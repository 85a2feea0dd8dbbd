"""A column of images: one cell a pixel and channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.codec.field import DISTINCT, QUANTILES, Field, Floats
from vaekit.errors import DataError
from vaekit.schema import Column
from vaekit.schema.tensors import ndarray_of, tensor_array
from vaekit.schema.types import arrow_type

SHARES = 20.0  # bytes are brighter, noise round a share of full brightness is not
LOOKED_AT = 5_000  # images tell enough about the range of their pixels


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pixels as cells in [0, 1].

    Whole numbers are divided by the largest that their type holds (255 for uint8), unless they are 0 and 1 only; floats within
    [0, 1] stay as they are, other floats are placed on the range of the training images. A pixel that is not a number is
    missing.

    Args:
        column: its schema.
        fields: what nets and likelihoods see of each channel.

    >>> from vaekit.schema.tensors import tensor_array
    >>> images = tensor_array(np.array([[[[0], [255]]], [[[51], [0]]]], dtype=np.uint8))
    >>> pixels = Pixels.fit(Column(name="image", kind="image", type=str(images.type)), images)
    >>> cells, observed = pixels.encode(images)
    >>> cells.tolist(), pixels.decode(cells, observed).equals(images)
    ([[0.0, 1.0], [0.20000000298023224, 0.0]], True)
    """

    column: Column
    fields: tuple[Field, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels."""
        return tuple(arrow_type(self.column.type).shape)

    @property
    def cells(self) -> int:
        """How many cells an image has."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        return np.dtype(arrow_type(self.column.type).value_type.to_pandas_dtype())

    @classmethod
    def fit(cls, column: Column, array: pa.ChunkedArray | pa.Array) -> Pixels:
        """Range, resolution and quantiles of each channel's pixels over training images (B,)."""
        images, missing = ndarray_of(array)
        images = images[~missing]
        step = max(1, len(images) // LOOKED_AT)
        low, span = _range(images)
        resolution = 0.0 if images.dtype.kind == "f" else 1.0
        name, channels = column.name, images.shape[-1]
        fields = [
            _described(
                Field(name if channels == 1 else f"{name}.{c}", "pixel", mean=low, std=span, resolution=resolution,
                      rows=len(images)),
                images[::step, ..., c],
            )
            for c in range(channels)
        ]  # fmt: skip
        return cls(column, tuple(fields))

    def encode(self, array: pa.ChunkedArray | pa.Array) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Cells (B, n), 0 where missing, and which are observed."""
        images, missing = ndarray_of(array)
        flat = images.reshape(len(images), int(np.prod(images.shape[1:])))
        observed = np.broadcast_to(~missing[:, None], flat.shape)
        if flat.dtype.kind == "f":
            observed = observed & ~np.isnan(flat)
        field = self.fields[0]
        self._refuse_scale(flat, observed)
        cells = (flat.astype(np.float32) - np.float32(field.mean)) / np.float32(field.std)
        return np.where(observed, cells, np.float32(0)), observed

    @property
    def _shares(self) -> bool:
        """Whether pixels are floats that were within [0, 1] in training."""
        field = self.fields[0]
        return field.resolution == 0 and (field.mean, field.std) == (0.0, 1.0)

    def _refuse_scale(self, flat: NDArray[Any], observed: NDArray[np.bool_]) -> None:
        """Bytes given to a model of shares would be 255 times too bright."""
        most = float(flat.max(initial=0.0, where=observed)) if self._shares else 0.0
        if most > SHARES:
            raise DataError(
                f"column {self.column.name!r}: a pixel of {most:g} was given, the model was fitted on pixels from 0 to 1",
                hint="divide bytes by 255",
            )

    def decode(
        self, cells: Floats, observed: NDArray[np.bool_], generator: np.random.Generator | None = None
    ) -> pa.Array:
        """Images of the fitted type, (B,): whole numbers rounded into their range, null where no pixel is observed."""
        field, kind = self.fields[0], arrow_type(self.column.type).value_type.to_pandas_dtype()
        values = field.value(cells)
        if np.dtype(kind).kind in "iu":
            values = np.clip(np.rint(values), np.iinfo(kind).min, np.iinfo(kind).max)
        elif np.dtype(kind).kind == "b":
            values = values > 0.5
        else:
            values = np.where(observed, np.clip(values, -SHARES, SHARES) if self._shares else values, np.nan)
        return tensor_array(values.astype(kind).reshape(-1, *self.shape), np.logical_not(observed.any(1)))

    def again(self, cells: Floats, observed: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Cells (B, K) as `encode` reads what `decode` writes."""
        return self.encode(self.decode(cells, observed))

    def log_jacobian(self, cells: Floats) -> Floats:
        """Nats of |d cell / d value|, (B, n)."""
        return np.full_like(cells, -np.log(self.fields[0].std))

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What `from_state` needs: plain values, and arrays."""
        first = self.fields[0]
        plain = {name: getattr(first, name) for name in ("mean", "std", "resolution", "rows")}
        arrays = {f"{name}.{c}": getattr(field, name)
                  for c, field in enumerate(self.fields) for name in ("quantiles", "distinct")}  # fmt: skip
        return {**plain, "names": [field.name for field in self.fields]}, arrays

    @classmethod
    def from_state(cls, column: Column, plain: dict[str, Any], arrays: dict[str, Any]) -> Pixels:
        """The codec that `state` described."""
        rest = {name: plain[name] for name in ("mean", "std", "resolution", "rows")}
        fields = [
            Field(name, "pixel", quantiles=arrays[f"quantiles.{c}"], distinct=arrays[f"distinct.{c}"], **rest)
            for c, name in enumerate(plain["names"])
        ]
        return cls(column, tuple(fields))


def _range(images: NDArray[Any]) -> tuple[float, float]:
    """What becomes 0 and how far 1 lies from it."""
    if images.dtype.kind == "b":
        return 0.0, 1.0
    if images.dtype.kind in "iu" and images.size and images.min() >= 0 and images.max() <= 1:
        return 0.0, 1.0  # black and white, spelled 0 and 1
    if images.dtype.kind in "iu":
        info = np.iinfo(images.dtype)
        wide = info.bits > 16 or info.min < 0  # no type of pixels: what the images hold is the range
        least, most = (int(images.min(initial=0)), int(images.max(initial=1))) if wide else (0, int(info.max))
        return float(least), float(max(most - least, 1))
    low, high = (float(end(images)) if np.isfinite(images).any() else 0.0 for end in (np.nanmin, np.nanmax))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, max(high - low, 1e-12))


def _described(field: Field, values: NDArray[Any]) -> Field:
    """The field with the quantiles of its cells, and their distinct values where they are few."""
    cells = field.cell(values.astype(np.float32).ravel())
    cells = cells[np.isfinite(cells)].astype(float)
    distinct = np.unique(cells)
    return Field(
        field.name, "pixel", mean=field.mean, std=field.std, resolution=field.resolution, rows=field.rows,
        quantiles=np.quantile(cells, np.linspace(0, 1, QUANTILES)) if len(cells) else np.zeros(QUANTILES),
        distinct=distinct if len(distinct) <= DISTINCT else np.empty(0),
    )  # fmt: skip
