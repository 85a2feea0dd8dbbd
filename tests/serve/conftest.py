"""A small model behind the service, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaekit

pytest.importorskip("fastapi")

QUICK = {"epochs": 2, "prior_epochs": 1}


def fit(seed: int = 0) -> Any:
    """A model of a number with gaps, a skewed one, and names."""
    import pandas as pd

    noise = np.random.default_rng(0)
    x = noise.normal(size=240)
    rows = pd.DataFrame({
        "size in cm": 50 + 10 * x, "price": np.exp(x + 0.1 * noise.normal(size=240)),
        "city": np.where(x > 0.5, "Bern", np.where(noise.random(240) > 0.5, "Oslo", "Rome")),
    })  # fmt: skip
    rows.loc[::9, "price"] = None
    net = {"kind": "residual", "width": 16, "depth": 1}
    return vaekit.fit(rows, train=QUICK, net=net, latent=2, seed=seed)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(fit().save(tmp_path_factory.mktemp("served") / "shop.vae"))


@pytest.fixture(scope="session")
def server(model_file: Path) -> Any:
    from vaekit.serve.app import Server
    from vaekit.serve.shelf import Shelf

    return Server(Shelf([model_file]))


@pytest.fixture(scope="module")
def client(server: Any) -> Any:
    from starlette.testclient import TestClient

    return TestClient(server)


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [{"size in cm": 51.0, "price": 1.1, "city": "Bern"}, {"size in cm": None, "price": 90.5, "city": "Oslo"}]
