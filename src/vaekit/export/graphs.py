"""The model as three modules of tensors alone: what ONNX can hold of it.

```
cells (B, K + G), observed (B, K + G), noise (B, L) --Encoder--> mean, std, z (B, L)
z (B, L), cells, observed                           --Decoder--> best (B, K)
cells, observed, noise (S, L)                       --Scorer---> score (B,), cells (B, K), bound (B,)
```

`cells` are what the codec makes of values; the decoder reads of them the given columns alone. `score` is the default score of
`model.score` (of a window: its mean step), `bound` the negative evidence lower bound in nats of cells.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from vaekit.artifact import Fitted
from vaekit.distributions.latents import place
from vaekit.likelihoods import Mix
from vaekit.likelihoods.merge import Merged
from vaekit.modes import nearest
from vaekit.modes.ask import noise_table
from vaekit.modes.calibrate import centred, weighed
from vaekit.modes.contradictions import COST, contradictions_of
from vaekit.modes.leave_out import blocks_of
from vaekit.modes.ways import LATENT, MIX, SAMPLES, USUAL, WAYS, divided, way
from vaekit.objectives import kl
from vaekit.vae import VAE


def lean(vae: VAE) -> VAE:
    """The model with likelihoods of all sizes as one tensor each: fewer steps to trace, and fewer in the graph."""
    if not isinstance(vae.likelihood, Mix):
        return vae
    own = copy.copy(vae)
    own.__dict__ = {**vae.__dict__, "_modules": {**vae._modules, "likelihood": Merged(vae.likelihood)}}
    return own


class Encoder(nn.Module):
    """q(z|row): its mean and deviation, and a draw for given noise; of a model without a density the code itself."""

    inputs = ("cells", "observed", "noise")
    outputs = ("mean", "std", "z")

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.vae, self.density = fitted.vae, fitted.has_density

    def forward(self, cells: Tensor, observed: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        law: Any = self.vae.posterior_of(cells, observed)
        std = law.stddev if self.density else torch.zeros_like(law.mean)
        return law.mean, std, place(law, noise[None])[0] if self.density else law.mean + 0 * noise


class Decoder(nn.Module):
    """The best value of every cell at latents."""

    inputs = ("z", "cells", "observed")
    outputs = ("best",)

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.vae = lean(fitted.vae)

    def forward(self, z: Tensor, cells: Tensor, observed: Tensor) -> Tensor:
        best = self.vae.likelihood_of(z[None], cells, observed).best()
        return best + 0 * (cells.sum() + observed.sum())  # inputs of a graph that it does not use would be dropped


class Scorer(nn.Module):
    """The default score, its cells, and the negative bound for given noise.

    A table's score is written anew here for all cells left out at once, with nothing that depends on the number of rows; every
    export compares it with the score that `model.score` computes.
    """

    inputs = ("cells", "observed", "noise")
    outputs = ("score", "cells_score", "bound")
    shown: Tensor
    block_of: Tensor
    columns: Tensor
    middle: Tensor
    spread: Tensor
    centre: Tensor
    usual: Tensor | None

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.vae, self.fitted, self.way = lean(fitted.vae), fitted, way(fitted, "default")
        self.table = not fitted.layout.shape and self.way == "default"
        noise_table(fitted, SAMPLES)  # a graph cannot draw it, but it can hold it
        if not self.table:
            return
        several, K = blocks_of(fitted), fitted.layout.K
        shown = torch.ones(len(several), 1, K + len(fitted.layout.given), dtype=torch.bool)
        block_of = torch.zeros(K, dtype=torch.long)
        for i, block in enumerate(several):
            shown[i, :, block] = False
            block_of[block] = i
        self.blocks, self.space, arrays = len(several), None, fitted.arrays
        self._keep(shown=shown, block_of=block_of, columns=torch.arange(K))
        self._keep(middle=torch.from_numpy(arrays["latents.centre"]), spread=torch.from_numpy(arrays["latents.spread"]))
        self._keep(centre=torch.from_numpy(arrays["centre.default"]).float())
        self.weights = tuple(arrays[MIX].tolist()) if MIX in arrays else (0.0, 1.0)
        self.latent = float(arrays[f"centre.default.{LATENT}"][0])
        self.wrong = contradictions_of(fitted) if COST in arrays else None
        self.cost = float(arrays[COST][0]) if COST in arrays else 0.0
        if MIX in arrays:
            self.space = Space(fitted)
            self.register_buffer("usual", torch.from_numpy(arrays[USUAL]).float() if USUAL in arrays else None)

    def _keep(self, **tensors: Tensor) -> None:
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)

    def forward(self, cells: Tensor, observed: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        law: Any = self.vae.posterior_of(cells, observed)
        if self.table:
            score, own = self._of_rows(cells, observed, law)
        else:
            raw = weighed(self.fitted, self.way, WAYS[self.way](self.fitted, cells, observed))
            result = centred(self.fitted, self.way, raw, observed)
            score, own = result.total.float(), result.cells.float()
        return score, own, self._bound(cells, observed, noise, law)

    def _of_rows(self, cells: Tensor, observed: Tensor, law: Any) -> tuple[Tensor, Tensor]:
        near, weight = self.weights
        nats = self._left_out(cells, observed)
        raw = weight * nats
        if self.space is not None:
            apart = self.space(cells, observed)
            raw = raw + near * (apart if self.usual is None else divided(apart, nats, self.usual))
        if self.wrong is not None:
            differ, _ = self.wrong.dependencies.against(cells[:, : self.vae.K])
            raw = raw + self.cost * self.wrong.blame(*self.wrong.broken(differ, observed[:, : self.vae.K]))
        own = (raw - self.centre).where(observed[:, : self.vae.K], 0.0)
        far = ((law.mean - self.middle) / self.spread).square() / 2
        return own.sum(-1) + weight * far.mean(-1) - self.latent, own

    def _left_out(self, cells: Tensor, observed: Tensor) -> Tensor:
        """Nats (B, K) of each cell given the others, as `modes.ways.leave_out`."""
        every, seen = cells.repeat(self.blocks, 1), observed.repeat(self.blocks, 1)
        z = self.vae.posterior_of(every, (observed & self.shown).flatten(0, 1)).mean
        nats = -self.vae.likelihood_of(z[None], every, seen).log_prob(every[:, : self.vae.K])[0]
        own = nats.unflatten(0, (self.blocks, -1)).permute(2, 0, 1)[self.columns, self.block_of].T
        return own.where(observed[:, : self.vae.K], 0.0)

    def _bound(self, cells: Tensor, observed: Tensor, noise: Tensor, law: Any) -> Tensor:
        if not self.fitted.has_density:
            return torch.zeros_like(cells[:, 0]) + 0 * noise.sum()
        K, z = self.vae.K, place(law, noise[:, None])
        nats = -self.vae.likelihood_of(z, cells, observed).log_prob(cells[:, :K]).mean(0)
        rate = kl(law, self.vae.prior_law(cells, observed), z).sum(-1)
        return nats.where(observed[:, :K], 0.0).sum(-1) + rate


class Space(nn.Module):
    """Mean distance (B, K) of rows to the nearest kept rows, over the columns, as `modes.nearest.distance`."""

    centre: Tensor
    scale: Tensor
    at: Tensor
    owner: Tensor
    known: Tensor
    level: Tensor
    last: Tensor
    named: Tensor
    curved: Tensor
    mean: Tensor
    spread: Tensor
    less: Tensor

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        where = nearest.space(fitted)
        known, flags = where.place(*nearest.kept(fitted))
        self.count = len(known)
        axes, fields = where.axes, fitted.fields
        owner = nn.functional.one_hot(axes.owner, fitted.layout.K).to(known.dtype)
        kept = {"centre": where.centre, "scale": where.scale, "at": axes.owner, "owner": owner}
        kept |= {"level": axes.level.to(known.dtype), "last": axes.last.to(known.dtype), "named": axes.level >= 0}
        kept["curved"] = torch.zeros(len(axes.owner), dtype=torch.bool).index_fill(0, axes.curved, True)
        kept["mean"], kept["spread"] = (
            torch.tensor([getattr(fields[k], name) for k in axes.owner]).where(kept["curved"], fill)
            for name, fill in (("mean", 0.0), ("std", 1.0))
        )
        kept["less"] = torch.tensor([float(fields[k].transform == "log1p") for k in axes.owner])
        for name, tensor in {**kept, "known": known.where(flags, 0.0)}.items():
            self.register_buffer(name, tensor)

    def forward(self, cells: Tensor, observed: Tensor) -> Tensor:
        few, seen = nearest.NEAREST, observed[:, self.at].to(cells.dtype)
        far = nearest.FARTHEST
        own = ((self._raw(cells) - self.centre) * self.scale).clamp(-far, far) * seen
        squared = own.square().sum(-1, keepdim=True) - 2 * own @ self.known.T + seen @ self.known.square().T
        found = squared.topk(min(few + 1, self.count), largest=False).indices
        squares = ((own[:, None] - self.known[found]) * seen[:, None]).square() @ self.owner
        length = squares.sum(-1, keepdim=True).sqrt()
        order = length[..., 0].sort(-1).indices
        share = (squares / length.clamp(min=1e-12)).gather(1, order[..., None].expand_as(squares))
        if self.count <= few:
            return share[:, :few].mean(1)
        itself = length.amin(1) < 1e-6
        return torch.where(itself[..., None], share[:, -few:], share[:, :few]).mean(1)

    def _raw(self, cells: Tensor) -> Tensor:
        """Coordinates (B, D) before they are standardised, as `modes.nearest.Axes.of`."""
        own = cells[:, self.at]
        grown = (own * self.spread + self.mean).clamp(max=80.0).exp() - self.less
        flags = own.clamp(min=0.0).minimum(self.last).floor() == self.level
        return torch.where(self.named, flags.to(own.dtype), torch.where(self.curved, grown, own))


GRAPHS = {"encoder": Encoder, "decoder": Decoder, "scorer": Scorer}
