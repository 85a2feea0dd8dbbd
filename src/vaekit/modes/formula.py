"""A total in words: gross = net + tax, amount = price x quantity."""

from __future__ import annotations

from collections.abc import Sequence

from vaekit.modes.totals import Total


def formula(total: Total, names: Sequence[str]) -> str:
    """The total as a reader would write it down.

    >>> import torch
    >>> from vaekit.modes.totals import double
    >>> weights, flags = torch.tensor([1.0, -1.8]), torch.zeros(2, dtype=torch.bool)
    >>> formula(Total([1, 0], weights, double(32.0), False, flags), ["celsius", "fahrenheit"])
    'fahrenheit = 1.8 celsius + 32'
    >>> weights, flags = torch.tensor([1.0, -1.0, 1.0]), torch.zeros(3, dtype=torch.bool)
    >>> formula(Total([0, 1, 2], weights, double(0.0), True, flags), ["price", "amount", "quantity"])
    'price = amount / quantity'
    >>> formula(Total([0, 1, 2], torch.ones(3), double(1.0), False, torch.ones(3)), ["fat", "sugar", "water"])
    'fat + sugar + water = 1'
    """
    first, *others = total.on
    weights = (-total.weight[1:]).tolist()
    rest = float(total.rest.exp() if total.logs else total.rest)
    if total.logs:
        up = [_power(names[k], w) for k, w in zip(others, weights, strict=True) if w > 0]
        up = [f"{rest:.6g}"] * (rest != 1) + up
        down = [_power(names[k], -w) for k, w in zip(others, weights, strict=True) if w < 0]
        return f"{names[first]} = {' / '.join([' x '.join(up) or '1', *down])}"
    if len(weights) > 1 and rest and max(weights) < 0:
        return f"{_sum([(1.0, names[first]), *((-w, names[k]) for k, w in zip(others, weights, strict=True))])} = {rest:.6g}"
    terms = [(weight, names[k]) for k, weight in zip(others, weights, strict=True)] + [(rest, "")] * (rest != 0)
    return f"{names[first]} = {_sum(terms)}"


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    ordered = sorted(terms, key=lambda term: term[0] < 0)
    parts = [("-" if w < 0 else "+", "" if abs(w) == 1 and name else f"{abs(w):.6g}", name) for w, name in ordered]
    return " ".join(" ".join(filter(None, part)) for part in parts).removeprefix("+ ")


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{power:g}"
