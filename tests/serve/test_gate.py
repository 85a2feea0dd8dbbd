"""Tokens, limits, the log."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from vaekit.serve.app import Server
from vaekit.serve.gate import Gate, Limits
from vaekit.serve.meters import Meters
from vaekit.serve.problems import Problem
from vaekit.serve.shelf import Shelf


@pytest.fixture(scope="module")
def shelf(model_file: Path) -> Shelf:
    return Shelf([model_file])


def test_a_token_is_asked_for(shelf: Shelf) -> None:
    client = TestClient(Server(shelf, token="open sesame"))
    assert client.get("/health").status_code == 200
    for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "open sesame"}):
        answer = client.get("/v1/models", headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/v1/models", headers={"authorization": "Bearer open sesame"}).status_code == 200
    pages = ("/", "/docs", "/assets/swagger-ui.css")  # they ask for it by themselves, and show nothing before
    assert [client.get(page).status_code for page in pages] == [200] * 3
    assert client.get("/openapi.json").status_code == client.get("/metrics").status_code == 401


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8000", 200), ("[::1]:8000", 200), ("evil.example", 403), ("", 403)]
)
def test_a_service_at_loopback_without_a_token_answers_to_its_own_names_alone(
    shelf: Shelf, host: str, status: int
) -> None:
    client = TestClient(Server(shelf, names=("127.0.0.1", "localhost", "::1")))
    answer = client.get("/v1/models", headers={"host": host})
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["content-type"] == "application/problem+json" and "127.0.0.1" in answer.json()["detail"]


def test_too_much_at_once(shelf: Shelf, rows: Any) -> None:
    client = TestClient(Server(shelf, Limits(body=400, rows=2)))
    assert client.post("/v1/models/shop/encode", json={"rows": rows}).status_code == 200
    many = client.post("/v1/models/shop/encode", json={"rows": [{"city": "Bern", "price": 1, "size in cm": 2}] * 3})
    assert many.status_code == 413 and "3 rows" in many.json()["detail"]
    long = client.post("/v1/models/shop/encode", json={"rows": rows * 9})
    assert long.status_code == 413 and "400 bytes" in long.json()["detail"]
    piecewise = client.post("/v1/models/shop/encode", content=(b"x" * 100 for _ in range(9)))
    assert piecewise.status_code == 413


def test_packed_bodies_are_unpacked_within_the_limit(shelf: Shelf, rows: Any) -> None:
    client, url = TestClient(Server(shelf, Limits(body=4000))), "/v1/models/shop/encode"
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    def told(content: bytes, **others: str) -> tuple[int, str]:
        answer = client.post(url, content=content, headers={**headers, **others})
        return answer.status_code, answer.text

    packed = gzip.compress(json.dumps({"rows": rows}).encode())
    assert told(packed)[1] == client.post(url, json={"rows": rows}).text
    bomb = gzip.compress(b" " * 2_000_000)
    assert len(bomb) < 4000 and told(bomb)[0] == 413
    assert told(b"plain")[0] == told(packed[:-9])[0] == 400
    assert told(packed, **{"content-encoding": "br"})[0] == 415


def _call(gate: Gate, method: str = "POST") -> dict[str, Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": "/x", "headers": [], "client": ("::1", 1)}
    asyncio.run(gate(scope, receive, send))
    return {"status": sent[0]["status"], "headers": dict(sent[0]["headers"]), **json.loads(sent[1]["body"])}


def test_overload_and_slowness_are_503(caplog: pytest.LogCaptureFixture) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(5)

    answer = _call(Gate(slow, Limits(seconds=0.02), None, Meters()))
    assert answer["status"] == 503 and "0.02 seconds" in answer["detail"] and answer["headers"][b"retry-after"] == b"1"
    full = Gate(slow, Limits(requests=0), None, Meters())
    assert _call(full)["status"] == 503 and full.busy == 0


def test_a_defect_of_ours_tells_nothing_of_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("password")

    async def refused(scope: Any, receive: Any, send: Any) -> None:
        raise Problem(404, "no such thing")

    answer = _call(Gate(broken, Limits(), None, Meters()))
    assert answer["status"] == 500 and "password" not in json.dumps(str(answer))
    assert _call(Gate(refused, Limits(), None, Meters()))["detail"] == "no such thing"


def test_one_line_of_json_a_request(shelf: Shelf, rows: Any, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("vaekit.access")
    logger.setLevel(logging.INFO)
    logger.addHandler(caplog.handler)
    try:
        TestClient(Server(shelf)).post("/v1/models/shop/encode", json={"rows": rows})
    finally:
        logger.removeHandler(caplog.handler)
    line = json.loads(caplog.messages[-1])
    assert (line["method"], line["path"], line["status"], line["rows"]) == ("POST", "/v1/models/shop/encode", 200, 2)
    assert line["ms"] > 0 and line["bytes"] > 0
