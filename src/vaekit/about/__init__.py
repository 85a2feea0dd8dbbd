"""What is told of a fitted model: its card and its history.

One dict is the card everywhere: `model.card`, `vaekit inspect`, `GET /v1/models/{m}`, and what a notebook shows.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from vaekit import modes
from vaekit.about.keeps import KEPT_ROWS, keeps
from vaekit.about.limits import limits
from vaekit.about.quality import quality
from vaekit.artifact import Fitted
from vaekit.schema import arrow_type


def card(fitted: Fitted) -> dict[str, Any]:
    """What a reader must know before using the model.

    Data (rows, columns, windows, set_aside), training (spec, ended, seconds, seed, versions), quality on rows that did not
    train, limits in sentences, and what of the training rows the file keeps.
    """
    schema = fitted.schema
    rates = fitted.arrays["latents.rate"].round(4).tolist() if fitted.has_density else None
    return {
        **fitted.about,
        "columns": {
            column.name: {"kind": column.kind, "role": column.role, "why": column.reason}
            | ({"shape": list(arrow_type(column.type).shape)} if column.kind == "image" else {})
            for column in schema.columns
        },
        "windows": None if fitted.cut is None else fitted.cut.to_dict(),
        "set_aside": {column.name: column.reason for column in schema.set_aside},
        "latents": {"count": fitted.vae.latents, "kl_nats": rates},
        "spec": fitted.spec,
        "modes": {name: modes.why_not(name, fitted) or modes.state(name, fitted) for name in modes.MODES},
        "quality": quality(fitted),
        "limits": limits(fitted),
        "keeps": keeps(fitted),
        "kept_training_rows": max(len(fitted.arrays.get(name, ())) for name in KEPT_ROWS),
        "parameters": sum(parameter.numel() for parameter in fitted.vae.parameters()),
    }


def history(fitted: Fitted) -> pa.Table:
    """One row an epoch; kl_0, kl_1, ... one column a latent of the model (those above them, of a prior, are one sum)."""
    rows = []
    for epoch in fitted.history:
        row = {name: value for name, value in epoch.items() if name != "kl"}
        rates = epoch.get("kl", [])
        each = {f"kl_{i}": rate for i, rate in enumerate(rates)} if epoch["stage"] != "prior" else {}
        rows.append({**row, **({"kl": sum(rates)} if rates else {}), **each})
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: [row.get(name) for row in rows] for name in names})
