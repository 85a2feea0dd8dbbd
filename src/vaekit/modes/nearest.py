"""How far rows of a table lie from their nearest training rows, and which columns make the way long."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec.field import Field
from vaekit.distributions import Scale

NEAREST = 3  # training rows
KEPT = 5_000  # training rows that a file keeps, at most
MOST_CELLS = 2**21  # that these rows have together, at most: 8 MB
MOST_LEVELS = 64  # of a column that are told apart; the rarer ones are one
FARTHEST = 20.0  # deviations from the mean that a number counts for, at most
RAREST = 0.01  # share of a level below which being another level weighs no more
PASS = 1024  # rows that look for their neighbours together


@dataclass(frozen=True)
class Space:
    """Where rows lie: a number as its cell and as its value, both in standard deviations; a name as a corner of a simplex.

    Args:
        fields: the K modelled columns.
        centre: mean of every coordinate over the kept training rows, (D,).
        scale: by which each is stretched, (D,).
        owner: the column of each coordinate, (D,).
    """

    fields: tuple[Field, ...]
    centre: Tensor
    scale: Tensor
    owner: Tensor

    def place(self, cells: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Coordinates (B, D) of cells (B, K), 0 where missing, and where they are not."""
        seen = observed[:, self.owner]
        where = ((_raw(self.fields, cells) - self.centre) * self.scale).clamp(-FARTHEST, FARTHEST)
        return where.where(seen, 0.0), seen


def space(fitted: Fitted) -> Space:
    """The space that the kept training rows span."""
    fields, cells, observed = fitted.fields, *kept(fitted)
    raw, owner = _raw(fields, cells), _owner(fields)
    seen = observed[:, owner].double()
    count = seen.sum(0).clamp(min=1)
    centre = (raw.double() * seen).sum(0) / count
    spread = (((raw.double() - centre) * seen).square().sum(0) / count).sqrt()
    named = torch.tensor([field.levels > 0 and field.kind != "ordinal" for field in fields])[owner]
    share = centre.clamp(RAREST, 1 - RAREST)
    scale = torch.where(named, (0.5 + 0.5 / (share * (1 - share))).sqrt(), 1 / spread.clamp(min=1e-6))
    scale = scale.where(named | (spread > 1e-6), 0.0)
    return Space(fields, centre.where(~named, 0.0).to(cells), scale.to(cells), owner)


def _raw(fields: tuple[Field, ...], cells: Tensor) -> Tensor:
    """Coordinates (B, D) before they are standardised."""
    out = []
    for k, field in enumerate(fields):
        own = cells[:, k]
        if field.kind == "ordinal":
            out += [own, own]
        elif field.levels:
            count = min(field.levels, MOST_LEVELS)
            level = own.nan_to_num(0.0).long().clamp(0, field.levels - 1).clamp(max=count - 1)
            out += list(torch.nn.functional.one_hot(level, count).to(cells.dtype).unbind(-1))
        else:
            scale = Scale([field.transform], torch.tensor([field.mean]), torch.tensor([field.std]))
            out += [own, own if field.transform == "linear" else scale.to(cells).number(own[:, None])[:, 0]]
    return torch.stack(out, -1)


def _owner(fields: tuple[Field, ...]) -> Tensor:
    width = [min(field.levels, MOST_LEVELS) if field.levels and field.kind != "ordinal" else 2 for field in fields]
    return torch.arange(len(fields)).repeat_interleave(torch.tensor(width))


def keep(fitted: Fitted, cells: Tensor, observed: Tensor) -> None:
    """Keep a seeded sample of the training rows (B, K + G) in the model, as cells."""
    K = fitted.layout.K
    most = max(1, min(KEPT, MOST_CELLS // K))
    pick = torch.from_numpy(rng.numpy(0, "neighbours").permutation(len(cells))[:most])
    fitted.arrays["neighbours.cells"] = cells[pick, :K].where(observed[pick, :K], torch.nan).numpy()


def kept(fitted: Fitted) -> tuple[Tensor, Tensor]:
    """Cells and observed flags (N, K) of the kept training rows."""
    cells = torch.from_numpy(fitted.arrays["neighbours.cells"]).to(fitted.dtype)
    return cells.nan_to_num(0.0), ~cells.isnan()


def distance(fitted: Fitted, cells: Tensor, observed: Tensor, *, nearest: int = NEAREST) -> Tensor:
    """Mean distance to the nearest training rows, as a sum over columns, (B, K), 0 where missing.

        d = mean_j |x - t_j| = sum_k mean_j (x_k - t_jk)^2 / |x - t_j|

    over the observed columns of x. A row is not its own neighbour: one training row that is equal to it does not count.
    Ramaswamy, Rastogi, Shim 2000 (doi 10.1145/342009.335437); Angiulli and Pizzuti 2002 (doi 10.1007/3-540-45681-3_2).
    """
    K, where = fitted.layout.K, space(fitted)
    known, flags = where.place(*kept(fitted))
    known = known.where(flags, 0.0)
    parts = [
        _distance(where, known, cells[at, :K], observed[at, :K], nearest) for at in torch.arange(len(cells)).split(PASS)
    ]
    return torch.cat(parts) if parts else cells.new_zeros(0, K)


def _distance(where: Space, known: Tensor, cells: Tensor, observed: Tensor, nearest: int) -> Tensor:
    own, seen = where.place(cells, observed)
    mask = seen.to(own.dtype)
    squared = own.square().sum(-1, keepdim=True) - 2 * own @ known.T + mask @ known.square().T
    found = squared.topk(min(nearest + 1, len(known)), largest=False).indices
    apart = (own[:, None] - known[found]) * mask[:, None]  # anew: a matrix product loses the digits of near ones
    squares = apart.new_zeros(*apart.shape[:2], len(where.fields)).index_add_(2, where.owner, apart.square())
    length = squares.sum(-1, keepdim=True).sqrt()
    share = squares / length.clamp(min=1e-12)
    order = length[..., 0].argsort(-1)
    share = share.gather(1, order[..., None].expand_as(share))
    itself = (length.amin(1) < 1e-6) & (len(known) > nearest)  # (B, 1)
    both = torch.where(itself[..., None], share[:, -nearest:], share[:, :nearest])
    return both.mean(1)
