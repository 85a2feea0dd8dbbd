"""Models in, answers out: places are checked before the work begins, and files appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaekit.errors import ArtifactError, DataError, UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from vaekit.api import Model
    from vaekit.sources import Table

PICTURES = (".png", ".svg", ".pdf")
TEXT = (".csv", ".jsonl")


def open_model(path: str) -> Model:
    """The model in a file; its answers are Arrow tables, whatever it was fitted on."""
    from vaekit.api import load

    try:
        model = load(path)
    except ArtifactError as error:
        raise ArtifactError(error.message, hint=_hint(path) or error.hint) from error
    model.fitted.form |= {"flavour": "file", "native": {}}  # and of a stream its cut
    return model


def open_to_fill(path: str, out: str, more: Sequence[str] = (), *, beside: str = "", several: bool = False) -> Model:
    """The model, when its answer in its own columns can be written to `out`.

    Args:
        path: the model.
        out: a path, or `-`.
        more: endings beside those of answers.
        beside: what the answer holds beside those columns.
        several: whether it holds several columns of images.

    Raises:
        UserError: images were to be written as text, a table as images, or images where they have no place.
    """
    if not is_folder(out):
        check_out(out, more, images=True)
    model = open_model(path)
    if not has_images(model):
        check_out(out, more)
    elif out == "-" or Path(out).suffix.lower() in TEXT:
        raise UserError(
            f"-o {out}: the answer holds images, which are no text",
            hint="-o OUT.npz, or -o OUT/ for a folder of PNG files",
        )
    elif is_folder(out):
        _check_folder(out, several)
    elif Path(out).suffix.lower() == ".npy":
        _refuse_columns(model, out, beside)
    return model


def is_folder(out: str) -> bool:
    """Whether images go into a folder there."""
    from vaekit.sources import is_folder

    return is_folder(out)


def has_images(model: Model) -> bool:
    """Whether the model was fitted to images."""
    return any(column.kind == "image" for column in model.fitted.schema)


def _hint(path: str) -> str | None:
    from vaekit.schema.look import nearest
    from vaekit.sources.files import IMAGES, READERS

    place = Path(path)
    if place.suffix.lower() in (*READERS, *IMAGES):
        return "the model comes first, then the data"
    if place.exists() or not place.parent.is_dir():
        return None
    return nearest(path, [str(other) for other in place.parent.glob("*.vae")])


def _check_folder(out: str, several: bool) -> None:
    place = Path(out)
    if several:
        raise UserError(
            f"-o {out}: a folder holds one picture of each image, three were to be written", hint="-o OUT.npz"
        )
    if place.is_dir() and any(place.iterdir()):
        raise UserError(f"-o {out}: the folder is not empty", hint="name a new folder")
    if not place.is_dir():
        check_place(out)


def _refuse_columns(model: Model, out: str, beside: str) -> None:
    names = [column.name for column in model.fitted.schema if column.kind != "image"]
    beside = beside or ", ".join(names[:4])
    if beside:
        hint = f"-o {Path(out).with_suffix('.npz')}"
        raise UserError(f"-o {out}: .npy holds images alone, the answer has columns beside them ({beside})", hint=hint)


def check_out(out: str, more: Sequence[str] = (), *, images: bool = False) -> None:
    """Refuse a place that could not be written to, before hours of work rather than after.

    Args:
        out: a path, or `-`.
        more: endings beside those of tables.
        images: whether the answer may be images.
    """
    from vaekit.sources import WRITERS

    known = [*more, *(ending for ending in WRITERS if images or ending != ".npy")]
    check_place(out)
    if out != "-" and Path(out).suffix.lower() not in known:
        raise UserError(
            f"-o {out}: unknown ending, expected {', '.join(known)}",
            hint="name the output after one of these; - is CSV on stdout",
        )


def check_model_place(out: str) -> Path:
    """Where the model will be written; never over a table."""
    from vaekit.sources.files import IMAGES, READERS

    if out == "-":
        raise UserError("-o -: a model goes into a file", hint="-o model.vae")
    check_place(out, "model.vae")
    place = Path(out)
    if place.suffix.lower() in (*READERS, *IMAGES):
        raise UserError(
            f"-o {out}: {place.suffix} is the ending of data, a model was to be written",
            hint=f"-o {place.with_suffix('.vae')}",
        )
    return place


def check_place(out: str, example: str = "out.csv") -> None:
    """Refuse a folder, a place in no folder, and a folder that is not writable."""
    place = Path(out)
    if out == "-":
        return
    if place.is_dir():
        raise UserError(f"-o {out}: is a folder, a file was expected", hint=f"-o {place / example}")
    if not place.parent.is_dir():
        raise UserError(f"-o {out}: there is no folder {str(place.parent)!r}", hint=f"mkdir -p {place.parent}")
    if not os.access(place.parent, os.W_OK):
        raise UserError(f"-o {out}: the folder {str(place.parent)!r} is not writable", hint="choose another place")


def save(answer: Any, out: str) -> None:
    """Write an answer as the table that it is, or draw it where the ending is a picture's."""
    from vaekit.sources import write

    if Path(out).suffix.lower() in PICTURES:
        draw(answer, out)
    else:
        write(as_table(answer), out)


def as_table(answer: Any) -> pa.Table:
    """An answer of a mode as an Arrow table."""
    return answer.to_arrow() if hasattr(answer, "to_arrow") else answer


def draw(answer: Any, out: str) -> None:
    """The picture of an answer."""
    from vaekit.sources import whole_file

    figure = answer.plot()
    figure = getattr(figure, "figure", figure)  # axes know their figure
    ending = Path(out).suffix.lower().removeprefix(".")
    whole_file(out, lambda stream: figure.savefig(stream, format=ending, dpi=150, bbox_inches="tight"))


def read_rows(model: Model, data: Any, numbers: Sequence[int]) -> list[Table]:
    """Single rows of a table, images, or windows of a stream, by number from 0."""
    import numpy as np
    import pyarrow as pa

    from vaekit.sources import Table, read

    table, cut = read(data, text=model.fitted.schema.text), model.fitted.cut
    at, what = np.arange(table.rows)[:, None], "image" if has_images(model) else "row"
    if cut is not None:
        segments = cut.segments(table.arrow)
        cut.refuse_short(table.arrow, segments, fitted=True)
        at, what = cut.windows(segments), "window"
    for number in numbers:
        if not 0 <= number < len(at):
            raise DataError(
                f"there is no {what} {number} in {data}: it has {what}s 0 to {len(at) - 1}",
                hint=f"{what}s count from 0",
            )
    return [Table(table.arrow.take(pa.array(at[number])), "file") for number in numbers]
