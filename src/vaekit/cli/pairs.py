"""COL=KIND, COL=VALUE and PART.OPTION=VALUE, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from vaekit.errors import DataError, SchemaError, SpecError

_WORDS = {"None": None, "True": True, "False": False}


def kinds(pairs: Iterable[str]) -> dict[str, str]:
    """COLUMN=KIND: a kind never holds an equals sign, so a column may.

    >>> kinds(["a=b=count"])
    {'a=b': 'count'}
    """
    found = {}
    for pair in pairs:
        column, equals, kind = pair.rpartition("=")
        if not (column and equals and kind):
            raise SchemaError(f"--kind {pair}: expected COLUMN=KIND", hint="--kind age=count")
        found[column] = kind
    return found


def conditions(pairs: Iterable[str], columns: Collection[str]) -> dict[str, str]:
    """COLUMN=VALUE, where either may hold an equals sign: the longest known column wins.

    >>> conditions(["a=b=c"], ["a=b"]), conditions(["a=b=c"], ["a"])
    ({'a=b': 'c'}, {'a': 'b=c'})
    """
    found: dict[str, str] = {}
    for pair in pairs:
        known = [name for name in columns if pair.startswith(f"{name}=")]
        column = max(known, key=len) if known else pair.partition("=")[0]
        value = pair[len(column) + 1 :]
        if not column or not value:
            raise DataError(f"--given {pair}: expected COLUMN=VALUE", hint="--given 'marital-status=Divorced'")
        if column in found:
            raise DataError(f"--given {pair}: column {column!r} is given twice", hint="one value for each column")
        found[column] = value
    return found


def parts(settings: Iterable[str]) -> dict[str, Any]:
    """PART=VALUE and PART.OPTION=VALUE as the dict that `vaekit.fit` takes; values are JSON where they can be.

    >>> parts(["prior=normal", "objective.beta=4", "net.hidden=[400]", "net=mlp"])
    {'prior': 'normal', 'objective': {'beta': 4}, 'net': {'kind': 'mlp', 'hidden': [400]}}
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        path = name.split(".")
        if not (equals and text and all(path)):
            raise SpecError(f"--set {setting}: expected PART=VALUE or PART.OPTION=VALUE", hint="--set objective.beta=4")
        _put(found, path, value(text), setting)
    return found


def value(text: str) -> Any:
    """A value as JSON has it, None, True and False as Python has them, anything else as text.

    >>> [value(text) for text in ("4", "1e-3", ".5", "[400, 200]", "null", "None", "true", "mlp")]
    [4, 0.001, 0.5, [400, 200], None, None, True, 'mlp']
    """
    try:
        return _WORDS[text] if text in _WORDS else json.loads(text)
    except json.JSONDecodeError:
        return float(text) if text.strip("+-").startswith(".") and text.strip("+-.").isdigit() else text


def _put(tree: dict[str, Any], path: list[str], leaf: Any, setting: str) -> None:
    """Write a leaf into the tree; a kind and options of the same part meet in one dict, in either order."""
    for name in path[:-1]:
        below = tree.setdefault(name, {})
        if isinstance(below, str):
            below = tree[name] = {"kind": below}
        if not isinstance(below, dict):
            raise SpecError(f"--set {setting}: {name!r} is already set to {below!r}, which has no options")
        tree = below
    before = tree.get(path[-1])
    if isinstance(before, dict) and isinstance(leaf, str):
        leaf = {"kind": leaf, **{option: each for option, each in before.items() if option != "kind"}}
    tree[path[-1]] = leaf
