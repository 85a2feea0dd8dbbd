"""Commands that ask about rows: MODEL DATA -o OUT, one answer a row, in the order of the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from vaekit.cli import files, masks, stream
from vaekit.cli.options import Data, FilledOut, ModelFile, Out, Seed
from vaekit.errors import ModeUnavailable, SchemaError, SpecError

if TYPE_CHECKING:
    import pyarrow as pa

    from vaekit.api import Model
    from vaekit.modes.cluster import By
    from vaekit.sources import Table


FILLS = ("reconstruct",)  # of the modes without options those that answer in the columns of the data


def plain(mode: str) -> Callable[..., None]:
    """The command of a mode that takes rows and has no options."""

    def ask(model: ModelFile, data: Data, out: Out = "-") -> None:
        files.check_out(out)
        stream.save(files.open_model(model), data, out, mode_of(mode))

    def fill(model: ModelFile, data: Data, out: FilledOut = "-") -> None:
        stream.save(files.open_to_fill(model, out), data, out, mode_of(mode))

    return fill if mode in FILLS else ask


def mode_of(name: str) -> stream.Ask:
    """What asks a mode without options about some rows."""
    return lambda model, rows, _: files.as_table(getattr(model, name)(rows))


def score(
    model: ModelFile,
    data: Data,
    out: Out = "-",
    by: Annotated[str, typer.Option(metavar="WAY", help="default, likelihood, reconstruction or latent.")] = "default",
    alpha: Annotated[float, typer.Option(metavar="SHARE", help="Share of ordinary rows to flag.")] = 0.01,
    reasons: Annotated[int, typer.Option(metavar="K", help="Columns to explain per row.")] = 3,
    causal: Annotated[
        bool, typer.Option("--causal", help="Of a stream: add score_causal, which looks at nothing that comes later.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Columns: row, score (higher is stranger), p_value, flagged, and for each reason its column, what was observed there,
    what the other columns led to expect with a 90 % interval, and its share of the score.

    A reason of an image is a part of it, one of a stream a channel; the rows of a stream are its steps, beside the columns
    of its clock and its machines.
    """
    files.check_out(out)
    opened = files.open_model(model)
    if causal and opened.fitted.cut is None:
        raise ModeUnavailable("--causal: scores up to a step are for streams", hint="vaekit fit STREAM --window N")

    def ask(model: Model, rows: Any, first: int) -> pa.Table:
        return stream.from_row(model.score(rows, by, reasons, alpha, seed).to_arrow(causal), first)

    stream.save(opened, data, out, ask)


def log_prob(
    model: ModelFile,
    data: Data,
    out: Out = "-",
    samples: Annotated[int, typer.Option(metavar="N", help="More samples, a tighter bound.")] = 64,
    seed: Seed = 0,
) -> None:
    """Columns: row, log_prob; densities of numbers are in their own units. Of a stream: each step's mean, a step."""
    import numpy as np
    import pyarrow as pa

    files.check_out(out)

    def ask(model: Model, rows: Any, first: int) -> pa.Table:
        nats = model.log_prob(rows, samples, seed)
        numbers = np.arange(first, first + len(nats))
        return pa.table({"row": numbers, "log_prob": pa.array(nats, from_pandas=True)})

    stream.save(files.open_model(model), data, out, ask)


def impute(
    model: ModelFile,
    data: Data,
    out: FilledOut = "-",
    mask: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Pixels to fill in, of all images or of each: a .png (white), .npy, .npz."),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(metavar="K", help="K random completions, one below the other: column draw is 0 to K-1."),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="0.9 adds NAME_low and NAME_high for every column that has an order."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Without --draws the best single value: the mean of numbers, the most probable level otherwise.
    Observed cells never change.
    """
    if draws is not None and interval is not None:
        raise SpecError("--draws beside --interval: one or the other", hint="run impute twice")
    beside = "draw" if draws is not None else "low and high ends" if interval is not None else ""
    opened = files.open_to_fill(model, out, beside=beside, several=interval is not None)
    missing = None if mask is None else masks.read_mask(opened, mask)
    if draws is not None:
        files.save(stack(opened.impute(data, draws, missing, seed)), out)
    elif missing is not None:
        files.save(with_ends(opened, data, interval, missing, seed), out)
    else:
        stream.save(opened, data, out, lambda model, rows, _: with_ends(model, rows, interval, None, seed))


def stack(answers: list[Any]) -> pa.Table:
    """Completions one below the other, the first column says which."""
    import numpy as np
    import pyarrow as pa

    tables = [files.as_table(answer) for answer in answers]
    _refuse_taken(["draw"], tables[0].column_names)
    number = pa.array(np.repeat(np.arange(len(tables)), tables[0].num_rows))
    return pa.concat_tables(tables).add_column(0, "draw", number)


def with_ends(model: Model, data: Any, level: float | None, missing: Any, seed: int) -> pa.Table:
    """The rows completed; where a level was asked for, then NAME_low and NAME_high of every column that has an order."""
    from vaekit.sources import read

    rows: Table = read(data, text=model.fitted.schema.text)  # read once: it may be standard input
    table = files.as_table(model.impute(rows, missing=missing, seed=seed))
    if level is None:
        return table
    low, high = map(files.as_table, model.impute_interval(rows, level, missing, seed))
    for column in model.fitted.schema.modelled:
        if column.kind not in ("categorical", "binary"):
            _refuse_taken([f"{column.name}_low", f"{column.name}_high"], table.column_names)
            table = table.append_column(f"{column.name}_low", low[column.name])
            table = table.append_column(f"{column.name}_high", high[column.name])
    return table


def _refuse_taken(names: list[str], columns: list[str]) -> None:
    if taken := [name for name in names if name in columns]:
        raise SchemaError(f"the output needs a column {taken[0]!r}, and the data have one", hint="rename theirs")


def denoise(model: ModelFile, data: Data, out: FilledOut = "-", seed: Seed = 0) -> None:
    """Gaps are filled as well; cells that agree with the others stay as they are."""
    stream.save(
        files.open_to_fill(model, out), data, out, lambda model, rows, _: files.as_table(model.denoise(rows, seed))
    )


def cluster(
    model: ModelFile,
    data: Data,
    out: Out = "-",
    clusters: Annotated[
        int | None, typer.Option(metavar="N", help="How many; without, the number that suits the training rows best.")
    ] = None,
    by: Annotated[str, typer.Option(metavar="WAY", help="default, prior, mixture, neighbours or kmeans.")] = "default",
) -> None:
    """Columns: cluster, probability, then probability_0, probability_1, ... of every cluster, the largest first.
    Of a stream: of each step, the mean of the windows that cover it.
    """
    files.check_out(out)
    files.save(files.open_model(model).cluster(data, clusters, cast("By", by)), out)


def evaluate(
    model: ModelFile,
    data: Data,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="REPORT", help="An .html report or .json metrics; - is JSON on stdout."),
    ] = "-",
    factor: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column of DATA known to lie behind the rows: adds MIG and DCI."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Ask it about rows that did not train: reconstruction per column, bound, latents, quality and privacy of samples."""
    _check_report(out)
    report = files.open_model(model).evaluate(data, seed, factor or None)
    if out.lower().endswith(".html"):
        report.save(out)
        return
    text = json.dumps(report.metrics, indent=2, default=_number, ensure_ascii=False)
    _write_text(f"{text}\n", out)


def _check_report(out: str) -> None:
    files.check_place(out, "report.html")
    if out != "-" and Path(out).suffix.lower() not in (".html", ".json"):
        raise SpecError(f"-o {out}: unknown ending, expected .html or .json", hint="-o report.html")


def _write_text(text: str, out: str) -> None:
    from vaekit.sources import whole_file

    if out == "-":
        print(text, end="")
    else:
        whole_file(out, lambda stream: stream.writelines([text.encode()]))


def _number(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them."""
    return value.tolist()
