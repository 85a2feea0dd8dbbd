"""Commands that begin in the latents: sample, decode, traverse, interpolate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from vaekit.cli import files, pairs, stream
from vaekit.cli.options import Data, FilledOut, ModelFile, Seed, Steps, WalkOut
from vaekit.errors import DataError, SpecError

WALK = "latent, where"


def sample(
    model: ModelFile,
    n: Annotated[int, typer.Option("-n", metavar="N", help="How many rows, images, or windows of a stream.")] = 1000,
    out: FilledOut = "-",
    given: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="A value that every new row has; any column.")
    ] = None,
    temperature: Annotated[
        float, typer.Option(metavar="T", help="Below 1 rows are more typical, above 1 more varied.")
    ] = 1.0,
    seed: Seed = 0,
) -> None:
    """The columns, their order and types are those of the fitted data; gaps fall as they did there.
    Of a stream: columns window, step, and the channels.
    """
    opened = files.open_to_fill(model, out)
    conditions = pairs.conditions(given or (), opened.fitted.schema.names) or None
    stream.save_sample(opened, out, n, conditions, seed, temperature)


def decode(
    model: ModelFile,
    latents: Annotated[
        str, typer.Argument(metavar="LATENTS", help="A table with mean_0, mean_1, ..., as vaekit encode writes it.")
    ],
    out: FilledOut = "-",
) -> None:
    """The best value of every cell, in the columns and types of the fitted data; of a stream, windows."""
    files.save(files.open_to_fill(model, out).decode(latents), out)


def traverse(
    model: ModelFile,
    out: WalkOut = "-",
    row: Annotated[
        int | None, typer.Option(metavar="N", help="Start from row, image or window N of --data, from 0.")
    ] = None,
    data: Annotated[str | None, typer.Option(metavar="DATA", help="The rows that --row counts.")] = None,
    dim: Annotated[list[int] | None, typer.Option(metavar="I", help="A latent to move; all by default.")] = None,
    span: Annotated[float, typer.Option(metavar="SD", help="From -SD to +SD standard deviations.")] = 3.0,
    steps: Steps = 9,
) -> None:
    """Starts from the centre of the fitted rows, or from a row. Columns: latent, where, then the fitted columns.
    A picture shows images or windows side by side, of a table the columns that move most.
    """
    check_walk(out)
    if (row is None) != (data is None):
        raise DataError("--row and --data belong together", hint="--row 17 --data today.csv")
    opened = files.open_to_fill(model, out, files.PICTURES, beside=WALK)
    start = None if row is None or data is None else files.read_rows(opened, data, [row])[0]
    files.save(opened.traverse(start, dim, span, steps), out)


def interpolate(
    model: ModelFile,
    data: Data,
    rows: Annotated[tuple[int, int], typer.Option(metavar="A B", help="Two rows, images or windows of DATA, from 0.")],
    out: WalkOut = "-",
    steps: Steps = 9,
    path: Annotated[str, typer.Option(metavar="PATH", help="linear or spherical.")] = "linear",
) -> None:
    """Begins and ends at the two rows. Columns: latent, where (0 to 1), then the fitted columns."""
    check_walk(out)
    opened = files.open_to_fill(model, out, files.PICTURES, beside=WALK)
    first, last = files.read_rows(opened, data, rows)
    files.save(opened.interpolate(first, last, steps, cast(Literal["linear", "spherical"], path)), out)


def check_walk(out: str) -> None:
    """A picture of a walk needs matplotlib.

    Raises:
        SpecError: when it is absent.
    """
    from importlib.util import find_spec

    if Path(out).suffix.lower() in files.PICTURES and find_spec("matplotlib") is None:
        raise SpecError(f"-o {out}: pictures need matplotlib", hint="pip install 'vaekit[plots]', or -o walk.csv")
