"""Arrays of images, however their axes lie, to Arrow columns and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.schema.tensors import ndarray_of, tensor_array

Pixels = NDArray[Any]
Shape = tuple[int, ...]

CHANNELS = (1, 2, 3, 4)  # grey, grey and alpha, colours, colours and alpha
NAME = "image"


def read_pixels(data: Pixels, image: Shape | None = None) -> tuple[pa.ExtensionArray, dict[str, Any]]:
    """Images as an Arrow array, and what Arrow does not keep of them.

    Args:
        data: (B, H, W), (B, H, W, C) or (B, C, H, W) booleans, integers or floats. Not-a-number is a missing pixel, an
            image that is masked altogether a missing one.
        image: (H, W, C) where this size is expected; a single image of it is one row then.

    Returns:
        (B,) fixed-shape tensors (H, W, C), and ``{"layout": "hw" | "hwc" | "chw", "dtype": ...}``.

    Raises:
        DataError: another shape, no pixels, an infinite one, or pixels that are no numbers.

    >>> array, native = read_pixels(np.zeros((2, 3, 8, 8), np.uint8))
    >>> array.type.shape, native
    ([8, 8, 3], {'layout': 'chw', 'dtype': 'uint8'})
    """
    one = image is not None and _is_one(data.shape, image)
    data = data[None] if one else data
    layout = layout_of(data.shape, image)
    if data.dtype.kind not in "biuf":
        raise DataError(
            f"images of type {data.dtype} were given, expected pixels as numbers or as true and false",
            hint="convert the pixels, for example with array.astype('uint8')",
        )
    plain, missing = _unmasked(data)
    last = _channels_last(plain, layout)
    _refuse_size(data.shape, last.shape[1:], image)
    _refuse_infinite(last)
    native = {"layout": layout, "dtype": data.dtype.name}
    return tensor_array(last, missing), {**native, "one": True} if one else native


def back(column: pa.ChunkedArray, native: dict[str, Any]) -> Pixels:
    """Images in the layout and type that were given.

    Args:
        column: (B,) fixed-shape tensors.
        native: as `read_pixels` returned it. Whole numbers become floats where an image is missing, or where its pixels
            are none.

    >>> array, native = read_pixels(np.ones((2, 3, 8, 8), np.float32))
    >>> back(array, native).shape
    (2, 3, 8, 8)
    """
    pixels, missing = ndarray_of(column)
    if missing.any():
        pixels = pixels.astype(np.result_type(pixels.dtype, np.float32))
        pixels[missing] = np.nan
    layout, wanted = native.get("layout"), np.dtype(native.get("dtype", pixels.dtype))
    if layout == "chw":
        pixels = np.moveaxis(pixels, -1, 1)
    elif layout == "hw" and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    pixels = np.require(
        _cast(pixels, wanted), requirements=["C", "W"]
    )  # what is shared with Arrow cannot be written to
    return pixels[0] if native.get("one") and len(pixels) == 1 else pixels


def plain_native(kind: pa.DataType) -> dict[str, Any]:
    """What a column of images is given back as where no array was given: (B, H, W) where grey, else channels last."""
    return {"layout": "hw" if kind.shape[-1] == 1 else "hwc", "dtype": np.dtype(kind.value_type.to_pandas_dtype()).name}


def layout_of(shape: Shape, image: Shape | None = None) -> str:
    """Where the channels are: none (hw), last (hwc), or first (chw).

    Raises:
        DataError: 4 dimensions of which neither, or both, the second and the last can be channels; other dimensions.

    >>> layout_of((5, 28, 28)), layout_of((5, 32, 32, 3)), layout_of((5, 1, 28, 28))
    ('hw', 'hwc', 'chw')
    """
    if len(shape) == 3:
        return "hw"
    if len(shape) != 4:
        raise _no_images(shape, image)
    if image is not None and shape[1:] in (image, (image[2], *image[:2])):
        return "hwc" if shape[1:] == image else "chw"
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first == last:
        which = "both the second and the last axis" if first else "neither the second nor the last axis"
        raise DataError(
            f"an array of shape {shape} was given, but {which} could be 1 to 4 channels",
            hint="give images as (B, H, W), (B, H, W, C) or (B, C, H, W); numpy.moveaxis(array, at, -1) moves an axis",
        )
    return "hwc" if last else "chw"


def in_words(image: Shape) -> str:
    """A size of images for messages.

    >>> in_words((28, 28, 1))
    '28 x 28 x 1 (height, width, channels)'
    """
    return " x ".join(map(str, image)) + " (height, width, channels)"


def _is_one(shape: Shape, image: Shape) -> bool:
    H, W, C = image
    if C == 1 and shape[1:] == (H, W):
        return False  # (1, H, W) is a batch of one
    return shape in {(H, W, C), (C, H, W)} or (C == 1 and shape == (H, W))


def _unmasked(data: Pixels) -> tuple[Pixels, NDArray[np.bool_] | None]:
    if not isinstance(data, np.ma.MaskedArray):
        return np.asarray(data), None
    hidden = np.ma.getmaskarray(data)
    missing = np.asarray(hidden.reshape(len(data), -1).all(1))
    partly = hidden.any() and (hidden.reshape(len(data), -1).any(1) & ~missing).any()
    if partly and data.dtype.kind != "f":
        raise DataError(
            f"masked pixels of type {data.dtype} were given, which has no spelling for a missing one",
            hint="give floats, in which not-a-number is a missing pixel",
        )
    return np.ma.filled(data, np.nan if data.dtype.kind == "f" else 0), missing


def _channels_last(data: Pixels, layout: str) -> Pixels:
    kind = data.dtype.newbyteorder("=")
    if kind.kind == "f" and kind.itemsize not in (4, 8):
        kind = np.dtype(np.float32 if kind.itemsize < 4 else np.float64)
    data = data[..., None] if layout == "hw" else np.moveaxis(data, 1, -1) if layout == "chw" else data
    return np.ascontiguousarray(data, dtype=kind)


def _cast(pixels: Pixels, wanted: np.dtype[Any]) -> Pixels:
    if pixels.dtype == wanted or wanted.kind == "f":
        return pixels.astype(wanted, copy=False)
    with np.errstate(invalid="ignore"):
        other = pixels.astype(wanted)
    return other if np.array_equal(other, pixels) else pixels


def _refuse_size(given: Shape, size: Shape, image: Shape | None) -> None:
    if 0 in size:
        raise DataError(f"an array of shape {given} was given, its images have no pixels", hint="check its axes")
    if image is not None and size != image:
        raise DataError(
            f"images of {in_words(size)} were given as an array of shape {given}, {in_words(image)} were expected",
            hint="resize the images, or fit a model of this size",
        )


def _refuse_infinite(images: Pixels) -> None:
    if images.dtype.kind == "f" and (odd := np.isinf(images)).any():
        at = tuple(int(i) for i in np.argwhere(odd)[0])
        raise DataError(
            f"image {at[0]} (counted from 0), pixel {list(at[1:])} (row, column, channel): {images[at]} was given, "
            "a finite number was expected",
            hint="make such pixels missing (not-a-number)",
        )


def _no_images(shape: Shape, image: Shape | None) -> DataError:
    if image is None:
        return DataError(
            f"an array of shape {shape} was given, images as (B, H, W), (B, H, W, C) or (B, C, H, W) were expected",
            hint="array[None] is a batch of one image",
        )
    flat = len(shape) in (1, 2) and shape[-1] == np.prod(image)
    each = ", ".join(map(str, image[:2] if image[2] == 1 else image))
    return DataError(
        f"an array of shape {shape} was given, images of {in_words(image)} were expected",
        hint=f"array.reshape(-1, {each}) makes images of flat rows" if flat else f"give an array of shape (B, {each})",
    )
