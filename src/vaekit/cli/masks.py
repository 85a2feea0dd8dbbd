"""Masks in files: which pixels are to be filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vaekit.cli import files
from vaekit.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaekit.api import Model


def read_mask(model: Model, path: str) -> NDArray[Any]:
    """True where a pixel is to be filled in: (H, W) for all images, (B, H, W) for each, or with channels last.

    Args:
        model: of images.
        path: a picture, whose white is filled in; `.npy`, or `.npz` with one array, where what is not 0 is.

    Raises:
        SpecError: the model is not one of images, whose gaps are empty cells.
    """
    import numpy as np

    from vaekit.schema.tensors import ndarray_of
    from vaekit.sources import read
    from vaekit.sources.pictures import is_picture

    if not files.has_images(model):
        raise SpecError("--mask is for images", hint="leave the cells empty that shall be filled in")
    table = read(path).arrow
    if "image" not in table.column_names:  # one array of two dimensions
        return np.column_stack([column.to_numpy() for column in table.columns]) > 0
    pixels = ndarray_of(table["image"])[0]
    if is_picture(path):
        pixels = pixels.mean(-1, keepdims=True) > (0.5 if pixels.dtype == bool else np.iinfo(pixels.dtype).max / 2)
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    return (pixels[0] if len(pixels) == 1 else pixels) > 0
