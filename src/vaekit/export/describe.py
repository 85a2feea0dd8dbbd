"""What a program without vaekit needs to turn values into cells, cells into values and scores into p-values, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.artifact import Fitted, fingerprint, trained_range
from vaekit.codec.levels import Levels
from vaekit.codec.numeric import OUTSIDE, Numeric
from vaekit.codec.pixels import Pixels
from vaekit.codec.ticks import tick_type
from vaekit.modes.ways import way

FORMAT = 1


def describe(fitted: Fitted) -> dict[str, Any]:
    """The columns in the order of their cells, the sizes of the graphs' inputs, and the sorted scores of calibration rows."""
    codec, layout = fitted.codec, fitted.layout
    calibration = fitted.arrays.get(f"calibration.{way(fitted, 'default')}")
    return {
        "format": FORMAT,
        "fingerprint": fingerprint(fitted),
        "latents": fitted.vae.latents,
        "modelled_cells": layout.K,
        "given_cells": len(layout.given),
        "steps": fitted.steps or None,
        "columns": [_column(codec.parts[name]) for name in codec.names],
        "given": [column.name for column in fitted.schema.given],
        "set_aside": [column.name for column in fitted.schema.set_aside],
        "calibration": None if calibration is None else [float(score) for score in calibration],
    }


def _column(part: Any) -> dict[str, Any]:
    own: dict[str, Any]
    if isinstance(part, Pixels):
        own = {"is": "image", "shape": list(part.shape), "mean": part.fields[0].mean, "std": part.fields[0].std}
        return {"name": part.column.name, "kind": part.column.kind, "dtype": str(part.dtype), **own}
    if isinstance(part, Levels):
        chosen = part.level_of
        levels = [_plain(value) for value in part.known.to_pylist()]
        other = part.field.levels - 1 if part.column.kind == "categorical" else None
        own = {
            "is": "levels",
            "levels": levels,
            "cell_of": part.cell_of.tolist(),
            "level_of": chosen.tolist(),
            "other": other,
        }
    else:
        assert isinstance(part, Numeric)
        field = part.field
        low, high = (None if not np.isfinite(end) else float(end) for end in trained_range(field))
        own = {
            "is": "number",
            "transform": field.transform,
            "mean": field.mean,
            "std": field.std,
            "low": low,
            "high": high,
        }
        own |= {"outside": float(field.quantiles[0] - OUTSIDE), "resolution": field.resolution, "unit": _unit(part)}
    return {"name": part.column.name, "kind": part.column.kind, "type": part.column.type, **own}


def _unit(part: Numeric) -> str | None:
    """What a moment is counted in: seconds or days since 1970; None for other numbers."""
    kind = tick_type(part.column)
    if pa.types.is_date32(kind) or pa.types.is_date64(kind):
        return "D"
    return "s" if pa.types.is_timestamp(kind) else None


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
