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
    number and the one after the last; padding has no share. A left tail begins at minus infinity, a right one ends at infinity.
    """

    segment: Tensor
    share: Tensor
    start: Tensor
    end: Tensor


def pieces(cut: Partition) -> Pieces | None:
    """The pieces of all columns; None where an atom of whole numbers lies in a tail, which it would cut."""
    if cut.stacked:  # of some columns it has their rows of what was stacked
        return Pieces(*(getattr(cut, f"piece_{name}") for name in Pieces._fields))
    for k, known in enumerate(cut.pieces):
        if known is None:
            cut.pieces[k] = _of_column(cut, k)
    found = [part for part in cut.pieces if isinstance(part, Pieces)]
    if len(found) < len(cut.pieces):
        return None
    width = max(len(part.segment) for part in found)
    for name, every in zip(Pieces._fields, zip(*found, strict=True), strict=True):
        stacked = torch.stack([_padded(each, width) for each in every]).to(cut.edges.device)
        cut.register_buffer(f"piece_{name}", stacked, persistent=False)
    cut.stacked = True
    return pieces(cut)


def _padded(values: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(values, (0, width - len(values)))


def _of_column(cut: Partition, k: int) -> Pieces | bool:
    edges, atoms = (row[row.isfinite()].double().cpu().numpy() for row in (cut.edges[k], cut.atoms[k]))
    if cut.whole[k]:  # in whole numbers: each bin from its first one to the first one of the next
        edges, atoms = (_number(cut, k, edges) + 0.5).round(), _number(cut, k, atoms).round()
    fore, aft = atoms[atoms < edges[0]], atoms[atoms > edges[-1]]
    if cut.whole[k] and len(fore) + len(aft):
        return False
    inner, tail = _between(edges, atoms[len(fore) : len(atoms) - len(aft)], cut.A), cut.A + cut.J
    inner[0][inner[0] < cut.A] += len(fore)  # atoms are counted from the first one on
    parts = _left(edges[0], fore, tail), inner, _right(edges[-1], aft, tail + 1, len(atoms) - len(aft))
    found = Pieces(*(_joined(*each) for each in zip(*parts, strict=True)))
    if cut.whole[k]:  # whole numbers are counted from the last one that is in no tail
        found.start[0], found.start[-1], found.end[-1] = edges[0], edges[-1] - 1, edges[-1] - 1
    return found


def _right(last: float, atoms: Floats, tail: int, first: int) -> tuple[Floats, ...]:
    """Pieces of the exponential tail from `last` on, and of the atoms in it, which are counted from `first` on."""
    ends = np.concatenate([[last], atoms, [np.inf]])
    reached = np.exp(last - ends)
    segment, share = np.full(2 * len(atoms) + 1, tail), np.ones(2 * len(atoms) + 1)
    segment[1::2], share[::2] = first + np.arange(len(atoms)), reached[:-1] - reached[1:]
    return segment, share, np.repeat(ends[:-1], 2)[1:], np.repeat(ends[1:], 2)[:-1]


def _left(first: float, atoms: Floats, tail: int) -> tuple[Floats, ...]:
    """Pieces of the exponential tail up to `first`, and of the atoms in it."""
    segment, share, start, end = (each[::-1] for each in _right(-first, -atoms[::-1], tail, 0))
    return np.where(segment == tail, tail, len(atoms) - 1 - segment), share, -end, -start


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
    """The smallest cells (..., K) whose probability reaches `level`, for shares (..., K, M); None where atoms of whole
    numbers lie in tails. Several levels (Q, 1, K) give cells (Q, ..., K).

    >>> from vaekit.distributions import Partition, Scale
    >>> scale = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> cut = Partition([torch.tensor([1.0])], [torch.tensor([0.0, 2.0])], [False], scale)
    >>> [round(quantile(cut, torch.tensor([[0.4, 0.6, 0.0, 0.0]]), level).item(), 4) for level in (0.15, 0.5, 0.85)]
    [0.5, 1.0, 1.5]
    """
    found = pieces(cut)
    if found is None:
        return None
    mass = probs.gather(-1, found.segment.expand(*probs.shape[:-2], -1, -1)) * found.share.to(probs.dtype)
    total = mass.cumsum(-1)
    wanted = torch.as_tensor(level).to(total)
    several = wanted if wanted.dim() == total.dim() else wanted.expand(total.shape[:-1])[None]
    each = several.expand(-1, *total.shape[:-1]).movedim(0, -1).contiguous()  # (..., K, Q)
    at = torch.searchsorted(total, each).clamp(max=mass.shape[-1] - 1)
    own = mass.gather(-1, at)
    within = ((each - total.gather(-1, at) + own) / own.clamp(min=1e-30)).clamp(0, 1)
    segment, start, end = (
        rows.expand(mass.shape).gather(-1, at).movedim(-1, 0) for rows in (found.segment, found.start, found.end)
    )
    cells = _placed(cut, segment - (cut.A + cut.J), within.movedim(-1, 0), start.to(probs.dtype), end.to(probs.dtype))
    return cells if several is wanted else cells[0]


def _placed(cut: Partition, tail: Tensor, within: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Cells at a share `within` of their pieces; tail is 0 in a left one, 1 in a right one."""
    rest = torch.exp(start - end)  # the share of an exponential tail beyond a piece of it, of all from there on
    cell = start + within * (end - start)
    cell = torch.where(tail == 0, end + (within + (1 - within) * rest).clamp(min=1e-30).log(), cell)
    cell = torch.where(tail == 1, start - (1 - within + within * rest).clamp(min=1e-6).log(), cell)
    if not cut.counts_whole:
        return cell
    number = start + (within * (end - start)).ceil().clamp(min=1) - 1
    beyond = -torch.log1p(-within.clamp(max=1 - 1e-6))
    steps = cut.steps(beyond).ceil().clamp(min=1)
    return torch.where(cut.whole, cut.scale.cell(torch.where(tail == 1, start + steps, number)), cell)
