"""What is said before anything is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vaekit import serve
from vaekit.errors import UserError, VaekitWarning


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="fastapi") as told:
        serve.serve(["a.vae"])
    assert "vaekit[serve]" in str(told.value)


def test_it_stays_on_loopback_and_warns_of_open_doors(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    told: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: told.update(options))
    serve.serve([model_file])
    assert told["host"] == "127.0.0.1" and told["timeout_graceful_shutdown"] == serve.GRACE
    serve.serve([model_file], host="0.0.0.0", token="secret")
    with pytest.warns(VaekitWarning, match="no token"):
        serve.serve([model_file], host="0.0.0.0")
