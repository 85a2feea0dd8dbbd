"""Every error in one shape: application/problem+json with type, title, status, detail and hint (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.responses import Response

from vaekit.errors import ArtifactError, ModeUnavailable, VaekitError
from vaekit.spec import meant

MEDIA = "application/problem+json"
TITLES = {
    400: "the request cannot be read",
    401: "a bearer token is needed",
    403: "addressed to another host",
    404: "there is no such thing",
    405: "not this method",
    406: "the answer cannot take that form",
    409: "this model cannot answer that",
    413: "too much at once",
    415: "the body is of an unknown type",
    422: "the body does not fit",
    500: "a defect of ours",
    503: "too busy",
}
SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "about:blank, or what kind of error it was in Python"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "hint": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "detail", "hint"],
}


class Problem(Exception):
    """An error on its way to the client.

    >>> Problem(404, "no model 'a'", hint="models: b").status
    404
    """

    def __init__(
        self, status: int, detail: str, *, hint: str | None = None, kind: str = "about:blank",
        headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.status, self.detail, self.hint, self.kind = status, detail, hint, kind
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        # keyword-only arguments are not replayed by BaseException's own pickling (the process of the models sends these home)
        return partial(Problem, hint=self.hint, kind=self.kind, headers=self.headers), (self.status, self.detail)

    def response(self) -> Response:
        """The answer that tells it."""
        body = {"type": self.kind, "title": TITLES.get(self.status, "error"), "status": self.status}
        body |= {"detail": self.detail, "hint": self.hint}
        headers = self.headers | ({"retry-after": "1"} if self.status == 503 else {})
        headers |= {"www-authenticate": "Bearer"} if self.status == 401 else {}
        return Response(json.dumps(body, ensure_ascii=False), self.status, headers, MEDIA)


def problem_of(error: Exception) -> Problem:
    """What to tell of an exception: the user's mistakes in full, of ours nothing but that there was one.

    >>> problem_of(ModeUnavailable("cluster: not available")).status, problem_of(KeyError("secret")).detail
    (409, 'unexpected KeyError; the log says more')
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, VaekitError):
        status = 409 if isinstance(error, ModeUnavailable) else 500 if isinstance(error, ArtifactError) else 422
        return Problem(status, error.message, hint=error.hint, kind=type(error).__name__)
    return Problem(500, f"unexpected {type(error).__name__}; the log says more")


def responses(*statuses: int) -> dict[int | str, Any]:
    """These problems as an OpenAPI description has them."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def from_http(status: int, detail: Any, headers: Mapping[str, str] | None = None) -> Problem:
    """A problem of the framework's own errors."""
    said = str(detail) if status not in (404, 405) else TITLES[status]
    return Problem(status, said, hint="GET /docs lists every route", headers=headers)


def from_invalid(errors: Sequence[Mapping[str, Any]], known: Collection[str] = ()) -> Problem:
    """A problem of what does not fit a body: where, what was expected, what was given.

    Args:
        errors: as pydantic lists them; the first is told.
        known: names of options and columns, one of which may have been meant.

    >>> error = {"type": "extra_forbidden", "loc": ("alfa",), "msg": "Extra inputs are not permitted", "input": 0.1}
    >>> problem = from_invalid([error], ["rows", "alpha"])
    >>> problem.detail, problem.hint
    ("body: there is no 'alfa'", "did you mean 'alpha'?")
    """
    first, more = errors[0], f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    *where, last = map(str, first["loc"] or ("body",))
    place, fits = ".".join(where) or "body", "GET /docs shows what fits"
    if first["type"] == "extra_forbidden":
        return Problem(422, f"{place}: there is no {last!r}{more}", hint=meant(last, known) or fits)
    if where and first["type"] == "missing":
        hint = "null where a value is not known"
        return Problem(422, f"{place}: column {last!r} is absent{more}", hint=hint)
    given = first.get("input")
    told = f"; {given!r:.60} was given" if isinstance(given, str | int | float) and last != "body" else ""
    said = first["msg"].removeprefix("Value error, ")
    return Problem(422, f"{'.'.join([*where, last])}: {said}{told}{more}", hint=fits)
