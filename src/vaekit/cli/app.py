"""Every command: its function, its panel in the help, and an example; the commands of modes follow from their table."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, NamedTuple

import typer

import vaekit
from vaekit.cli import about, demo, export, fit, rows, serve, squeeze, walks
from vaekit.cli.engine import engined
from vaekit.cli.group import Group
from vaekit.cli.source import sourced
from vaekit.modes import MODES
from vaekit.progress import watching

ASK, LOOK = "Ask a model", "Look around"


class Command(NamedTuple):
    """A command: what runs, and how it is typed."""

    run: Callable[..., None]
    example: str


OWN: dict[str, Command] = {  # modes whose command has options of its own; the others that take rows are `rows.plain`
    "score": Command(rows.score, "vaekit score fraud.vae today.csv -o scores.csv --reasons 2"),
    "log_prob": Command(rows.log_prob, "vaekit log-prob fraud.vae today.csv -o nats.csv"),
    "sample": Command(walks.sample, "vaekit sample adult.vae -n 500 --given marital-status=Divorced -o new.csv"),
    "impute": Command(rows.impute, "vaekit impute adult.vae gaps.csv -o whole.csv --interval 0.9"),
    "denoise": Command(rows.denoise, "vaekit denoise adult.vae dirty.csv -o clean.csv"),
    "decode": Command(walks.decode, "vaekit decode adult.vae latents.csv -o rows.csv"),
    "traverse": Command(walks.traverse, "vaekit traverse adult.vae --row 17 --data adult.csv --dim 3 -o walk.png"),
    "interpolate": Command(walks.interpolate, "vaekit interpolate adult.vae adult.csv --rows 0 7 -o between.csv"),
    "cluster": Command(rows.cluster, "vaekit cluster adult.vae adult.csv -o groups.csv --clusters 5"),
    "compress": Command(squeeze.compress, "vaekit compress adult.vae adult.csv -o adult.vz"),
    "decompress": Command(squeeze.decompress, "vaekit decompress adult.vae adult.vz -o adult.parquet"),
    "evaluate": Command(rows.evaluate, "vaekit evaluate adult.vae held-out.csv -o report.html"),
}
ELSEWHERE = {  # modes without a command, and where they are instead
    "impute_interval": "vaekit impute --interval",
    "shift": "Python only: model.shift(row, {3: 2.0}), or a direction",
}
OTHERS: dict[str, Command] = {
    "inspect": Command(about.inspect, "vaekit inspect adult.vae"),
    "presets": Command(about.presets, "vaekit presets"),
    "kinds": Command(about.kinds, "vaekit kinds prior"),
    "serve": Command(serve.serve, "vaekit serve adult.vae fraud.vae --port 8000 --token-env VAEKIT_TOKEN"),
    "export": Command(export.export, "vaekit export adult.vae -o adult.onnx"),
    "demo": Command(demo.demo, "vaekit demo table -o report.html"),
}
FIT = Command(fit.fit, "vaekit fit stream.csv -o pump.vae --window 32 --time datetime --by pump --time-limit 5m")

app = typer.Typer(
    name="vaekit", cls=Group, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    rich_markup_mode="rich", context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Data on stdout, messages on stderr. Exit status: 0 done, 1 our defect, 2 your input, 130 interrupted.",
)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        print(f"vaekit {vaekit.__version__}")
        raise typer.Exit


@app.callback()
def vaekit_(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and other packages' warnings.")] = False,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Cores that a command takes; all by default.")
    ] = None,
) -> None:
    """Fit one variational autoencoder to a table, images or a stream, and ask that one file anything."""
    if threads is not None:  # torch reads them when it is imported, which is later
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)


def modes() -> dict[str, Command]:
    """The command of every mode that has one, in the order of their table."""
    found = {}
    for mode, about_it in MODES.items():
        if mode in OWN:
            found[mode] = OWN[mode]
        elif mode not in ELSEWHERE and about_it.takes == "rows":
            word = typed(mode)
            found[mode] = Command(rows.plain(mode), f"vaekit {word} adult.vae today.csv -o answer.csv")
    return found


def typed(mode: str) -> str:
    """A mode's name as a command.

    >>> typed("log_prob")
    'log-prob'
    """
    return mode.replace("_", "-")


def _register(name: str, command: Command, panel: str | None, line: str = "") -> None:
    paragraphs = [" ".join(text.split()) for text in (command.run.__doc__ or "").split("\n\n")]
    first = [f"{line[:1].upper()}{line[1:]}."] if line else []
    text = "\n\n".join(first + paragraphs)
    run = engined(name, sourced(name, command.run))
    run = watched(name, run) if line else run
    app.command(name, help=text, epilog=f"Example: {command.example}", rich_help_panel=panel)(run)


def watched(name: str, run: Callable[..., None]) -> Callable[..., None]:
    """The command of a mode, with progress through its rows where that takes long."""

    @wraps(run)
    def command(**options: Any) -> None:
        with watching(name):
            run(**options)

    return command


_register("fit", FIT, "Fit")
for _mode, _command in modes().items():
    _register(typed(_mode), _command, ASK, MODES[_mode].line)
for _name, _command in OTHERS.items():
    _register(_name, _command, LOOK)
