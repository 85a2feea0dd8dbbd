"""`vaekit demo`: fit on real data, run every mode once, write a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaekit.cli import files
from vaekit.cli.guard import say


def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help="table: 336,776 flights with real gaps.")] = "table",
    out: Annotated[str, typer.Option("--out", "-o", metavar="REPORT", help="Where the report goes.")] = "report.html",
) -> None:
    """Fit on real data that a package carries, run every mode once, and write a report with pictures."""
    files.check_place(out, "report.html")
    from vaekit import demo as room

    room.run(name, Path(out))
    say(f"{out} is ready to be opened in a browser")
