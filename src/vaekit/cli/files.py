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


def open_model(path: str) -> Model:
    """The model in a file; its answers are Arrow tables, whatever it was fitted on."""
    from vaekit.api import load

    try:
        model = load(path)
    except ArtifactError as error:
        raise ArtifactError(error.message, hint=_hint(path) or error.hint) from error
    model.fitted.form = {"flavour": "file", "native": {}}
    return model


def _hint(path: str) -> str | None:
    from vaekit.schema.look import nearest
    from vaekit.sources.files import READERS

    place = Path(path)
    if place.suffix.lower() in READERS:
        return "the model comes first, then the data"
    if place.exists() or not place.parent.is_dir():
        return None
    return nearest(path, [str(other) for other in place.parent.glob("*.vae")])


def check_out(out: str, more: Sequence[str] = ()) -> None:
    """Refuse a place that could not be written to, before hours of work rather than after.

    Args:
        out: a path, or `-`.
        more: endings beside those of tables.
    """
    from vaekit.sources import WRITERS

    known = [*more, *WRITERS]
    check_place(out)
    if out != "-" and Path(out).suffix.lower() not in known:
        raise UserError(
            f"-o {out}: unknown ending, expected {', '.join(known)}",
            hint="name the output after one of these; - is CSV on stdout",
        )


def check_model_place(out: str) -> Path:
    """Where the model will be written; never over a table."""
    from vaekit.sources.files import READERS

    if out == "-":
        raise UserError("-o -: a model goes into a file", hint="-o model.vae")
    check_place(out, "model.vae")
    place = Path(out)
    if place.suffix.lower() in READERS:
        raise UserError(
            f"-o {out}: {place.suffix} is the ending of a table, a model was to be written",
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


def read_rows(model: Model, data: str, numbers: Sequence[int]) -> list[Table]:
    """Single rows of a table, by number from 0."""
    from vaekit.sources import Table, read

    table = read(data, text=model.fitted.schema.text)
    for number in numbers:
        if not 0 <= number < table.rows:
            raise DataError(
                f"there is no row {number} in {data}: it has rows 0 to {table.rows - 1}", hint="rows count from 0"
            )
    return [Table(table.arrow.slice(number, 1), "file") for number in numbers]
