"""The studio: one page of static files at `GET /`, and the few routes that only it asks for.

```
GET /  GET /studio/NAME      the page and its files: no token, nothing from elsewhere
GET /v1/models/{m}/history | latents | verdicts | verdicts.csv ; POST /v1/models/{m}/verdicts
```
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

from vaekit.serve.problems import Problem
from vaekit.serve.shelf import Book
from vaekit.serve.studio import facts, verdicts

STATIC = Path(__file__).parent / "static"
MEDIA = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".LICENSE": "text/plain", ".svg": "image/svg+xml",
}  # fmt: skip
POLICY = (  # nothing inline is run, nothing comes from elsewhere, nobody frames the page
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}  # fmt: skip


def routes(app: FastAPI, book: Callable[[str], Book]) -> None:
    """The page and its files, and what it asks for beyond the modes.

    Args:
        app: gets the routes.
        book: the model of a name, or a problem.
    """
    pages(app)
    facts.routes(app, book)
    verdicts.routes(app, book)


def pages(app: FastAPI) -> None:
    """The page and its files."""

    @app.get("/", include_in_schema=False)
    def page(request: Request) -> Response:
        return static("index.html", request)

    @app.get("/studio/{name}", include_in_schema=False)
    def file(name: str, request: Request) -> Response:
        return static(name, request)


def static(name: str, request: Request) -> Response:
    """A file of the page, or 304 where the browser has it.

    Raises:
        Problem: 404, there is no such file.
    """
    if name not in files():
        raise Problem(404, f"no file {name!r} of the studio")
    content, tag = files()[name]
    headers = {**HEADERS, "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=MEDIA[Path(name).suffix])


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Content and tag of every file by name.

    >>> files()["uPlot.LICENSE"][0].startswith(b"The MIT License")
    True
    """
    read = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir())}
    return {name: (content, f'"{hashlib.sha256(content).hexdigest()[:20]}"') for name, content in read.items()}
