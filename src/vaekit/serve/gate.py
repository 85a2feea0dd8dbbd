"""What every request passes: a token, limits of size, number and time, one line of the log, and the meters."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaekit.serve.meters import Meters
from vaekit.serve.problems import Problem, problem_of

ACCESS, LOG = logging.getLogger("vaekit.access"), logging.getLogger("vaekit.serve")
OPEN = ("/health", "/", "/docs")  # asked by whoever watches the process; the pages ask for the token themselves
STATIC = ("/studio/", "/assets/")  # their files


@dataclass(frozen=True)
class Limits:
    """Bytes of a body, rows of a request, requests at once, and seconds until an answer is given up."""

    body: int = 64 * 2**20
    rows: int = 100_000
    requests: int = 64
    seconds: float = 60.0


class Gate:
    """An ASGI application around another one.

    Args:
        app: the other one.
        limits: of what is taken at once.
        token: that every request but the open ones must bear.
        meters: what is counted.
        names: the hosts that a request may be addressed to, None for any. A page from elsewhere whose own name was made to
            mean this machine (DNS rebinding) would otherwise be let in to what listens at loopback and asks for no token.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, token: str | None, meters: Meters, names: tuple[str, ...] | None = None
    ) -> None:
        self.app, self.limits, self.token, self.meters, self.names = app, limits, token, meters, names
        self.busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, told = time.perf_counter(), Told(send)
        work = scope["method"] == "POST"
        try:
            self._check(scope, work)
            self.busy += work
            self.meters.busy.set(self.busy)
            try:
                async with asyncio.timeout(self.limits.seconds):
                    await self.app(scope, Counted(receive, self.limits.body), told)
            finally:
                self.busy -= work
                self.meters.busy.set(self.busy)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets one shape
            await self._tell(error, scope, receive, told)
        finally:
            self._note(scope, told, time.perf_counter() - began)

    def _check(self, scope: Scope, work: bool) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self.names is not None and (asked := host_of(headers.get(b"host", b""))) not in self.names:
            hint = "ask for http://localhost, or serve with --token-env NAME"
            raise Problem(403, f"this service answers at {self.names[0]}, not at {asked!r}", hint=hint)
        if self.token is not None and scope["path"] not in OPEN and not scope["path"].startswith(STATIC):
            given = headers.get(b"authorization", b"")
            if not hmac.compare_digest(given, b"Bearer " + self.token.encode()):
                raise Problem(401, "no bearer token, or another one", hint="Authorization: Bearer TOKEN")
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.limits.body:
            raise too_long(self.limits.body)
        if work and self.busy >= self.limits.requests:
            raise Problem(503, f"{self.busy} requests are at work, no more at once", hint="ask again in a second")

    async def _tell(self, error: Exception, scope: Scope, receive: Receive, told: Told) -> None:
        if isinstance(error, TimeoutError):
            error = Problem(503, f"no answer within {self.limits.seconds:g} seconds", hint="fewer rows at once")
        problem = problem_of(error)
        if problem.status == 500:
            LOG.error("%s %s", scope["method"], scope["path"], exc_info=error)
        if not told.status:
            await problem.response()(scope, receive, told)

    def _note(self, scope: Scope, told: Told, seconds: float) -> None:
        mode = scope.get("vaekit", {})
        names = (mode.get("model", ""), mode.get("mode", ""))
        self.meters.requests.labels(*names, str(told.status)).inc()
        self.meters.seconds.labels(*names).observe(seconds)
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "id": uuid.uuid4().hex[:12],
            "client": (scope.get("client") or ("",))[0], "method": scope["method"], "path": scope["path"],
            "status": told.status, "ms": round(seconds * 1000, 2), "rows": mode.get("rows"), "bytes": told.bytes,
        }  # fmt: skip
        ACCESS.info(json.dumps(line))


class Told:
    """What was sent, counted."""

    def __init__(self, send: Send) -> None:
        self.send, self.status, self.bytes = send, 0, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.bytes += len(message.get("body", b""))
        await self.send(message)


class Counted:
    """What is received, up to so many bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive, self.most, self.bytes = receive, most, 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.bytes += len(message.get("body", b""))
        if self.bytes > self.most:
            raise too_long(self.most)
        return message


def host_of(header: bytes) -> str:
    """The name of a Host header, without the port.

    >>> host_of(b"LocalHost:8000"), host_of(b"[::1]:8000")
    ('localhost', '::1')
    """
    name = header.decode("latin-1").lower()
    return name[1:].split("]")[0] if name.startswith("[") else name.split(":")[0]


def too_long(most: int) -> Problem:
    """The problem of a body that is larger than the limit."""
    return Problem(413, f"the body is larger than {most:,} bytes", hint="send fewer rows at once, or Arrow")


def logged(stream: Any = None) -> None:
    """Access and messages on stderr, one JSON object or line each."""
    for logger in (ACCESS, LOG):
        if not logger.handlers:
            handler = logging.StreamHandler(stream)
            handler.setFormatter(logging.Formatter("%(message)s"))
            logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
