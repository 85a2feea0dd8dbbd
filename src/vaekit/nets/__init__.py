"""features -> features, on the way to the latents and on the way back; each net holds both halves, mirrored.

A net is a module with `encode(features) -> (..., encoded)`, `decode(latents) -> (..., decoded)` and both sizes as attributes.
A net on a grid (`on_grid`) is built for a `GridSize` and says which of its decoded features are `local`, which `beside`.
A net with a token a column (`on_columns`) is built for a `ColumnSize`.
"""

from torch import nn

from vaekit.nets.attention import Attention
from vaekit.nets.conv import Conv
from vaekit.nets.embed import ColumnSize, Embed
from vaekit.nets.embed import where_observed as where_observed
from vaekit.nets.grid import GridEmbed, GridSize
from vaekit.nets.mlp import Mlp
from vaekit.nets.residual import ResidualMlp

NETS: dict[str, type[nn.Module]] = {"residual": ResidualMlp, "mlp": Mlp, "conv": Conv, "attention": Attention}

__all__ = ["NETS", "Attention", "ColumnSize", "Conv", "Embed", "GridEmbed", "GridSize", "Mlp", "ResidualMlp"]
