"""What is said before anything is served."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import vaekit
from vaekit import serve
from vaekit.errors import UserError, VaekitWarning


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="fastapi") as told:
        serve.serve(["a.vae"])
    assert "vaekit[serve]" in str(told.value)


def test_it_stays_on_loopback_and_warns_of_open_doors(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    told: list[tuple[str, int]] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda own, sockets: told.append(sockets[0].getsockname()))
    ports: list[int] = []
    serve.serve([model_file], port=0, ready=ports.append)
    serve.serve([model_file], host="0.0.0.0", port=0, token="secret")
    with pytest.warns(VaekitWarning, match="no token"):
        serve.serve([model_file], host="0.0.0.0", port=0)
    assert told[0] == ("127.0.0.1", *ports) and told[0][1] and [host for host, _ in told[1:]] == ["0.0.0.0"] * 2


def test_an_address_that_is_taken_is_told_before_models_are_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port}") as told:
            serve.serve(["no file is looked for.vae"], port=port)
    assert told.value.hint == "another program listens there: --port N"
    with pytest.raises(UserError, match="an address of this machine"):
        serve.place("192.0.2.1", 0)


@pytest.fixture
def process(model_file: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """A service in a process of its own: it, its address, and the file that it serves."""
    place = Path(shutil.copy(model_file, tmp_path / "shop.vae"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "vaekit", "serve", str(place), "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(words, stderr=log, text=True)
    try:
        yield running, f"http://127.0.0.1:{port}", place
    finally:
        running.kill()
        running.wait()


def test_a_process_serves_reloads_and_goes_when_told(process: Any, model_file: Path) -> None:
    running, url, place = process
    transport = httpx.HTTPTransport(retries=0)
    with httpx.Client(base_url=url, transport=transport, timeout=60) as client:
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if client.get("/health").status_code == 200:
                    break
            time.sleep(0.1)
        other = vaekit.load(model_file)
        other.fitted.about["rows"] = 7
        other.save(place)
        rows = [{"size in cm": 51.0, "price": 1.1, "city": "Bern"}]
        for _ in range(200):  # every answer is whole, whichever model gives it
            assert client.post("/v1/models/shop/score", json={"rows": rows}).status_code == 200
            if client.get("/v1/models").json()["models"][0]["rows"] == 7:
                break
            time.sleep(0.05)
        assert client.get("/v1/models").json()["models"][0]["rows"] == 7
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(client.post, "/v1/models/shop/cluster", json={"rows": rows, "clusters": 60})
            for _ in range(600):
                if "at_work 1.0" in httpx.get(f"{url}/metrics").text or asked.done():
                    break
            running.terminate()
            assert asked.result().status_code == 200
    assert running.wait(60) in (0, -signal.SIGTERM)
    log = (place.parent / "log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert lines[-1]["path"].endswith("cluster") and lines[-1]["status"] == 200 and "Traceback" not in log
