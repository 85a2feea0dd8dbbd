"""Commands that make rows small and bring them back: MODEL DATA -o OUT.vz, MODEL OUT.vz -o DATA."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaekit.cli import files
from vaekit.cli.options import Data, FilledOut, ModelFile
from vaekit.errors import DataError, UserError

Squeezed = Annotated[str, typer.Option("--out", "-o", metavar="OUT.vz", help="Where the compressed rows go.")]


def compress(model: ModelFile, data: Data, out: Squeezed) -> None:
    """Without loss: values to the last bit, gaps, types and the order of rows and columns come back; identifiers, new levels
    and unknown columns travel beside. Only this model, on the same kind of machine, reads them. Needs the extra compress.
    """
    from vaekit.sources import whole_file

    check_out(out)
    blob = files.open_model(model).compress(data)
    whole_file(out, lambda stream: stream.writelines([blob]))


def decompress(
    model: ModelFile,
    rows: Annotated[str, typer.Argument(metavar="OUT.vz", help="What vaekit compress wrote.")],
    out: FilledOut = "-",
) -> None:
    """Refused for another model, another kind of machine, and damaged files: never other rows."""
    from vaekit import modes
    from vaekit.modes.compress import restore

    fitted = files.open_to_fill(model, out).fitted
    modes.require("decompress", fitted)
    try:
        blob = Path(rows).read_bytes()
    except OSError as error:
        raise DataError(f"{rows}: cannot be read: {error.strerror}", hint="is the path right?") from error
    files.save(restore(fitted, blob).arrow, out)


def check_out(out: str) -> None:
    """Refuse a place for compressed rows that cannot be written to, or that looks like a table or a model."""
    from vaekit.sources.files import IMAGES, READERS

    if out == "-":
        raise UserError("-o -: compressed rows go into a file", hint="-o rows.vz")
    files.check_place(out, "rows.vz")
    place = Path(out)
    if place.suffix.lower() in (*READERS, *IMAGES, ".vae"):
        raise UserError(
            f"-o {out}: {place.suffix} is the ending of something else, compressed rows were to be written",
            hint=f"-o {place.with_suffix('.vz')}",
        )
