"""Write this release's golden model file and what it answered: python tests/golden/make_model.py

A golden file is never replaced after its release: a later vaekit must load it and answer as it did.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import vaekit

HERE = Path(__file__).parent


def table(rows: int, seed: int) -> pa.Table:
    """Every column kind, with gaps; one hidden number moves all of them."""
    noise = np.random.default_rng(seed)
    a = noise.normal(size=rows)

    def gaps(values: Any, kind: pa.DataType | None = None) -> pa.Array:
        return pa.array(values, kind, mask=noise.random(rows) < 0.1)

    grade = np.digitize(a, [-0.7, 0.7]).astype(np.int8)
    return pa.table(
        {
            "id": [f"G{seed}-{row:04d}" for row in range(rows)],
            "height": gaps(np.round(170 + 8 * a + 3 * noise.normal(size=rows), 1)),
            "income": gaps(np.exp(3.5 + 0.8 * a + 0.3 * noise.normal(size=rows))),
            "visits": gaps(noise.poisson(np.exp(1 + 0.5 * a))),
            "member": gaps(a + 0.5 * noise.normal(size=rows) > 0),
            "grade": pa.DictionaryArray.from_arrays(gaps(grade), ["low", "middle", "high"], ordered=True),
            "city": gaps(np.array(["Bern", "Lima", "Oslo", "Rome"])[np.digitize(a, [-0.8, 0, 0.8])]),
            "born": gaps((7000 + 3000 * a + 100 * noise.normal(size=rows)).astype(np.int32), pa.date32()),
            "debt": gaps(np.where(noise.random(rows) < 0.3, 0.0, np.round(50 + 20 * a, 2))),
            "land": ["CH"] * rows,
        }
    )


def answers(model: vaekit.Model) -> dict[str, Any]:
    """What the model says of rows that it never saw, as plain values."""
    rows = table(12, seed=1)
    scores = model.score(rows, alpha=0.2)
    return {
        "columns": [[column.name, column.kind, column.role, column.type] for column in model.fitted.schema.columns],
        "score": scores.total.tolist(),
        "p_value": scores.p_value.tolist(),
        "reason": [[reason.column for reason in row] for row in scores.reasons],
        "log_prob": model.log_prob(rows).tolist(),
        "mean": model.encode(rows).mean.tolist(),
        "impute": plain(model.impute(rows)),
        "sample": plain(model.sample(8, seed=5)),
        "sample_given": plain(model.sample(4, given={"city": "Rome"}, seed=5)),
    }


def plain(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows as JSON keeps them."""
    return [{name: str(v) if hasattr(v, "isoformat") else v for name, v in row.items()} for row in rows.to_pylist()]


def main() -> None:
    """Fit, save, write down."""
    model = vaekit.fit(
        table(400, seed=0),
        net={"kind": "residual", "width": 24, "depth": 1},
        prior={"kind": "flow_matching", "width": 24, "depth": 1},
        latent=3,
        train={"epochs": 30, "prior_epochs": 20, "batch": 32, "rate": 5e-3},
    )
    path = model.save(HERE / f"model-{vaekit.__version__}.vae")
    path.with_suffix(".json").write_text(json.dumps(answers(model), indent=1) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
