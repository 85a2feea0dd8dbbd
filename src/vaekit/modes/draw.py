"""Cells of new rows: latents from the prior, cells from the decoder, and of what comes out as much as is real."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.distributions import Categorical

from vaekit.artifact import Fitted
from vaekit.modes.ask import as_tensors, chunks, legal
from vaekit.modes.balance import Balance, Tally, balance_of, together
from vaekit.modes.dependencies import dependencies_of

TRIES = 24  # how often a row is drawn anew: of rows given what is rare few are kept
AT_ONCE = 1024  # rows drawn together, so that what goes from layer to layer stays in a core's cache
FEW = 128  # rows that a pass of the network hardly notices
EACH = 4  # rows decoded from the same latents, of which one is chosen
NEVER = 30.0  # nats against rows that contradict themselves
LESS = 0.75  # of what covers nearly all suffices where rows under no condition are balanced, which makes up for what it loses
COUNTED = 64  # rows chosen between two looks at what new rows lack

Lot = tuple[Tensor, Tensor]  # cells and observed flags, (B, K + G) each
Drawn = tuple[Tensor, Tensor, Tensor]  # the same of E rows from the same latents, (E, B, K + G), and flags (E, B)


def draw(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float = 1.0) -> Lot:
    """Cells and observed flags (B, K + G) of new rows: conditions stay, the rest is drawn, gaps fall as they did in training.

    Cells that others determine are what these say, and rows that contradict that are drawn anew (see `modes.dependencies`).
    Where the model has learned how much likelier rows are among real ones than among its own, r (see `priors.ratio`), a row is
    kept with a probability proportional to r and drawn anew otherwise: rejection sampling, exact but for the few rows whose
    r is beyond what covers nearly all, and for those that `TRIES` did not suffice for. Azadi et al. 2019 (arXiv 1810.06758).

    Rows under no condition, or under one that enough of the kept training rows meet, are balanced besides: those are preferred
    of whose levels, numbers and pairs of them there are too few among the rows so far (see `modes.balance`).
    """
    if temperature != 1:
        return _drawn(fitted, cells, context, temperature, None)
    values, present = cells.clone(), torch.zeros_like(context)
    for at in together(fitted, cells, context):
        own, known = cells[at], context[at]
        values[at], present[at] = _drawn(fitted, own, known, temperature, balance_of(fitted, own, known))
    return values, present


def _drawn(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float, balance: Balance | None) -> Lot:
    """The rows of `draw`, of which all are balanced together or none."""
    tally, most = None if balance is None else Tally(balance), _most(fitted)
    if tally is None and most is None and dependencies_of(fitted) is None:
        return plain(fitted, cells, context, temperature)
    most = 1.0 if most is None else most if tally is None or context.any() else LESS * most
    values, present, waiting, often = cells.clone(), torch.zeros_like(context), torch.arange(len(cells)), 1
    for _ in range(TRIES):
        asked = waiting.repeat(often)
        if tally is not None:
            new, there, kept = _balanced(fitted, cells[asked], context[asked], tally, most, once=often == 1)
        else:
            new, there, weight = chosen(fitted, cells[asked], context[asked], temperature)
            kept = torch.rand(len(asked)) < weight / most
        kept = kept.unflatten(0, (often, -1))
        first = kept.long().argmax(0) * len(waiting) + torch.arange(len(waiting))
        values[waiting], present[waiting] = new[first], there[first]
        waiting = waiting[~kept.any(0)]
        if not len(waiting):
            break
        often = max(1, FEW // len(waiting))  # of a few that are left several draws each: the first that is kept counts
    return values, present


def _most(fitted: Fitted) -> float | None:
    """The mean of r that nearly all rows stay below; None where no ratio has been learned."""
    ratio = fitted.vae.ratio
    return None if ratio is None or not ratio.learned else float(ratio.most)


def plain(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float = 1.0) -> Lot:
    """New rows as the model alone draws them."""
    values, present, _ = _decoded(fitted, cells, context, temperature, 1)
    return values[0], present[0]


def chosen(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Of the rows that the same latents give one, in proportion to r; and the mean of r over them, (B,).

    A row that is kept with a probability proportional to that mean has the law of a single row that is kept in proportion to
    its own r, and is kept more often, since the mean varies less.
    """
    values, present, agree = _decoded(fitted, cells, context, temperature, EACH)
    ratio = _weighed(fitted, as_given_back(fitted, values.flatten(0, 1), present.flatten(0, 1)), agree).T
    pick = Categorical(logits=ratio).sample()
    at = torch.arange(len(cells))
    return values[pick, at], present[pick, at], ratio.exp().mean(-1)


def _balanced(
    fitted: Fitted, cells: Tensor, context: Tensor, tally: Tally, most: float, *, once: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of `chosen`, and whether each is kept, (B,): a few after the other, since those before say what is lacking.

    Only where each row is asked for `once` are those that are kept known to stay, and counted.
    """
    parts = [_balanced_lot(fitted, cells[at], context[at], tally, most, once) for at in _lots(fitted, len(cells))]
    values, present, kept = (torch.cat(part) for part in zip(*parts, strict=True))
    return values, present, kept


def _balanced_lot(
    fitted: Fitted, cells: Tensor, context: Tensor, tally: Tally, most: float, once: bool
) -> tuple[Tensor, Tensor, Tensor]:
    values, present, agree = _part(fitted, cells, context, 1.0, EACH)
    read = as_given_back(fitted, values.flatten(0, 1), present.flatten(0, 1))
    ratio = _weighed(fitted, read, agree)
    places = tally.balance.places(*read).unflatten(1, (EACH, -1))
    picks, keeps = [], []
    for at in chunks(len(cells), COUNTED):
        pick, kept = tally.choose(places[:, :, at], ratio[:, at], most, count=once)
        picks.append(pick)
        keeps.append(kept)
    pick, row = torch.cat(picks), torch.arange(len(cells))
    return values[pick, row], present[pick, row], torch.cat(keeps)


def _weighed(fitted: Fitted, read: Lot, agree: Tensor) -> Tensor:
    """Log r (E, B) of rows that were read again, where it has been learned; those that contradict themselves are not real."""
    ratio = torch.zeros(agree.shape) if _most(fitted) is None else log_ratio(fitted, *read).view(agree.shape)
    return ratio - NEVER * ~agree


def log_ratio(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """Log r (B,) of rows that were given back and read again."""
    assert fitted.vae.ratio is not None, "a model that has learned it"
    return torch.cat([fitted.vae.ratio(cells[at], observed[at]) for at in _lots(fitted, len(cells))])


def as_given_back(fitted: Fitted, values: Tensor, present: Tensor) -> Lot:
    """Drawn rows once they were given back and read again: numbers rounded, levels legal, nothing where they have gaps."""
    return as_tensors(*fitted.codec.again(legal(fitted, values.double()).numpy(), present.numpy()))


def _decoded(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float, each: int) -> Drawn:
    """Cells and observed flags (E, B, K + G) of `each` rows from the same latents, and which do not contradict themselves."""
    parts = [_part(fitted, cells[at], context[at], temperature, each) for at in _lots(fitted, len(cells))]
    values, present, agree = (torch.cat(part, 1) for part in zip(*parts, strict=True))
    return values, present, agree


def _lots(fitted: Fitted, count: int) -> Iterator[slice]:
    return chunks(count, min(AT_ONCE, fitted.at_once))


def _part(fitted: Fitted, cells: Tensor, context: Tensor, temperature: float, each: int) -> Drawn:
    vae = fitted.vae
    features = vae.decoded(vae.latents_given(cells, context, temperature), cells, context)
    drawn = vae.likelihood(features[None]).sample((each,))[:, 0]
    known = context[:, : vae.K]
    seen = known.new_ones(drawn.shape) if vae.gaps is None else vae.gaps.sample(features, known, (each,))
    shown, rest = drawn.where(~known, cells[:, : vae.K]), cells[:, vae.K :].expand(each, -1, -1)
    agree = known.new_ones(each, len(known))
    if (dependencies := dependencies_of(fitted)) is not None:
        shown, agree = dependencies.settled(shown, known.expand_as(shown))
    values, present = torch.cat([shown, rest], -1), torch.cat([seen, context[:, vae.K :].expand(each, -1, -1)], -1)
    return values, present, agree
