"""A fitted model as ONNX graphs, with what a program without torch or vaekit needs beside them.

```
model.onnx           scorer: cells, observed, noise (S, L) -> score, cells_score, bound
model.encoder.onnx   cells, observed, noise (B, L) -> mean, std, z
model.decoder.onnx   z, cells, observed -> best
model.codec.json     columns <-> cells, calibration scores
model.runtime.py     an example that needs numpy and onnxruntime alone
```
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import UserError
from vaekit.export import runtime
from vaekit.export.describe import describe
from vaekit.export.graphs import GRAPHS
from vaekit.export.write import require_onnx, write_graph
from vaekit.sources.write import whole_file

ROWS = 5  # of the example that is traced and compared; another number than any size of a model
SHOWN = 0.8  # share of its cells that are observed


def export(fitted: Fitted, path: str | Path) -> Path:
    """Write the graphs, checked against torch in onnxruntime, and what belongs beside them; see `vaekit.Model.export`.

    Raises:
        ModeUnavailable: for a part that ONNX has no words for, by its name.
        UserError: for a missing package, or a place that cannot be written to.
    """
    require_onnx()
    target = Path(path)
    if target.suffix.lower() != ".onnx" or not target.parent.is_dir():
        hint = "make the folder first" if not target.parent.is_dir() else f"{target.with_suffix('.onnx')}"
        raise UserError(f"export: {str(path)!r}, expected a file that ends in .onnx in a folder that exists", hint=hint)
    inputs, places = example(fitted), _places(target)
    with tempfile.TemporaryDirectory() as folder, rng.seeded(0, "export"):
        for name, graph in GRAPHS.items():
            needed = {**inputs, "noise": inputs["shared noise"]} if name == "scorer" else inputs
            write_graph(graph(fitted), needed, Path(folder) / f"{name}.onnx", name)
        about = json.dumps(describe(fitted), ensure_ascii=False, indent=1)
        (Path(folder) / "codec.json").write_text(about, encoding="utf-8")
        shutil.copy(runtime.__file__, Path(folder) / "runtime.py")
        for made, place in places.items():
            data = (Path(folder) / made).read_bytes()
            whole_file(place, lambda stream, data=data: stream.writelines([data]))  # type: ignore[misc]
    return target


def _places(target: Path) -> dict[str, Path]:
    """Where each file goes: the scorer last, so that it is there only when everything is."""
    beside = ["encoder.onnx", "decoder.onnx", "codec.json", "runtime.py"]
    return {**{name: target.with_suffix(f".{name}") for name in beside}, "scorer.onnx": target}


@torch.no_grad()
def example(fitted: Fitted) -> dict[str, Tensor]:
    """Rows of the model's own making, with gaps, and noise: what the graphs are traced and compared with."""
    K, width, L = fitted.layout.K, fitted.codec.width if not fitted.steps else None, fitted.vae.latents
    with rng.seeded(0, "export"):
        z = torch.randn(ROWS, L)
        cells = torch.zeros(ROWS, width or K + len(fitted.layout.given))
        told = _told(fitted, ROWS)
        cells[:, K:] = told[0]
        observed = torch.rand(cells.shape) < SHOWN
        observed[:, K:] = told[1]
        cells[:, :K] = fitted.vae.likelihood_of(z[None], cells, observed).sample()[0]
        cells = cells.where(observed, 0.0)
        noise: dict[str, Any] = {"noise": torch.randn(ROWS, L), "shared noise": torch.randn(ROWS - 1, L)}
    return {"cells": cells, "observed": observed, "z": z, **noise}


def _told(fitted: Fitted, rows: int) -> tuple[Tensor, Tensor]:
    """Given cells (rows, G) of training rows, or none."""
    count = len(fitted.layout.given)
    if "given.cells" not in fitted.arrays or not count:
        return torch.zeros(rows, count), torch.zeros(rows, count, dtype=torch.bool)
    kept = (torch.from_numpy(fitted.arrays[f"given.{name}"]) for name in ("cells", "observed"))
    cells, observed = (each[torch.arange(rows) % len(each)] for each in kept)
    return cells, observed
