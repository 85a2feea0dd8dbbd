"""Images with columns beside them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import DataError, UserError
from vaekit.schema.look import nearest
from vaekit.sources import arrays, cells, files, frames, pixels, rows
from vaekit.sources.table import Table

SHOWN = 100  # images in a picture of many


def images(array_or_path: Any, columns: Any = None) -> Images:
    """Images, and columns that belong to them, such as the digit that is drawn.

    Args:
        array_or_path: (B, H, W), (B, H, W, C) or (B, C, H, W) as an array or a tensor; a list of arrays of one size; a
            path: ``.npy``, ``.npz``, IDX (also ``.gz``), a folder of PNG and JPEG, or a list or glob of such pictures.
            Pictures are turned as their EXIF says; where all are grey they are (H, W), else RGB. Alpha that is opaque
            everywhere is dropped, other images are laid over white. Names become the column ``file``, sub-folders the
            column ``folder``. Booleans, integers or floats, in which not-a-number is a missing pixel.
        columns: ``{name: B values}`` (lists, arrays, series, tensors; a path to ``.npy`` or IDX labels), or a table of
            B rows. None and not-a-number are unknown.

    Returns:
        What `vaekit.fit` and every mode take.

    Raises:
        DataError: pixels that are no numbers or infinite, axes that cannot be told, pictures of different sizes, an
            unreadable file (named), or columns of another length.

    >>> digits = images(np.zeros((3, 8, 8), np.uint8), columns={"digit": [7, None, 1]})
    >>> len(digits), digits.shape, digits["digit"].tolist()
    (3, (3, 8, 8), [7.0, nan, 1.0])
    """
    if isinstance(array_or_path, Images):
        return Images(array_or_path.array, _merged(array_or_path.table, _table(columns, len(array_or_path))))
    if not files.is_file(array_or_path):
        return Images(array_or_path, columns)
    found = files.read_files(array_or_path)
    if pixels.NAME not in found.native:
        raise DataError(f"{array_or_path!r} holds a table, images were expected", hint="vaekit.fit reads tables itself")
    own = from_table(found.arrow, found.native)
    return Images(own.array, _merged(own.table, _table(columns, len(own))))


class Images:
    """Images with columns beside them; made by `images`.

    Args:
        array: (B, H, W), (B, H, W, C) or (B, C, H, W), an array or a tensor; kept as it is.
        columns: as `images` takes them.

    >>> pair = Images(np.zeros((2, 8, 8)), {"digit": [3, 5]})
    >>> pair[1]["digit"].tolist(), np.asarray(pair).shape
    ([5], (2, 8, 8))
    """

    def __init__(self, array: Any, columns: Any = None) -> None:
        self.array = _stacked(array) if isinstance(array, list | tuple) else array
        if not (arrays.is_numpy(self.array) or arrays.is_torch(self.array)):
            raise DataError(
                f"images of type {type(array).__module__}.{type(array).__qualname__} were given",
                hint="give an array, a tensor, or a path",
            )
        self._library = "torch" if arrays.is_torch(self.array) else "numpy"
        plain = arrays.from_torch(self.array) if self._library == "torch" else self.array
        self._pixels, self._native = pixels.read_pixels(plain)
        if self._library == "torch":
            self._native |= {"dtype": str(self.array.dtype).removeprefix("torch."), "library": "torch"}
        self.table = _table(columns, len(self))

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Name -> (B,) values: numbers (not-a-number where unknown), text as str, else objects (None where unknown)."""
        return {name: arrays.plain(self.table.column(name)) for name in self.table.column_names}

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of images."""
        return tuple(self.array.shape)

    def __len__(self) -> int:
        return int(self.array.shape[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        plain = arrays.from_torch(self.array) if self._library == "torch" else self.array
        return np.array(plain, dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._column(key)
        at = np.arange(len(self))[np.asarray(key) if isinstance(key, list) else key]
        at = np.atleast_1d(at)
        return Images(self.array[at], self.table.take(pa.array(at)) if self.table.num_columns else None)

    def __repr__(self) -> str:
        beside = "".join(f", {name}" for name in self.table.column_names)
        return f"Images({' x '.join(map(str, self.shape))} {self._native['dtype']}{beside})"

    def to_arrow(self) -> pa.Table:
        """A table whose column ``image`` holds fixed-shape tensors (H, W, C), beside the other columns."""
        return pa.table(
            {pixels.NAME: self._pixels, **dict(zip(self.table.column_names, self.table.columns, strict=True))}
        )

    def read(self) -> Table:
        """What `vaekit.sources.read` makes of them."""
        return Table(self.to_arrow(), "images", {pixels.NAME: self._native})

    def plot(self) -> Any:
        """A picture of the first images, side by side.

        Raises:
            UserError: when matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError:
            raise UserError("pictures need matplotlib", hint="pip install 'vaekit[plots]'") from None
        sheet = tiled(pixels.back(self._pixels[:SHOWN], {"layout": "hwc"}))
        height, width = sheet.shape[:2]
        figure = Figure(figsize=(6.4, 6.4 * height / width))
        ax = figure.add_axes((0, 0, 1, 1))
        ax.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_axis_off()
        return figure

    def _column(self, name: str) -> Any:
        if name == pixels.NAME:
            return self.array
        if name not in self.table.column_names:
            known = [pixels.NAME, *self.table.column_names]
            raise DataError(f"there is no column {name!r}", hint=nearest(name, known) or f"columns: {', '.join(known)}")
        return arrays.plain(self.table.column(name))


def is_images(data: object) -> bool:
    """True for `Images`, and for a dict whose ``image`` is an array."""
    if isinstance(data, Mapping):
        pixel = data.get(pixels.NAME)
        return (arrays.is_numpy(pixel) or arrays.is_torch(pixel)) and pixel.ndim >= 2  # type: ignore[union-attr]
    return isinstance(data, Images)


def read_images(data: Any) -> Table:
    """`Images`, or ``{"image": array, column: values}``, of one row where the image has two dimensions."""
    if isinstance(data, Images):
        return data.read()
    beside = {name: values for name, values in data.items() if name != pixels.NAME}
    if data[pixels.NAME].ndim == 2:
        return Images(data[pixels.NAME][None], {name: [value] for name, value in beside.items()}).read()
    return Images(data[pixels.NAME], beside).read()


def from_table(table: pa.Table, native: Mapping[str, Mapping[str, Any]]) -> Images:
    """The images of an Arrow table in their layout and type, with its other columns."""
    about = dict(native.get(pixels.NAME) or pixels.plain_native(table.schema.field(pixels.NAME).type))
    about.pop("one", None)
    array = (
        arrays.to_torch(table[pixels.NAME], about) if about.get("library") else pixels.back(table[pixels.NAME], about)
    )
    return Images(array, table.drop_columns([pixels.NAME]))


def tiled(images: NDArray[Any]) -> NDArray[Any]:
    """Images (B, H, W, C) as one sheet (rows H, columns W) or (..., 3 or 4), from black 0 to white 1, in reading order."""
    B, H, W, C = images.shape
    shown = _bright(images)
    shown = shown if C in (3, 4) else shown[..., :1]
    across = math.ceil(math.sqrt(B * H / W))
    down = math.ceil(B / across)
    sheet = np.ones((down * across, H, W, shown.shape[-1]))
    sheet[:B] = shown
    sheet = sheet.reshape(down, across, H, W, -1).transpose(0, 2, 1, 3, 4).reshape(down * H, across * W, -1)
    return sheet if C in (3, 4) else sheet[..., 0]


def _bright(images: NDArray[Any]) -> NDArray[np.float64]:
    if images.dtype.kind in "iu" and images.dtype.itemsize <= 2 and images.min(initial=0) >= 0:
        return images / np.iinfo(images.dtype).max
    shown = images.astype(np.float64)
    known = shown[np.isfinite(shown)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if low < 0 or high > 1:
        shown = (shown - low) / max(high - low, 1e-12)
    return np.nan_to_num(shown, nan=0.5)


def _stacked(given: Sequence[Any]) -> Any:
    """Arrays of one size as one array."""
    if not given:
        raise DataError("an empty list was given, images were expected", hint="give at least one image")
    parts = [np.asarray(arrays.from_torch(one) if arrays.is_torch(one) else one) for one in given]
    odd = next((at for at, part in enumerate(parts) if part.shape != parts[0].shape), None)
    if odd is not None:
        raise DataError(
            f"the images differ in size: image 0 has the shape {parts[0].shape}, image {odd} has {parts[odd].shape}",
            hint="resize or cut them to one size",
        )
    return np.stack(parts)


def _table(columns: Any, count: int) -> pa.Table:
    """Columns beside the images as an Arrow table of as many rows."""
    if columns is None:
        return pa.table({})
    table = _from_mapping(columns) if isinstance(columns, Mapping) else _from_frame(columns)
    if pixels.NAME in table.column_names:
        raise DataError(f"the images are the column {pixels.NAME!r}, so no other has this name", hint="rename it")
    if table.num_columns and table.num_rows != count:
        raise DataError(
            f"{count} images and columns of {table.num_rows} values were given",
            hint="give one value for each image, None where it is unknown",
        )
    return table


def _from_mapping(columns: Mapping[Any, Any]) -> pa.Table:
    given = {str(name): _values(str(name), values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise DataError(
            f"the columns differ in length: {short!r} has {lengths[short]} values, {long!r} has {lengths[long]}",
            hint="give one value for each image, None where it is unknown",
        )
    return pa.table(given)


def _from_frame(columns: Any) -> pa.Table:
    known = ((frames.is_pandas, frames.read_pandas), (frames.is_polars, frames.read_polars),
             (frames.is_arrow, frames.read_arrow), (rows.is_rows, rows.read_rows))  # fmt: skip
    reader = next((reader for accepts, reader in known if accepts(columns)), None)
    if reader is None:
        raise DataError(
            f"columns of type {type(columns).__module__}.{type(columns).__qualname__} were given",
            hint='give {"digit": values}, or a pandas, polars or Arrow table',
        )
    return cells.without_nan(reader(columns).arrow)


def _values(name: str, values: Any) -> Any:
    if isinstance(values, str | os.PathLike):
        values = files.read_values(str(values))
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if frames.is_series(values):
        return _from_frame(values.to_frame(name)).column(0)
    if arrays.is_torch(values):
        values = arrays.from_torch(values)
    if isinstance(values, np.ndarray):
        return arrays.array_column(name, values.squeeze(1) if values.ndim == 2 and values.shape[1] == 1 else values)
    if isinstance(values, Sequence):
        return cells.column(name, list(values))
    raise DataError(
        f"column {name!r} holds a {type(values).__name__}, expected one value for each image",
        hint="give a list, an array or a series",
    )


def _merged(one: pa.Table, other: pa.Table) -> pa.Table:
    for name in other.column_names:
        if name in one.column_names:
            raise DataError(f"column {name!r} is there already", hint="give the other one another name")
        one = one.append_column(name, other.column(name)) if one.num_columns else other.select([name])
    return one
