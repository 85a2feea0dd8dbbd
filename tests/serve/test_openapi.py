"""Schemathesis asks what the description allows, and what it does not: nothing breaks, and every answer is described."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.serve.conftest import QUICK

import vaekit
from vaekit.serve.app import Server
from vaekit.serve.gate import Limits
from vaekit.serve.shelf import Shelf

schemathesis = pytest.importorskip("schemathesis")

NET = {"kind": "residual", "width": 16, "depth": 1}
QUIET = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


def _kinds(noise: np.random.Generator, rows: int = 240) -> dict[str, Any]:
    """A column of every kind, and types that hold little."""
    x = noise.normal(size=rows)
    start = np.datetime64("2026-01-01T00:00:00")
    hours = (1000 * x).astype("timedelta64[h]")
    return {
        "when": (start + hours).tolist(), "day": [dt.date(2026, 1, 1) + dt.timedelta(int(20 * v)) for v in x],
        "zone": [moment.replace(tzinfo=dt.UTC) for moment in (start + hours).tolist()], "ok": (x > 0).tolist(),
        "n": noise.poisson(3, rows), "big": noise.integers(0, 2**60, rows),
        "small": noise.integers(-90, 90, rows).astype("int8"), "amount": np.where(x > 0.3, np.exp(x), 0.0),
        "same": ["one"] * rows, "id": [f"k{i}" for i in range(rows)], "city": noise.choice(["Bern", "Oslo"], rows),
        "td": (10 * x).astype("timedelta64[s]"), "t": [dt.time(int(3 * abs(v)), 30) for v in x],
        "verdict": [None if i % 7 == 0 else str(v > 0) for i, v in enumerate(x)],
    }  # fmt: skip


@pytest.fixture(scope="module")
def files(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A small model of each shape: tables, a given column and a label, images beside a column, windows of a stream."""
    import pyarrow as pa

    noise, folder = np.random.default_rng(0), tmp_path_factory.mktemp("described")
    images = vaekit.images(
        noise.integers(0, 256, (120, 6, 6)).astype("uint8"), columns={"digit": noise.integers(0, 3, 120)}
    )
    stream = pa.table({"a": np.sin(np.arange(400) / 5), "b": noise.normal(size=400)})
    made = {
        "kinds": vaekit.fit(
            pa.table(_kinds(noise)), given=["city"], label="verdict", train=QUICK, net=NET, latent=2
        ),
        "images": vaekit.fit(images, train=QUICK, latent=2),
        "stream": vaekit.fit(vaekit.windows(stream, size=4, stride=2), train=QUICK, latent=2),
    }  # fmt: skip
    return [model_file, *(Path(model.save(folder / f"{name}.vae")) for name, model in made.items())]


@pytest.fixture(scope="module")
def described(files: list[Path]) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", Server(Shelf(files), Limits(rows=20)))


def _asked(described: Any, mode: Any, examples: int) -> set[tuple[str, int]]:
    """Every route with bodies of a mode; which route answered with which status."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    held = [not_a_server_error, checks.status_code_conformance, checks.content_type_conformance]
    held.append(checks.response_schema_conformance)
    told: set[tuple[str, int]] = set()
    few = settings(max_examples=examples, phases=[Phase.explicit, Phase.generate], **QUIET)

    def ask(case: Any) -> None:
        answer = case.call()
        case.validate_response(answer, checks=held)
        told.add((case.operation.path, answer.status_code))

    for found in described.get_all_operations():
        operation = found.ok()
        if mode.value == "positive" or len(operation.body):
            few(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    return told


@pytest.mark.slow
def test_what_the_description_allows_is_answered(described: Any, files: list[Path]) -> None:
    told = _asked(described, schemathesis.GenerationMode.POSITIVE, 3)
    for file in files:
        for mode in (
            "score",
            "log_prob",
            "impute",
            "reconstruct",
            "denoise",
            "encode",
            "decode",
            "traverse",
            "interpolate",
        ):
            assert (f"/v1/models/{file.stem}/{mode}", 200) in told
    assert {status for _, status in told} <= {200, 404, 409, 413, 422}


@pytest.mark.slow
def test_what_it_does_not_allow_is_refused(described: Any) -> None:
    told = _asked(described, schemathesis.GenerationMode.NEGATIVE, 2)
    assert len({path for path, status in told if status == 422}) > 40
    assert {status for _, status in told} <= {200, 400, 409, 413, 415, 422}
