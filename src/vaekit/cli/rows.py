"""Commands that ask about rows: MODEL DATA -o OUT, one answer a row, in the order of the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaekit.cli import files
from vaekit.cli.options import Data, ModelFile, Out, Seed
from vaekit.errors import SchemaError, SpecError

if TYPE_CHECKING:
    import pyarrow as pa

    from vaekit.api import Model
    from vaekit.sources import Table


def plain(mode: str) -> Callable[..., None]:
    """The command of a mode that takes rows and has no options."""

    def ask(model: ModelFile, data: Data, out: Out = "-") -> None:
        files.check_out(out)
        files.save(getattr(files.open_model(model), mode)(data), out)

    return ask


def score(
    model: ModelFile,
    data: Data,
    out: Out = "-",
    by: Annotated[str, typer.Option(metavar="WAY", help="default, likelihood, reconstruction or latent.")] = "default",
    alpha: Annotated[float, typer.Option(metavar="SHARE", help="Share of ordinary rows to flag.")] = 0.01,
    reasons: Annotated[int, typer.Option(metavar="K", help="Columns to explain per row.")] = 3,
    seed: Seed = 0,
) -> None:
    """Columns: row, score (higher is stranger), p_value, flagged, and for each reason its column, what was observed there,
    what the other columns led to expect with a 90 % interval, and its share of the score.
    """
    files.check_out(out)
    files.save(files.open_model(model).score(data, by, reasons, alpha, seed), out)


def log_prob(
    model: ModelFile,
    data: Data,
    out: Out = "-",
    samples: Annotated[int, typer.Option(metavar="N", help="More samples, a tighter bound.")] = 64,
    seed: Seed = 0,
) -> None:
    """Columns: row, log_prob; densities of numbers are in their own units."""
    import pyarrow as pa

    files.check_out(out)
    nats = files.open_model(model).log_prob(data, samples, seed)
    files.save(pa.table({"row": range(len(nats)), "log_prob": nats}), out)


def impute(
    model: ModelFile,
    data: Data,
    out: Out = "-",
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
    files.check_out(out)
    if draws is not None and interval is not None:
        raise SpecError("--draws beside --interval: one or the other", hint="run impute twice")
    opened = files.open_model(model)
    if draws is not None:
        files.save(stack(opened.impute(data, draws, seed=seed)), out)
    elif interval is None:
        files.save(opened.impute(data, seed=seed), out)
    else:
        files.save(with_ends(opened, data, interval, seed), out)


def stack(tables: list[pa.Table]) -> pa.Table:
    """Completions one below the other, the first column says which."""
    import numpy as np
    import pyarrow as pa

    _refuse_taken(["draw"], tables[0].column_names)
    number = pa.array(np.repeat(np.arange(len(tables)), tables[0].num_rows))
    return pa.concat_tables(tables).add_column(0, "draw", number)


def with_ends(model: Model, data: str, level: float, seed: int) -> pa.Table:
    """The rows completed, then NAME_low and NAME_high of every modelled column whose values have an order."""
    from vaekit.sources import read

    rows: Table = read(data, text=model.fitted.schema.text)  # read once: it may be standard input
    table = model.impute(rows, seed=seed)
    low, high = model.impute_interval(rows, level, seed=seed)
    for column in model.fitted.schema.modelled:
        if column.kind not in ("categorical", "binary"):
            _refuse_taken([f"{column.name}_low", f"{column.name}_high"], table.column_names)
            table = table.append_column(f"{column.name}_low", low[column.name])
            table = table.append_column(f"{column.name}_high", high[column.name])
    return table


def _refuse_taken(names: list[str], columns: list[str]) -> None:
    if taken := [name for name in names if name in columns]:
        raise SchemaError(f"the output needs a column {taken[0]!r}, and the data have one", hint="rename theirs")


def denoise(model: ModelFile, data: Data, out: Out = "-", seed: Seed = 0) -> None:
    """Gaps are filled as well; cells that agree with the others stay as they are."""
    files.check_out(out)
    files.save(files.open_model(model).denoise(data, seed), out)


def evaluate(
    model: ModelFile,
    data: Data,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="REPORT", help="An .html report or .json metrics; - is JSON on stdout."),
    ] = "-",
    seed: Seed = 0,
) -> None:
    """Ask it about rows that did not train: reconstruction per column, bound, latents, quality and privacy of samples."""
    _check_report(out)
    report = files.open_model(model).evaluate(data, seed)
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
