"""Columns of images: what they are, and new images in the fitted shape and type."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vaekit.errors import DataError, SchemaError
from vaekit.schema.column import Column
from vaekit.schema.tensors import is_tensor, ndarray_of, tensor_array
from vaekit.schema.types import arrow_type


def image_column(name: str, kind: pa.DataType, role: str, declared: str | None, unit: str | None) -> Column:
    """The schema of a column of images.

    Raises:
        SchemaError: images were declared to be something else: nothing is conditioned on them, and they are no classes.
    """
    if role != "feature" or declared not in (None, "image"):
        raise SchemaError(
            f"column {name!r} holds images, so it is a feature of the kind image, not {declared or role}",
            hint="columns beside the images can be given, or be the label",
        )
    if not is_tensor(kind):
        raise SchemaError(
            f"column {name!r} was declared image, but holds {kind}", hint="vaekit.images(array, columns={...})"
        )
    H, W, C = kind.shape
    colours = "grey" if C == 1 else f"{C} channels"
    text = f"extension<arrow.fixed_shape_tensor[value_type={kind.value_type}, shape=[{H},{W},{C}]]>"
    return Column(
        name=name,
        kind="image",
        type=text,
        unit=unit,
        reason=f"images of {H} x {W} pixels, {colours}, {kind.value_type}",
    )


def refuse_blank(name: str, chunks: pa.ChunkedArray) -> None:
    """Refuse images of which no pixel is known.

    Raises:
        DataError: all are missing.
    """
    images, missing = ndarray_of(chunks)
    if missing.all() or (images.dtype.kind == "f" and np.isnan(images[~missing]).all()):
        raise DataError(
            f"column {name!r}: every pixel of {len(images)} images is missing", hint="check how they were read"
        )


def conform_images(column: Column, chunks: pa.ChunkedArray) -> pa.Array:
    """New images in the fitted shape and type.

    Raises:
        DataError: another shape, or pixels that the fitted type cannot hold; the first such image is named.
    """
    fitted = arrow_type(column.type)
    if pa.types.is_null(chunks.type):
        return pa.nulls(len(chunks), fitted)
    if not is_tensor(chunks.type):
        raise DataError(f"column {column.name!r} holds {chunks.type}, expected images", hint="vaekit.images(array)")
    if list(chunks.type.shape) != list(fitted.shape):
        given, wanted = (" x ".join(map(str, kind.shape)) for kind in (chunks.type, fitted))
        raise DataError(
            f"column {column.name!r}: images of {given} (height, width, channels) were given, {wanted} expected",
            hint="resize the images, or fit a model of this size",
        )
    images, missing = ndarray_of(chunks)
    if chunks.type.value_type == fitted.value_type:
        return tensor_array(images, missing)
    return tensor_array(_cast(column.name, images, np.dtype(fitted.value_type.to_pandas_dtype()), missing), missing)


def _cast(name: str, images: np.ndarray, wanted: np.dtype, missing: np.ndarray) -> np.ndarray:
    """The same values in another type, where it can hold them."""
    with np.errstate(invalid="ignore"):
        other = images.astype(wanted)
    same = (other == images) | missing[:, None, None, None]
    if wanted.kind == "f":
        same |= np.isnan(images) if images.dtype.kind == "f" else np.isclose(other, images)
        if images.dtype.kind == "f":
            return other
    if not same.all():
        row = int(np.argmax(~same.reshape(len(same), -1).all(1)))
        value = images[row][~same[row]].flat[0]
        raise DataError(
            f"column {name!r}, image {row} (counted from 0): a pixel of {value} was given, the model was fitted on {wanted}",
            hint="give pixels on the fitted scale: uint8 from 0 to 255, floats as they were",
        )
    return other
