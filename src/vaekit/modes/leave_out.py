"""What each cell costs given cells of other columns: the columns are left out block by block, each row at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec import Layout
from vaekit.codec.field import Field
from vaekit.distributions import Columns
from vaekit.likelihoods.merge import for_few
from vaekit.modes.coverage import told
from vaekit.modes.units import units
from vaekit.nets import Embed
from vaekit.recorded import recorded

Blocks = Sequence[list[int]]

BLOCKS = 48  # that a table without blocks of its own has at most
LEFT_OUT = "left_out"  # the array that says in which block each cell is
ALONE, TOGETHER = 8, 4  # up to so many columns are left out one by one; more in so many blocks
SHOWN = 5_000  # rows from which dependence is taken
COMMON = 4  # levels of a name whose dependence is looked at
FEW = 2**12  # cells, times blocks: for so few all heads are computed for every block, which are fewer steps
PASS = 1024  # rows, each with another block left out, that pass the network together: they stay in a core's cache


@dataclass(frozen=True)
class LeftOut:
    """Nats (B, K) of cells; the decoder's features with each block left out, (blocks, rows, F) for lots of rows; and where
    few rows of a table were asked about, the mean of q(z | all observed cells), (B, L), and the best value, low and high end
    (3, B, K) of each cell given the cells outside its block, where these need no search.
    """

    nats: Tensor
    features: list[Tensor]
    mean: Tensor | None = None
    told: Tensor | None = None

    def of(self, block: int | Tensor, rows: Tensor) -> Tensor:
        """The features (1, rows, F) of some rows with one block left out, or with a block of each row's own (rows,)."""
        size = self.features[0].shape[1]
        if isinstance(block, Tensor):
            stacked = self.features[0] if len(self.features) == 1 else torch.cat(self.features, 1)
            return stacked[block, rows][None]
        lots = [each[block, rows[rows // size == i] - i * size] for i, each in enumerate(self.features)]
        return torch.cat(lots)[None]


def leave_out(fitted: Fitted, cells: Tensor, observed: Tensor, left_out: Blocks | None = None) -> LeftOut:
    """-log p(cell | the observed cells outside its block) per cell, a pseudo-likelihood: what is this cell, given others?

    Finds broken dependence that a reconstruction forgives, because the encoder never sees the cell it is asked about. Besag
    1975, Statistical analysis of non-lattice data; of blocks Lindsay 1988, Composite likelihood methods.

    Args:
        fitted: the model.
        cells: (B, K + G).
        observed: same shape.
        left_out: the blocks, which cover every modelled cell once; the model's own when None.
    """
    K, blocks = fitted.vae.K, list(left_out or blocks_of(fitted))
    if len(blocks) * len(cells) * K <= FEW:
        what, steps = ("left out", _known(blocks)), partial(_of_few, fitted, blocks)
        own, features, *more = recorded(fitted, what, steps, cells, observed)
        return LeftOut(own, [features], *more)
    back = torch.tensor([k for block in blocks for k in block]).argsort()
    asks = [_asking(fitted, block) for block in blocks]
    nats, kept = [], []
    for at in torch.arange(len(cells)).split(PASS):
        features = torch.cat([each for _, each in without(fitted, cells[at], observed[at], blocks)])
        costs = [ask(features[i : i + 1], cells[at]) for i, ask in enumerate(asks)]
        nats.append(torch.cat(costs, -1)[:, back])
        kept.append(features)
    every = torch.cat(nats) if nats else cells.new_zeros(0, K)
    return LeftOut(every.where(observed[:, :K], 0.0), kept)


def _of_few(fitted: Fitted, blocks: Blocks, cells: Tensor, observed: Tensor) -> tuple[Tensor, ...]:
    """The same of few rows: all blocks, and none, pass the encoder together, and all cells have one law, each column its own
    block's features.
    """
    vae, K = fitted.vae, fitted.vae.K
    z = _latents_without(fitted, cells, observed, [[], *blocks], _embedded(fitted, cells, observed))
    features = vae.decoded(z[1:], cells, observed)
    owner = fitted.once("owners", _known(blocks), lambda: owners(blocks))
    if fitted.layout.shape:
        nats = -vae.likelihood(features).log_prob(cells[:, :K])[owner, :, torch.arange(K)].T
        return nats.where(observed[:, :K], 0.0), features
    likelihood = for_few(vae.likelihood, fitted.prepared, owner)
    law = likelihood(features)
    nats = -law.log_prob(cells[:, :K])[0]
    expected = told(fitted, law, likelihood.members)
    return nats.where(observed[:, :K], 0.0), features, z[0], *([] if expected is None else [expected])


def owners(blocks: Blocks) -> Tensor:
    """The block of each cell, (K,).

    >>> owners([[0, 2], [1]])
    tensor([0, 1, 0])
    """
    owner = torch.zeros(sum(map(len, blocks)), dtype=torch.long)
    for b, block in enumerate(blocks):
        owner[block] = b
    return owner


def _asking(fitted: Fitted, block: list[int]) -> Any:
    """What tells the nats of a block's cells (B, cells) from features (1, B, F)."""
    likelihood, K = fitted.vae.likelihood, fitted.vae.K
    if fitted.layout.shape:
        return lambda features, cells: -likelihood(features).log_prob(cells[:, :K])[0][:, block]
    law = likelihood.among(block)
    return lambda features, cells: -law(features).log_prob(cells[:, block])[0]


def without(
    fitted: Fitted, cells: Tensor, observed: Tensor, left_out: Blocks
) -> Iterator[tuple[list[int], Tensor]]:  # fmt: skip
    """Each block of cells, and the decoder's features (1, B, F) of q(z | the other observed cells) at its mean.

    A hidden cell adds zeros to what the encoder sees, so that one embedding serves all blocks, less the block's own features;
    several blocks pass the network together.
    """
    together, seen = max(1, PASS // max(1, len(cells))), _embedded(fitted, cells, observed)
    for at in range(0, len(left_out), together):
        several = list(left_out[at : at + together])
        z = _latents_without(fitted, cells, observed, several, seen)
        yield from zip(several, fitted.vae.decoded(z, cells, observed).split(1), strict=True)


def _embedded(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor | None:
    """What the encoder sees of rows, feature by feature; None where features are no column's own."""
    vae = fitted.vae
    return vae.embed(cells, observed) if isinstance(vae.embed, Embed) and vae.label is None else None


def _latents_without(fitted: Fitted, cells: Tensor, observed: Tensor, left_out: Blocks, seen: Tensor | None) -> Tensor:
    """The means of q(z | all observed cells but a block's), (blocks, B, L)."""
    vae, shape = fitted.vae, (len(left_out), len(cells))
    kept, shown = fitted.once("left out", (_known(left_out), cells.shape[1]), lambda: _kept(fitted, left_out, cells))
    if seen is not None and shown is not None:
        return vae.posterior(vae.net.encode((seen * shown).flatten(0, 1))).mean.unflatten(0, shape)
    every = cells.expand(*shape, -1).flatten(0, 1)
    return vae.posterior_of(every, (observed & kept).flatten(0, 1)).mean.unflatten(0, shape)


def _kept(fitted: Fitted, left_out: Blocks, cells: Tensor) -> tuple[Tensor, Tensor | None]:
    """Which cells stay where each block is left out, (blocks, 1, K + G), and 1 for each feature that stays, (blocks, 1, F)."""
    kept = torch.ones(len(left_out), 1, cells.shape[1], dtype=torch.bool)
    for i, block in enumerate(left_out):
        kept[i, :, block] = False
    embed: Any = fitted.vae.embed
    return kept, kept[..., list(embed.owner)].to(cells.dtype) if isinstance(embed, Embed) else None


def _known(blocks: Blocks) -> tuple[tuple[int, ...], ...]:
    """What tells blocks from others."""
    return tuple(map(tuple, blocks))


def law_at(fitted: Fitted, features: Tensor, k: int) -> Columns:
    """p(cell k) at the decoder's features (1, B, F), batch shape (1, B, 1)."""
    return fitted.vae.likelihood.only(features, k)


def blocks_of(fitted: Fitted) -> list[list[int]]:
    """The blocks that a model's cells are left out in."""
    own = fitted.arrays.get(LEFT_OUT)
    return blocks(fitted.layout) if own is None else fitted.once("blocks", own, lambda: _listed(own))


def _listed(block: NDArray[np.int64]) -> list[list[int]]:
    return [np.flatnonzero(block == b).tolist() for b in range(int(block.max()) + 1)]


def blocks(layout: Layout) -> list[list[int]]:
    """Where a model has no blocks of its own: column by column up to `BLOCKS`, else in that many blocks of a fixed random
    order; of images tile by tile.

    >>> few, many = ([Field(str(k), "real") for k in range(n)] for n in (2, 1000))
    >>> blocks(Layout(tuple(few))), len(blocks(Layout(tuple(many))))
    ([[0], [1]], 48)
    """
    found = [list(unit.cells) for unit in units(layout)]
    if len(found) <= BLOCKS:
        return found
    order = rng.numpy(0, "blocks").permutation(len(found))
    return [sorted(k for u in order[b::BLOCKS] for k in found[u]) for b in range(BLOCKS)]


def keep_blocks(fitted: Fitted, cells: Tensor, observed: Tensor) -> None:
    """Keep in the model in which blocks the columns of its table are left out, from training rows (B, K + G).

    A table of more than a few columns is left out in four blocks, which costs a row four passes rather than one a column.
    Columns that hang together go to different blocks, so that each still sees those that tell of it. Only a model that was
    trained on rows with hidden cells can do without so many.
    """
    K = fitted.layout.K
    if fitted.layout.shape or ALONE >= K or not fitted.spec["train"]["hide"]:
        return
    fitted.arrays[LEFT_OUT] = apart(dependence(fitted.fields, cells[:SHOWN, :K], observed[:SHOWN, :K]), TOGETHER)


def dependence(fields: Sequence[Field], cells: Tensor, observed: Tensor) -> NDArray[np.float64]:
    """How much each two columns tell of one another, (K, K): the root mean square of the correlations of their coordinates.

    A number is its rank, a name the indicators of its most common levels; a missing cell is the mean.
    """
    coordinates, owner = [], []
    for k, field in enumerate(fields):
        own, seen = cells[:, k].double().numpy(), observed[:, k].numpy()
        named = field.levels > 2 and field.kind != "ordinal"
        levels = [own == level for level in range(min(COMMON, field.levels))] if named else [_ranks(own)]
        coordinates += [_standard(np.asarray(each, dtype=float), seen) for each in levels]
        owner += [k] * len(levels)
    stacked, place = np.stack(coordinates), np.eye(len(fields))[owner]
    squares = np.square(stacked @ stacked.T / stacked.shape[1])
    count = np.outer(place.sum(0), place.sum(0))
    found = np.sqrt(place.T @ squares @ place / count)
    np.fill_diagonal(found, 0.0)
    return found


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.unique(values, return_inverse=True)[1].astype(float)


def _standard(values: NDArray[np.float64], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean 0 and deviation 1 among the cells that are seen, 0 where they are not."""
    if not seen.any() or values[seen].std() < 1e-12:
        return np.zeros(len(values))
    return np.where(seen, (values - values[seen].mean()) / values[seen].std(), 0.0)


def apart(dependence: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The block (K,) of each column, equally large ones, so that dependent columns lie apart: greedily, the most dependent
    first.

    >>> apart(np.array([[0, 0.9, 0, 0], [0.9, 0, 0, 0], [0, 0, 0, 0.8], [0, 0, 0.8, 0]]), 2).tolist()
    [0, 1, 0, 1]
    """
    K = len(dependence)
    block, size = np.full(K, -1), -(-K // count)
    for k in np.argsort(-dependence.sum(1), kind="stable"):
        room = np.bincount(block[block >= 0], minlength=count) < size
        cost = np.array([dependence[k, block == b].sum() for b in range(count)])
        block[k] = int(np.where(room, cost, np.inf).argmin())
    return block
