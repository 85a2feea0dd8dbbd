"""The arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ModelFile = Annotated[str, typer.Argument(metavar="MODEL", help="A fitted model, as `vaekit fit` wrote it.")]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Rows or a stream: a .csv, .parquet, .feather or .jsonl file, a quoted glob, or - for CSV on stdin. "
        "Images: .npz (FILE.npz:NAME for one array of several), .npy, IDX, or a folder of PNG or JPEG.",
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="OUT", help="A .csv, .parquet, .feather, .jsonl or .npz file; - is CSV on stdout."
    ),
]
FilledOut = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="OUT",
        help="A .csv, .parquet, .feather or .jsonl file; - is CSV on stdout. "
        "Images: .npz, .npy, .parquet, or a new folder for PNG files.",
    ),
]  # fmt: skip
WalkOut = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="OUT",
        help="A picture (.png, .svg, .pdf), or a table (.csv, .parquet, .feather, .jsonl; images .npz, .parquet); "
        "- is CSV on stdout.",
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option(metavar="N", help="Equal seed and input, equal answer.")]
Steps = Annotated[int, typer.Option(metavar="N", help="Rows, images or windows along the way.")]
