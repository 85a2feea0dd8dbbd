"""features -> features, on the way to the latents and on the way back; each net holds both halves, mirrored.

A net is a module with `encode(features) -> (..., encoded)`, `decode(latents) -> (..., decoded)` and both sizes as attributes.
"""

from torch import nn

from vaekit.nets.embed import Embed
from vaekit.nets.mlp import Mlp
from vaekit.nets.residual import ResidualMlp

NETS: dict[str, type[nn.Module]] = {"residual": ResidualMlp, "mlp": Mlp}

__all__ = ["NETS", "Embed", "Mlp", "ResidualMlp"]
