"""vaekit export: a model as ONNX."""

from __future__ import annotations

from typing import Annotated

import typer

from vaekit.cli import files
from vaekit.cli.options import ModelFile


def export(
    model: ModelFile,
    out: Annotated[str, typer.Option("--out", "-o", metavar="OUT.onnx", help="The scorer; the rest lies beside it.")],
) -> None:
    """Scorer, encoder and decoder as ONNX graphs, held against torch; beside them the codec as JSON and a program that needs
    numpy and onnxruntime alone. Needs the extra onnx.
    """
    files.check_place(out, "model.onnx")
    fitted = files.open_model(model)
    typer.echo("encoder, decoder and scorer are traced and held against torch: a quarter of a minute or so", err=True)
    fitted.export(out)
