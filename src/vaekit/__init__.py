"""Fit one variational autoencoder to a table, images or sensor windows, and ask that one file anything.

    import vaekit

    model = vaekit.fit("flights.parquet", seed=0)
    model.score("tomorrow.parquet")     # how strange is each row, and which columns made it so
    model.impute("gaps.csv")            # the gaps filled in, the observed cells untouched
    model.sample(1000)                  # new rows, of the same columns and types
    model.save("flights.vae")           # one file, nothing executable in it

Names are looked up when they are first used (PEP 562), so that importing vaekit imports neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaekit import presets
    from vaekit.api import Model, fit, load
    from vaekit.errors import (
        ArtifactError,
        DataError,
        ModeUnavailable,
        SchemaError,
        SpecError,
        UserError,
        VaekitError,
        VaekitWarning,
    )
    from vaekit.schema import Column, Schema
    from vaekit.sources.images import Images, images
    from vaekit.sources.sql import sql
    from vaekit.sources.windows import windows

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "Column",
    "DataError",
    "Images",
    "ModeUnavailable",
    "Model",
    "Schema",
    "SchemaError",
    "SpecError",
    "UserError",
    "VaekitError",
    "VaekitWarning",
    "__version__",
    "fit",
    "images",
    "load",
    "presets",
    "sql",
    "windows",
]

_ROOMS = {
    "vaekit.api": ("Model", "fit", "load"),
    "vaekit.schema": ("Column", "Schema"),
    "vaekit.sources.images": ("Images", "images"),
    "vaekit.sources.sql": ("sql",),
    "vaekit.sources.windows": ("windows",),
    "vaekit.errors": tuple(name for name in __all__ if name.endswith(("Error", "Warning", "Unavailable"))),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "presets":
        return import_module("vaekit.presets")
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'vaekit' has no attribute {name!r}")
    value = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
