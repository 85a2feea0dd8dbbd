"""Where a command runs: here, or on Ray (--on ray [--address A] [--workers N])."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, NamedTuple

import typer

from vaekit.errors import SpecError

WORKERS = 2
COMMANDS = ("fit", "score", "encode", "sample", "impute")
On = Annotated[str | None, typer.Option("--on", metavar="ENGINE", help="Where to run: ray. Here without.")]
Address = Annotated[str | None, typer.Option(metavar="A", help="Ray's head; without, Ray is started here.")]
Workers = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Processes of Ray that share the work; 2 without.")
]


class Engine(NamedTuple):
    """What was asked for, and the options of the command it was asked of."""

    address: str | None
    workers: int
    options: dict[str, Any]


ENGINE: ContextVar[Engine | None] = ContextVar("engine", default=None)
_ADDED: tuple[tuple[str, Any, Any], ...] = (("on", On, None), ("address", Address, None), ("workers", Workers, None))


def engined(word: str, run: Callable[..., None]) -> Callable[..., None]:
    """A command that may run on an engine; others stay as they are."""
    if word not in COMMANDS:
        return run
    known = signature(run, eval_str=True)

    @wraps(run)
    def command(*, on: str | None, address: str | None, workers: int | None, **options: Any) -> None:
        token = ENGINE.set(_chosen(on, address, workers, options))
        try:
            run(**options)
        finally:
            ENGINE.reset(token)

    more = [Parameter(name, Parameter.KEYWORD_ONLY, default=value, annotation=what) for name, what, value in _ADDED]
    own = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in known.parameters.values()]
    command.__signature__ = known.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in (*own, *more)}
    return command


def _chosen(on: str | None, address: str | None, workers: int | None, options: dict[str, Any]) -> Engine | None:
    for name, value in {"address": address, "workers": workers}.items():
        if on is None and value is not None:
            raise SpecError(f"--{name} without --on", hint=f"--on ray --{name} {value}")
    if on not in (None, "ray"):
        raise SpecError(f"--on {on}: there is no such engine, expected ray", hint="--on ray --workers 4")
    for name in ("draws", "mask"):
        if on is not None and options.get(name) is not None:
            raise SpecError(f"--{name} beside --on: it needs all rows in one place", hint="leave out --on")
    return None if on is None else Engine(address, WORKERS if workers is None else workers, options)


def files_of(data: Any) -> list[str]:
    """The files of DATA, which an engine reads in pieces.

    Raises:
        SpecError: they cannot be.
    """
    from vaekit.sources.pieces import paths_of

    paths = paths_of(data)
    if paths is None:
        raise SpecError(f"--on ray: {data} is no Parquet or plain CSV file", hint="convert it to Parquet")
    return paths
