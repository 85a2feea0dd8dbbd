"""The application: routes from the table of modes and the schemas of the models that are served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

import vaekit
from vaekit.modes import MODES, require
from vaekit.serve import studio
from vaekit.serve.apart import Apart
from vaekit.serve.asked import ARROW, JSON, asked
from vaekit.serve.batching import Batcher, Place
from vaekit.serve.bodies import answer_schema, body_models
from vaekit.serve.desk import Desk
from vaekit.serve.gate import LOG, Gate, Limits
from vaekit.serve.meters import Meters
from vaekit.serve.problems import SCHEMA, Problem, from_http, from_invalid, problem_of, responses
from vaekit.serve.questions import Question, questions
from vaekit.serve.shelf import Book, Shelf

ASSETS = Path(__file__).parent / "assets"
REF = "#/components/schemas/{model}"
EVERY = 1.0  # seconds between two looks at the files
SHORT = 2**15  # bytes that are read at once


class Server:
    """The models on a shelf behind routes; an ASGI application.

    A file that is replaced is read beside the model at work, which answers until the new one takes its place, routes and all.

    Args:
        shelf: the models.
        limits: of what is taken at once.
        token: that every request but /health must bear; None asks for none.
        every: seconds between two looks at the files.
        names: hosts that a request may be addressed to; None for any.
        desk: where the models answer; in this process when None.
    """

    def __init__(
        self, shelf: Shelf, limits: Limits | None = None, token: str | None = None, every: float = EVERY,
        names: tuple[str, ...] | None = None, desk: Desk | Apart | None = None,
    ) -> None:  # fmt: skip
        self.shelf, self.limits, self.every = shelf, limits or Limits(), every
        self.desk = Desk(shelf.books.values()) if desk is None else desk
        self.meters = Meters()
        worker = ThreadPoolExecutor(1, "vaekit-model")
        self.aside = ThreadPoolExecutor(1, "vaekit-aside")  # finds what takes long, while the model answers others
        self.batchers = {name: Batcher(self.desk.answers, self._count, worker) for name in shelf.books}
        self.inner = self.build()
        self.gate = Gate(self._pass, self.limits, token, self.meters, names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.gate(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.inner(scope, receive, send)

    def _count(self, requests: int, _: int) -> None:
        self.meters.passes.observe(requests)

    def build(self) -> FastAPI:
        """Routes of the models that are served now."""
        app = FastAPI(
            title="vaekit", version=vaekit.__version__, docs_url=None, redoc_url=None, lifespan=self._life,
            description="Fitted variational autoencoders: every question, as JSON or as Arrow IPC streams.",
        )  # fmt: skip
        bodies: list[type[BaseModel]] = []
        for book in self.shelf.books.values():
            own = body_models(book.model, book.name, questions(), self.limits.rows)
            bodies += own.values()
            for mode, question in questions().items():
                _route(app, self, book, mode, question, own[mode])
        studio.routes(app, partial(_book, self))
        _about(app, self)
        _pages(app)
        _told(app)
        app.openapi = partial(_openapi, app, bodies, app.openapi)  # type: ignore[method-assign]
        return app

    @asynccontextmanager
    async def _life(self, _: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(self._look())
        yield
        task.cancel()
        self.aside.shutdown(wait=False, cancel_futures=True)
        for batcher in self.batchers.values():
            batcher.close()
        self.desk.close()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            with suppress(OSError):
                await self.refresh()

    async def refresh(self) -> list[str]:
        """Serve files that were replaced; the names of their models."""
        loop = asyncio.get_running_loop()
        books = await loop.run_in_executor(None, self.shelf.changed)
        if books and (books := await loop.run_in_executor(self.aside, self.desk.place, books)):
            self.shelf.replace(books)
            self.inner = self.build()
            for book in books:
                self.meters.reloads.labels(book.name).inc()
                LOG.info("%s: the new model is served", book.path)
        return [book.name for book in books]


def _route(app: FastAPI, server: Server, book: Book, mode: str, question: Question, body: type[BaseModel]) -> None:
    async def endpoint(request: Request) -> Response:
        return await _answer(server, book, mode, question, body, request)

    content = {"application/json": {"schema": {"$ref": REF.format(model=body.__name__)}}}
    arrow = {ARROW: {"schema": {"type": "string", "format": "binary"}}} if question.rows != "none" else {}
    made = {
        "application/json": {"schema": answer_schema(book.model, mode, question)},
        ARROW: {"schema": {"type": "string"}},
    }
    app.post(
        f"/v1/models/{book.name}/{mode}", tags=[book.name], summary=MODES[mode].line, name=f"{book.name}.{mode}",
        operation_id=f"{book.name}_{mode}", response_class=Response,
        openapi_extra={"requestBody": {"required": True, "content": {**content, **arrow}}},
        responses={200: {"description": "The answer, in order", "content": made},
                   **responses(400, 401, 409, 413, 415, 422, 503)},
    )(endpoint)  # fmt: skip


async def _answer(
    server: Server, book: Book, mode: str, question: Question, body: type[BaseModel], request: Request
) -> Response:
    note = request.scope.setdefault("vaekit", {})
    note |= {"model": book.name, "mode": mode}
    require(mode, book.model.fitted)
    raw = await request.body()
    read = partial(asked, book, question, body, raw, request.headers, request.query_params, server.limits.body)
    try:
        wanted = await _beside(len(raw) > SHORT, read)
    except ValidationError as error:
        raise from_invalid(error.errors(), [*body.model_fields, *book.model.fitted.schema.names]) from None
    if wanted.rows > server.limits.rows:
        raise Problem(413, f"{wanted.rows:,} rows at once, at most {server.limits.rows:,}", hint="send them in parts")
    note["rows"] = wanted.rows
    server.meters.rows.labels(book.name, mode).inc(wanted.rows)
    place = Place(book.name, book.stamp, mode)
    if question.prepare is not None:
        ready = partial(server.desk.prepare, place, wanted.options)
        await asyncio.get_running_loop().run_in_executor(server.aside, ready)
    alone = question.alone or bool(book.model.fitted.steps)
    data = await server.batchers[book.name].ask(place, wanted, alone=alone)
    return Response(data, media_type=ARROW if wanted.arrow else JSON)


async def _beside(long: bool, work: Callable[[], Any]) -> Any:
    """What work gives; long work is done in a thread, beside which others are answered."""
    return await asyncio.to_thread(work) if long else work()


def _about(app: FastAPI, server: Server) -> None:
    """Routes that are not about rows."""

    @app.get("/health", tags=["about"])
    async def health() -> dict[str, Any]:
        return {"status": "ok", "models": list(server.shelf.books), "version": vaekit.__version__}

    @app.get("/v1/models", tags=["about"], responses=responses(401))
    async def models() -> dict[str, Any]:
        return {"models": [{"name": name, **_short(book)} for name, book in server.shelf.books.items()]}

    @app.get("/v1/models/{model}", tags=["about"], responses=responses(401, 404))
    async def card(model: str) -> Any:
        book = _book(server, model)
        return JSONResponse({"name": model, "schema": book.model.schema, **book.model.card})

    @app.post("/v1/models/{model}/{mode}", include_in_schema=False)
    async def absent(model: str, mode: str) -> Any:
        _book(server, model)
        raise Problem(404, f"no mode {mode!r}", hint=f"modes: {', '.join(questions())}")

    @app.get("/metrics", tags=["about"], response_class=Response, responses=responses(401))
    async def metrics() -> Response:
        return Response(server.meters.text(), media_type="text/plain; version=0.0.4")


def _pages(app: FastAPI) -> None:
    """What a browser opens, with nothing from elsewhere."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Any:
        return FileResponse(ASSETS / "docs.html")

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Any:
        if name not in {path.name for path in ASSETS.iterdir()}:
            raise Problem(404, f"no asset {name!r}")
        return FileResponse(ASSETS / name)


def _short(book: Book) -> dict[str, Any]:
    about = book.model.fitted.about
    return {"preset": about["preset"], "rows": about["rows"], "latents": book.model.fitted.vae.latents}


def _book(server: Server, name: str) -> Book:
    if name not in server.shelf.books:
        raise Problem(404, f"no model {name!r}", hint=f"models: {', '.join(server.shelf.books)}")
    return server.shelf.books[name]


def _told(app: FastAPI) -> None:
    """Every error in one shape."""

    def handler(of: Callable[[Any], Problem]) -> Callable[[Request, Any], Awaitable[Response]]:
        async def tell(_: Request, error: Any) -> Response:
            return of(error).response()

        return tell

    app.exception_handler(RequestValidationError)(handler(lambda error: from_invalid(error.errors())))
    app.exception_handler(HTTPException)(
        handler(lambda error: from_http(error.status_code, error.detail, error.headers))
    )
    for kind in (Problem, vaekit.VaekitError, Exception):
        app.exception_handler(kind)(handler(problem_of))


def _openapi(app: FastAPI, bodies: list[type[BaseModel]], usual: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The framework's description, with the bodies that are read by hand."""
    if app.openapi_schema is None:
        described = usual()
        _, schemas = models_json_schema([(body, "validation") for body in bodies], ref_template=REF)
        described.setdefault("components", {}).setdefault("schemas", {}).update({"Problem": SCHEMA, **schemas["$defs"]})
        app.openapi_schema = described
    return app.openapi_schema
