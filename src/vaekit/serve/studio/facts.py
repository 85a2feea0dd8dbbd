"""What a model tells of itself beyond its card: how its training went, and where its latents lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from fastapi import FastAPI
from starlette.responses import Response

from vaekit.about import history
from vaekit.artifact import Fitted
from vaekit.codec.levels import Levels
from vaekit.serve.bodies import json_of
from vaekit.serve.problems import responses
from vaekit.serve.shelf import Book

MOST = 500  # levels told of one column


def routes(app: FastAPI, book: Callable[[str], Book]) -> None:
    """`GET /v1/models/{m}/history`, `/latents` and `/levels`."""

    @app.get("/v1/models/{model}/history", tags=["about"], responses=responses(401, 404))
    def curves(model: str) -> Any:
        return Response(json_of(history(book(model).model.fitted)), media_type="application/json")

    @app.get("/v1/models/{model}/latents", tags=["about"], responses=responses(401, 404))
    def places(model: str) -> Any:
        return Response(json_of(latents(book(model).model.fitted)), media_type="application/json")

    @app.get("/v1/models/{model}/levels", tags=["about"], responses=responses(401, 404))
    def names(model: str) -> Any:
        return Response(json_of(levels(book(model).model.fitted)), media_type="application/json")


def latents(fitted: Fitted) -> pa.Table:
    """One row a latent, the most used first: latent, kl_nats, and where training rows lie in it, centre and spread.

    A plain autoencoder has no kl_nats: its latents are no distributions.
    """
    rate, centre, spread = (
        np.asarray(fitted.arrays[f"latents.{part}"], float) for part in ("rate", "centre", "spread")
    )
    order = np.argsort(-rate, kind="stable")
    nats = pa.array(rate[order]) if fitted.has_density else pa.nulls(len(order), pa.float64())
    return pa.table({"latent": order, "kl_nats": nats, "centre": centre[order], "spread": spread[order]})


def levels(fitted: Fitted) -> pa.Table:
    """One row a level that a column of names may take, in order: column, level; rare ones, which share a cell, stay untold."""
    found: list[tuple[str, Any]] = []
    for name, part in fitted.codec.parts.items():
        if isinstance(part, Levels):
            own = np.flatnonzero(part.cell_of < part.field.levels - (part.column.kind == "categorical"))
            found += [(name, level) for level in part.typed(pa.array(own[:MOST])).to_pylist()]
    return pa.table({"column": [name for name, _ in found], "level": pa.array([str(level) for _, level in found])})
