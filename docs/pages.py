"""The pages as programs: their blocks run from the first to the last, and what they print and draw is written below them.

    python docs/pages.py [PAGE...]     runs pages (all, without a name) and rewrites their outputs and drawings

A page runs in an empty folder. Blocks:

    ```python         is run; the names of earlier blocks are there
    ```sh             is run, line by line; `vaekit` is the command line of this Python
    ```output         holds what the block above it printed
    <!-- draw: scores.plot() -->
    ![words](../assets/page-name.svg)     the drawing of that expression
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
BLOCK = re.compile(
    r"^```(?P<kind>python|sh|output)\n(?P<text>.*?)^```$"
    r"|^<!-- draw: (?P<draw>.+?) -->\n!\[[^\]]*\]\((?P<path>[^)]+)\)",
    re.DOTALL | re.MULTILINE,
)
SCHEME = (
    '<style id="scheme">:root{--ink:#20262d;--muted:#6b7680;--rule:#d9dee3;--paper:#fff;--data:#4a545e;--model:#0072b2;'
    "--strange:#d55e00;--font:system-ui,sans-serif}@media (prefers-color-scheme:dark){:root{--ink:#e6eaee;--muted:#9aa5b0;"
    "--rule:#3a434c;--paper:#14181c;--data:#aeb8c2;--model:#58b4e6;--strange:#ff8a3c}}</style>"
)


def programs() -> list[Path]:
    """The pages with something to run."""
    return [
        path for path in sorted(DOCS.rglob("*.md")) if any(_runs(found) for found in BLOCK.finditer(path.read_text()))
    ]


def _runs(found: re.Match[str]) -> bool:
    return found["kind"] in ("python", "sh")


def run(path: Path, assets: Path) -> str:
    """Run a page in the folder where we are.

    Args:
        path: the page.
        assets: where its drawings go.

    Returns:
        The page with its outputs.
    """
    names: dict[str, Any] = {"__name__": "page"}
    text, told, at, out = path.read_text(), "", 0, []
    for found in BLOCK.finditer(text):
        out.append(text[at : found.start()])
        at, shown = found.end(), found[0]
        if found["draw"]:
            _draw(found["draw"], names, assets / Path(found["path"]).name)
        elif found["kind"] == "output":
            shown = f"```output\n{told.rstrip()}\n```"
        elif found["kind"] == "python":
            told = _python(found["text"], path, text[: found.start()].count("\n") + 1, names)
        else:
            told = _shell(found["text"])
        out.append(shown)
    return "".join([*out, text[at:]])


def _python(code: str, path: Path, line: int, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * line + code, str(path), "exec"), names)  # errors name the line of the page
    return printed.getvalue()


def _shell(code: str) -> str:
    """What the commands print on stdout.

    Raises:
        RuntimeError: when one of them fails.
    """
    from vaekit.cli import main

    told = ""
    for line in _lines(code):
        words = shlex.split(line, comments=True)
        if words[0] == "vaekit" and not set("|>&*") & set(line):
            raw = io.BytesIO()
            printed = io.TextIOWrapper(raw, write_through=True)  # has a buffer, for bytes
            with contextlib.redirect_stdout(printed):
                status = main(words[1:])
            told += raw.getvalue().decode()
            printed.detach()
        else:
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=_with_vaekit())
            status, told = done.returncode, told + done.stdout
        if status:
            raise RuntimeError(f"{line}: exit status {status}")
    return told


def _lines(code: str) -> Iterator[str]:
    """Commands, those that go on after a backslash in one piece."""
    for line in code.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _with_vaekit() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _draw(code: str, names: dict[str, Any], path: Path) -> None:
    from vaekit.figures import svg

    drawn = svg(eval(code, names), page=True)
    head, rest = drawn.split(">", 1)
    path.write_text(f"{head}>{SCHEME}{rest}".rstrip() + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    """Rewrite pages."""
    chosen = [path for path in programs() if not names or path.stem in names or str(path) in names]
    for path in chosen:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            text = run(path, DOCS / "assets")
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(DOCS))


if __name__ == "__main__":
    main(sys.argv[1:])
