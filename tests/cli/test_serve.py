"""vaekit serve: a process that answers and goes when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaekit.cli import main

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import vaekit

    rows = np.random.default_rng(0).normal(size=(120, 2))
    net = {"kind": "residual", "width": 16, "depth": 1}
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1}, net=net, latent=2)
    return Path(model.save(tmp_path_factory.mktemp("serve") / "small.vae"))


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _get(url: str, **headers: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_a_process_answers_and_goes_when_told(small: Path) -> None:
    port = _free()
    words = ["serve", str(small), "--port", str(port), "--token-env", "SHOP_TOKEN"]
    process = subprocess.Popen(
        [sys.executable, "-m", "vaekit", *words], env={**os.environ, "SHOP_TOKEN": "sesame"}, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                assert _get(f"http://127.0.0.1:{port}/health")["models"] == ["small"]
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.3)
        assert _get(f"http://127.0.0.1:{port}/v1/models", authorization="Bearer sesame")["models"][0]["latents"] == 2
    finally:
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[1]
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert any(line["path"] == "/v1/models" and line["status"] == 200 for line in lines)


def test_mistakes_are_told(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(small), "--token-env", "NO_SUCH_VARIABLE"]) == 2
    assert "there is no such variable" in capsys.readouterr().err
    assert main(["serve", str(tmp_path / "none.vae")]) == 2
