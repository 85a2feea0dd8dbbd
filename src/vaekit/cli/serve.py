"""vaekit serve: models over HTTP."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from vaekit.errors import UserError


def serve(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Fitted models; each is served by its stem.")],
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port it listens at.")] = 8000,
    token_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable that holds the bearer token.")
    ] = None,
    max_body: Annotated[int, typer.Option(metavar="MB", min=1, help="Largest body.")] = 64,
    max_rows: Annotated[int, typer.Option(metavar="N", min=1, help="Most rows of one request.")] = 100_000,
    max_requests: Annotated[int, typer.Option(metavar="N", min=1, help="Requests at work at once; more get 503.")] = 64,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="Until an answer is given up.")] = 60.0,
) -> None:
    """Every mode of every model over HTTP: a page to explore them at /, JSON or Arrow IPC, described at /docs, measured at
    /metrics. A model file that is replaced is read anew. Needs the extra serve.
    """
    from vaekit.serve import require_serve
    from vaekit.serve import serve as run

    require_serve()
    token = os.environ.get(token_env) if token_env else None
    if token_env and not token:
        raise UserError(
            f"--token-env {token_env}: there is no such variable, or it is empty", hint=f"export {token_env}=..."
        )
    shown = f"[{host}]" if ":" in host else host
    told = "the studio; /docs describes the routes; stop with Ctrl-C"
    run(
        models, host=host, port=port, token=token, body=max_body * 2**20, rows=max_rows, requests=max_requests,
        seconds=timeout, ready=lambda port: typer.echo(f"http://{shown}:{port}/   {told}", err=True),
    )  # fmt: skip
