"""The segments of a partition in the order of the line, where quantiles are found without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.codec.field import Floats

if TYPE_CHECKING:
    from vaekit.distributions.partition import Partition


class Pieces(NamedTuple):
    """For K columns R stretches from left to right, each a share of a segment: a bin between two atoms, an atom, a tail.

    segment (K, R) along M, share (K, R) of the segment's probability, start and end (K, R) in cells, of whole numbers the first
    number and the one after the last; padding has no share. Left tails begin and end at the first edge, right ones at the last.
    """

    segment: Tensor
    share: Tensor
    start: Tensor
    end: Tensor


def pieces(cut: Partition) -> Pieces | None:
    """The pieces of all columns; None where an atom lies in a tail, which it would cut."""
    for k, known in enumerate(cut.pieces):
        if known is None:
            cut.pieces[k] = _of_column(cut, k)
    found = [part for part in cut.pieces if isinstance(part, Pieces)]
    if len(found) < len(cut.pieces):
        return None
    width = max(len(part.segment) for part in found)
    return Pieces(*(torch.stack([_padded(each, width) for each in parts]) for parts in zip(*found, strict=True)))


def _padded(values: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(values, (0, width - len(values)))


def _of_column(cut: Partition, k: int) -> Pieces | bool:
    edges, atoms = (row[row.isfinite()].double().cpu().numpy() for row in (cut.edges[k], cut.atoms[k]))
    if cut.whole[k]:  # in whole numbers: each bin from its first one to the first one of the next
        edges, atoms = (_number(cut, k, edges) + 0.5).round(), _number(cut, k, atoms).round()
    if len(atoms) and (atoms.min() < edges[0] or atoms.max() > edges[-1]):
        return False
    segment, share, start, end = _between(edges, atoms, cut.A)
    left, right, tails = edges[:1], edges[-1:] - float(cut.whole[k]), cut.A + cut.J + np.arange(2)
    return Pieces(
        _joined(tails[:1], segment, tails[1:]),
        _joined(np.ones(1), share, np.ones(1)),
        _joined(left, start, right),
        _joined(left, end, right),
    )


def _joined(*parts: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.concatenate(parts))


def _between(edges: Floats, atoms: Floats, first: int) -> tuple[Floats, ...]:
    """Segment, share, start and end of the pieces between the outermost edges; bins are counted from `first` on."""
    A, place = len(atoms), np.concatenate([atoms, edges[:-1]])
    order = np.lexsort((np.arange(len(place)) >= A, place))  # where a bin begins an atom comes before it
    place, following = place[order], np.append(place[order][1:], edges[-1])
    inside = np.maximum((order >= A).cumsum() - 1, 0)  # the bin that lies open
    share = np.stack([order < A, (following - place) / (edges[inside + 1] - edges[inside])], 1)
    segment, end = np.stack([order, first + inside], 1), np.stack([place, following], 1)
    kept = share > 0
    return segment[kept], share[kept], np.stack([place, place], 1)[kept], end[kept]


def _number(cut: Partition, k: int, cells: Floats) -> Floats:
    every = torch.from_numpy(cells).to(cut.edges.device)[:, None].expand(-1, len(cut.whole))
    return cut.scale.number(every)[:, k].double().cpu().numpy()


def quantile(cut: Partition, probs: Tensor, level: float | Tensor) -> Tensor | None:
    """The smallest cells (..., K) whose probability reaches `level`, for shares (..., K, M); None where atoms lie in tails.

    >>> from vaekit.distributions import Partition, Scale
    >>> scale = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> cut = Partition([torch.tensor([1.0])], [torch.tensor([0.0, 2.0])], [False], scale)
    >>> [round(quantile(cut, torch.tensor([[0.4, 0.6, 0.0, 0.0]]), level).item(), 4) for level in (0.15, 0.5, 0.85)]
    [0.5, 1.0, 1.5]
    """
    found = pieces(cut)
    if found is None:
        return None
    found = Pieces(*(each.to(probs.device) for each in found))
    mass = probs.gather(-1, found.segment.expand(*probs.shape[:-2], -1, -1)) * found.share.to(probs.dtype)
    total = mass.cumsum(-1)
    level = torch.as_tensor(level).to(total)[..., None]
    at = (total < level).sum(-1, keepdim=True).clamp(max=mass.shape[-1] - 1)
    own = mass.gather(-1, at)
    within = ((level - total.gather(-1, at) + own) / own.clamp(min=1e-30))[..., 0].clamp(0, 1)
    segment, _, start, end = (each.expand(*mass.shape).gather(-1, at)[..., 0] for each in found)
    return _placed(cut, segment - (cut.A + cut.J), within, start.to(probs.dtype), end.to(probs.dtype))


def _placed(cut: Partition, tail: Tensor, within: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Cells at a share `within` of their pieces; tail is 0 in a left one, 1 in a right one."""
    beyond = -torch.log1p(-within.clamp(max=1 - 1e-6))
    cell = start + within * (end - start)
    cell = torch.where(tail == 0, start + within.clamp(min=1e-30).log(), cell)
    cell = torch.where(tail == 1, start + beyond, cell)
    if not cut.counts_whole:
        return cell
    number = start + (within * (end - start)).ceil().clamp(min=1) - 1
    steps = (beyond / torch.log1p(1 / cut.tail_mean())).ceil().clamp(min=1)
    return torch.where(cut.whole, cut.scale.cell(torch.where(tail == 1, start + steps, number)), cell)
