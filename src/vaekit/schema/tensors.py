"""Images in Arrow columns: arrays (B, H, W, C) as fixed-shape tensors, and back, without a copy where there is one chunk."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vaekit.errors import DataError

Pixels = NDArray[Any]
Mask = NDArray[np.bool_]


def is_tensor(kind: pa.DataType) -> bool:
    """True for Arrow's fixed-shape tensors.

    >>> is_tensor(pa.fixed_shape_tensor(pa.uint8(), (28, 28, 1))), is_tensor(pa.uint8())
    (True, False)
    """
    return isinstance(kind, pa.FixedShapeTensorType)


def tensor_array(images: Pixels, missing: Mask | None = None) -> pa.ExtensionArray:
    """Images as an Arrow array of fixed-shape tensors.

    Args:
        images: (B, H, W, C) booleans, integers or floats; shared with the result where they lie in one piece (booleans
            are packed).
        missing: (B,) where an image is null.

    >>> array = tensor_array(np.zeros((2, 4, 4, 1), np.uint8), np.array([False, True]))
    >>> str(array.type), array.null_count
    ('extension<arrow.fixed_shape_tensor[value_type=uint8, shape=[4,4,1]]>', 1)
    """
    values = pa.array(np.ascontiguousarray(images).reshape(-1))
    kind = pa.fixed_shape_tensor(values.type, images.shape[1:])
    mask = pa.array(missing) if missing is not None and missing.any() else None
    size = int(np.prod(images.shape[1:]))
    storage = pa.FixedSizeListArray.from_arrays(values, size, mask=mask)
    return pa.ExtensionArray.from_storage(kind, storage)


def ndarray_of(array: pa.Array | pa.ChunkedArray) -> tuple[Pixels, Mask]:
    """Images of an Arrow column.

    Args:
        array: (B,) fixed-shape tensors.

    Returns:
        The images (B, H, W, C), to read only, and which are missing (B,); their pixels mean nothing.

    Raises:
        DataError: a null pixel within an image of whole numbers or booleans, which have no spelling for it.

    >>> images, missing = ndarray_of(tensor_array(np.ones((2, 4, 4, 1))))
    >>> images.shape, missing.any()
    ((2, 4, 4, 1), np.False_)
    """
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    parts = [_pixels(chunk) for chunk in chunks if len(chunk)]
    if not parts:
        return np.empty((0, *array.type.shape), array.type.value_type.to_pandas_dtype()), np.zeros(0, dtype=bool)
    missing = np.concatenate([chunk.is_null().to_numpy(zero_copy_only=False) for chunk in chunks if len(chunk)])
    images = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return images, missing


def _pixels(chunk: pa.ExtensionArray) -> Pixels:
    storage, size = chunk.storage, chunk.type.storage_type.list_size
    values = storage.values.slice(storage.offset * size, len(storage) * size)  # flatten() would drop null images
    if values.null_count:
        values = _without_null(chunk, values, size)
    images = cast(Pixels, values.to_numpy(zero_copy_only=False)).reshape(len(chunk), *chunk.type.shape)
    order = chunk.type.permutation
    return images if order is None else images.transpose(0, *(axis + 1 for axis in order))


def _without_null(chunk: pa.ExtensionArray, values: pa.Array, size: int) -> pa.Array:
    """Null pixels of floats are not-a-number; those within null images are anything."""
    if pa.types.is_floating(values.type):
        return values.fill_null(float("nan"))
    gone = values.is_null().to_numpy(zero_copy_only=False).reshape(-1, size).any(1)
    odd = gone & chunk.is_valid().to_numpy(zero_copy_only=False)
    if odd.any():
        raise DataError(
            f"image {int(np.argmax(odd))} (counted from 0) has null pixels of type {values.type}",
            hint="give float pixels, in which not-a-number is a missing one",
        )
    return pc.fill_null(values, pa.scalar(0).cast(values.type))
