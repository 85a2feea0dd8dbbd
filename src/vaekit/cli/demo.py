"""`vaekit demo`: fit on real data, run every mode once, write a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vaekit.cli import files
from vaekit.cli.guard import say

NAMES = "images: 5,000 MNIST digits. table: flights with real gaps. sensors: the weather of three airports. All when left out."


def demo(
    name: Annotated[str | None, typer.Argument(metavar="[images|table|sensors]", help=NAMES)] = None,
    out: Annotated[str, typer.Option("--out", "-o", metavar="REPORT", help="Where the report goes.")] = "report.html",
) -> None:
    """Fit on real data that packages carry, run every mode once, and write a report with pictures."""
    files.check_place(out, "report.html")
    from vaekit import demo as room

    room.run(name, Path(out))
    say(f"{out} is ready to be opened in a browser")
