"""Models over HTTP: `vaekit serve a.vae b.vae`.

```
request --gate: token, limits, log, meters--> app: body, rows --> batching: all who wait together --> apart, another process
answer  <------------------------------------------------------------------------------------------- desk: one pass of a model
                                              shelf: files, read anew when replaced
```
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path

from vaekit.errors import UserError, warn

PACKAGES = ("fastapi", "uvicorn", "prometheus_client")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRACE = 30  # seconds for requests at work when the server is told to stop
IDLE = 75  # seconds that a connection may be idle


def require_serve() -> None:
    """Refuse where a package that serves is absent.

    Raises:
        UserError: with how to install it.
    """
    if absent := [name for name in PACKAGES if find_spec(name) is None]:
        raise UserError(f"serve needs the package {absent[0]}", hint="pip install 'vaekit[serve]'")


def serve(
    paths: Sequence[str | Path], *, host: str = "127.0.0.1", port: int = 8000, token: str | None = None,
    body: int = 64 * 2**20, rows: int = 100_000, requests: int = 64, seconds: float = 60.0,
    ready: Callable[[int], object] = lambda port: None,
) -> None:  # fmt: skip
    """Serve model files until told to stop; requests at work are finished first.

    Args:
        paths: the models; each has its file's stem as name.
        host: the address to listen at; loopback unless told otherwise.
        port: the port; 0 takes a free one.
        token: what `Authorization: Bearer` must hold; None asks for none.
        body: bytes of a request.
        rows: of a request.
        requests: at work at once; more are told 503.
        seconds: until an answer is given up.
        ready: called with the port when the models are read and it begins to listen.

    Raises:
        UserError: an address that cannot be listened at, or models that cannot be served.
    """
    require_serve()
    door = place(host, port)  # what follows takes seconds
    import uvicorn

    from vaekit.serve.apart import Apart, settle
    from vaekit.serve.app import Server
    from vaekit.serve.gate import Limits, logged
    from vaekit.serve.shelf import Shelf

    if host not in LOOPBACK and token is None:
        warn(f"serve: {host} can be reached from outside, and no token is asked for: --token-env NAME")
    names = LOOPBACK if host in LOOPBACK and token is None else None
    with door:
        shelf = Shelf(paths)
        with closing(Apart(paths)) as desk:
            server = Server(shelf, Limits(body, rows, requests, seconds), token, names=names, desk=desk)
            desk.wait()
            logged()
            settle()
            ready(door.getsockname()[1])
            config = uvicorn.Config(
                server, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE, timeout_keep_alive=IDLE,
                lifespan="on", server_header=False,
            )  # fmt: skip
            with suppress(KeyboardInterrupt):  # it has finished what was at work
                uvicorn.Server(config).run(sockets=[door])


def place(host: str, port: int) -> socket.socket:
    """A socket at an address, found before models are read for nobody; of a name with several addresses at that of IPv4.

    Raises:
        UserError: where it cannot listen.
    """
    try:
        every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, proto, _, address = min(every, key=lambda each: each[0] != socket.AF_INET)
        door = socket.socket(family, kind, proto)
        if os.name == "posix":  # frees the port of one that has just ended; elsewhere two would share it
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
        except OSError:
            door.close()
            raise
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        hint = "another program listens there: --port N" if taken else "is --host an address of this machine?"
        raise UserError(f"serve: {host} port {port}: {error.strerror or error}", hint=hint) from None
    return door
