"""PNG and JPEG files as images of one size, and images as a folder of PNG files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:  # where there are pictures it is imported: it takes a tenth of a second
    from PIL import Image

from vaekit.errors import DataError, UserError
from vaekit.schema.tensors import is_tensor, ndarray_of, tensor_array

ENDINGS = (".png", ".jpg", ".jpeg")
COLUMNS, PICTURE = "columns.csv", "picture"
_WIDE = ("I;16", "I;16B", "I;16L", "I")  # 16 bits of grey
_ELSEWHERE = ".npz and .parquet hold them"
_NEAR = 1e-6  # so far outside [0, 1] a float is a rounding
_BROKEN = (OSError, SyntaxError, ValueError, EOFError)
Picture = NDArray[Any]


def is_picture(path: str) -> bool:
    """True for the ending of a PNG or JPEG file.

    >>> is_picture("a.PNG"), is_picture("a.gif")
    (True, False)
    """
    return Path(path).suffix.lower() in ENDINGS


def in_folder(folder: str) -> list[str]:
    """The pictures of a folder and its sub-folders as paths within it, sorted; hidden files are not looked at."""
    found = [
        (Path(at) / name).relative_to(folder).as_posix()
        for at, _, names in os.walk(folder)
        for name in names
        if is_picture(name) and not name.startswith(".")
    ]
    return sorted(found)


def read_folder(folder: str) -> pa.Table:
    """The pictures of a folder: columns ``image``, ``file`` (the path within the folder) and ``folder`` (of sub-folders)."""
    names = in_folder(folder)
    table = read_pictures([os.path.join(folder, name) for name in names], names)
    parents = [str(Path(name).parent.as_posix()) for name in names]
    if set(parents) == {"."}:
        return table
    return table.append_column("folder", pa.array([None if parent == "." else parent for parent in parents]))


def read_pictures(paths: Sequence[str], names: Sequence[str]) -> pa.Table:
    """Pictures of one size.

    Args:
        paths: (B,) PNG or JPEG files.
        names: (B,) what the column ``file`` says.

    Returns:
        Columns ``image`` and ``file``. Pictures are turned as their EXIF says. All grey: (H, W, 1), booleans where all
        have one bit, 16 bits where all have; otherwise (H, W, 3) of 8 bits. Alpha that is opaque everywhere is dropped,
        other pictures are laid over white.

    Raises:
        DataError: a file that cannot be read, or two of different sizes.
    """
    found: list[Picture] = []
    for path in paths:
        found.append(_read(path))
        if found[-1].shape[:2] != found[0].shape[:2]:
            (first_height, first_width), (height, width) = found[0].shape[:2], found[-1].shape[:2]
            raise DataError(
                f"the pictures differ in size: {paths[0]!r} has {first_width} x {first_height} pixels, "
                f"{path!r} has {width} x {height} (width x height)",
                hint="resize or cut them to one size, for example with Pillow or ImageMagick",
            )
    return pa.table({"image": tensor_array(_stacked(found)), "file": pa.array(names, pa.string())})


def write_pictures(table: pa.Table, place: Path) -> pa.Table | None:
    """Write the images of a table into a folder as 000000.png, 000001.png, ..., and return the other columns.

    Returns:
        The name of each picture as the column ``picture``, then the other columns; None when there are none.

    Raises:
        UserError: there are no images or several columns of them, missing pixels, or pixels that PNG cannot hold.
    """
    from PIL import Image

    names = [field.name for field in table.schema if is_tensor(field.type)]
    if len(names) != 1:
        raise UserError(
            f"one column of images makes a folder of pictures, {len(names)} were to be written",
            hint="name the output .csv or .parquet" if not names else "choose one of them",
        )
    images, missing = ndarray_of(table[names[0]])
    odd = missing | (np.isnan(images).reshape(len(images), -1).any(1) if images.dtype.kind == "f" else False)
    if odd.any():
        raise UserError(
            f"image {int(np.argmax(odd))} (counted from 0) has missing pixels, which PNG cannot hold",
            hint=_ELSEWHERE,
        )
    shown = _for_png(images)
    digits = max(6, len(str(len(shown) - 1)))
    files = [f"{at:0{digits}}.png" for at in range(len(shown))]
    for file, image in zip(files, shown, strict=True):
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(place / file)
    beside = table.drop_columns(names)
    return beside.add_column(0, PICTURE, pa.array(files, pa.string())) if beside.num_columns else None


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """A folder to fill beside its place, moved there in one step.

    Raises:
        UserError: the place is taken, or cannot be written to.
    """
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UserError(f"{str(place)!r} is there already and not empty", hint="name a new folder")
    part = place.parent / f".{place.name}.{os.getpid()}.part"
    try:
        part.mkdir()
        yield part
        os.replace(part, place)
    except OSError as error:
        hint = "make the folder around it first" if not place.parent.is_dir() else "choose another place"
        raise UserError(f"{str(place)!r} cannot be written: {error.strerror or error}", hint=hint) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)  # it is there only when something else went wrong, which is reported


def _read(path: str) -> Picture:
    """(H, W, 1) booleans, 8 or 16 bits of grey, or (H, W, 3) colours of 8 bits."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as opened:
            opened.load()
            return _array(_opaque(ImageOps.exif_transpose(opened)))
    except (*_BROKEN, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path!r} cannot be read as a picture: {str(error).removesuffix(repr(path)).strip()}",
            hint="the file may be damaged, incomplete, or of another format than its ending says",
        ) from None


def _opaque(image: Image.Image) -> Image.Image:
    """The picture without alpha: laid over white, unless it is opaque everywhere."""
    from PIL import Image

    if not image.has_transparency_data or image.mode in _WIDE:
        return image
    grey = image.mode in ("1", "L", "LA", "La")
    full = image.convert("RGBA")
    if full.getchannel("A").getextrema() == (255, 255):
        return full.convert("L" if grey else "RGB")
    white = Image.new("RGBA", full.size, "white")
    return Image.alpha_composite(white, full).convert("L" if grey else "RGB")


def _array(image: Image.Image) -> Picture:
    if image.mode in _WIDE:
        wide = np.asarray(image).astype(np.uint16)[..., None]
        clear = image.info.get("transparency")  # the one grey level that is to be seen through
        return wide if clear is None else np.where(wide == clear, np.uint16(65535), wide)
    if image.mode in ("1", "L"):
        return np.asarray(image)[..., None]
    colours = np.asarray(image.convert("RGB"))
    grey = image.mode == "P" and not (colours != colours[..., :1]).any()
    return colours[..., :1] if grey else colours


def _stacked(pictures: Sequence[Picture]) -> Picture:
    """Pictures as one array; where depth or colours differ, 8 bits of the most colours."""
    colours = max(picture.shape[-1] for picture in pictures)
    if len({(picture.dtype, picture.shape[-1]) for picture in pictures}) > 1:
        pictures = [np.broadcast_to(_eight_bits(picture), (*picture.shape[:2], colours)) for picture in pictures]
    return np.stack(pictures)


def _eight_bits(images: Picture) -> Picture:
    if images.dtype == np.bool_:
        return images * np.uint8(255)
    return np.rint(images / 257).astype(np.uint8) if images.dtype == np.uint16 else images


def _for_png(images: Picture) -> Picture:
    """Pixels as PNG holds them: bits or 16 bits of grey, 8 bits of anything else.

    Raises:
        UserError: more than 4 channels, floats outside [0, 1], or integers outside [0, 255].
    """
    C, kind = images.shape[-1], images.dtype
    if C > 4:
        raise UserError(f"images of {C} channels were given, PNG holds 1 to 4", hint=_ELSEWHERE)
    if kind.kind == "f":
        _refuse_outside(images, 1.0, _NEAR)
        return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    if kind in (np.bool_, np.uint16):
        return images if C == 1 else _eight_bits(images)
    _refuse_outside(images, 255)
    return images.astype(np.uint8)


def _refuse_outside(images: Picture, most: float, slack: float = 0.0) -> None:
    low, high = images.min(), images.max()
    if low < -slack or high > most + slack:
        raise UserError(
            f"{images.dtype} pixels from {low} to {high} were given, PNG was expected to hold 0 to {most:g}",
            hint=_ELSEWHERE,
        )
