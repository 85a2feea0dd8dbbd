"""The arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ModelFile = Annotated[str, typer.Argument(metavar="MODEL", help="A fitted model, as `vaekit fit` wrote it.")]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="Rows: a .csv, .parquet, .feather or .jsonl file, a quoted glob, or - for CSV on stdin."
    ),
]
Out = Annotated[
    str,
    typer.Option("--out", "-o", metavar="OUT", help="A .csv, .parquet, .feather or .jsonl file; - is CSV on stdout."),
]
WalkOut = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="OUT",
        help="A picture (.png, .svg, .pdf) or a table (.csv, .parquet, .feather, .jsonl); - is CSV on stdout.",
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option(metavar="N", help="Equal seed and input, equal answer.")]
Steps = Annotated[int, typer.Option(metavar="N", help="Rows along the way.")]
