"""What of the training rows a model's file keeps, and what can be read from it."""

from __future__ import annotations

from typing import Any

from vaekit.artifact import Fitted
from vaekit.codec.levels import Levels
from vaekit.modes.balance import LEAST, ONES
from vaekit.modes.dependencies import names_of, sums_of
from vaekit.modes.discover import LEAST as FEWEST

# arrays of a file that hold training rows -> what they are, what they serve, what they show of a row
KEPT_ROWS = {
    "neighbours.cells": (
        "cells",
        "scores measure the distance to them, and new rows under a condition come in the shares of those that meet it",
        "every modelled value of these rows can be read back",
    ),
    "neighbours.latents": (
        "latents",
        "clusters are found among them, and images are compared with them",
        "decoding them gives what the model remembers of these rows",
    ),
    "given.cells": (
        "given columns",
        "samples for which no condition is given take theirs from these rows",
        "the values of the given columns of these rows can be read back",
    ),
}


def keeps(fitted: Fitted) -> list[dict[str, Any]]:
    """What the file keeps beside weights and scores: {"what", "rows", "of", "serves", "shows"}, rows first.

    Rows were drawn at random from the `of` training rows; without a number of rows, all training rows had a part in it.
    """
    of = fitted.about["train_rows"]
    rows = [
        {"what": what, "rows": len(fitted.arrays[name]), "of": of, "serves": serves, "shows": shows}
        for name, (what, serves, shows) in KEPT_ROWS.items()
        if name in fitted.arrays
    ]
    return rows + [{"what": what, "rows": None, "of": of, "serves": serves, "shows": shows}
                   for what, serves, shows in _of_columns(fitted)]  # fmt: skip


def _of_columns(fitted: Fitted) -> list[tuple[str, str, str]]:
    """What codec and prior know of columns, whatever `store_rows` says."""
    found = []
    named = [part.field.name for part in fitted.codec.parts.values() if isinstance(part, Levels) and len(part.known)]
    if named:
        words = "every name that training saw can be read, those of a single row too, with the number of its rows"
        found.append((f"names in {_listed(named)}", "cells are numbers of names", words))
    if any(len(field.quantiles) for field in fitted.layout.columns):
        words = "the least and the greatest value of a column are those of single rows"
        found.append(
            ("quantiles of numbers", "numbers are put on a common scale, and kept within what was seen", words)
        )
    if ONES in fitted.arrays:
        words = f"how many rows have a level or a part of the numbers, and two of these at once where {LEAST} rows do"
        found.append(("shares of columns and of pairs of columns", "new rows come in these shares", words))
    if determining := names_of(fitted):
        words = f"which value of another column goes with a value, or with two, that {FEWEST} rows have"
        serves = "new rows and filled cells agree with it, rows that do not are strange"
        found.append((f"what {_listed(determining)} determine", serves, words))
    if adding := sums_of(fitted):
        serves = "new rows and filled cells add up as well, rows that do not are strange"
        found.append((f"what adds up: {_listed(adding)}", serves, "the weights"))
    if fitted.spec["prior"]["kind"] == "vamp":
        words = "they began at training rows, and may still be like them"
        found.append(("pseudo-inputs", "the prior is the mixture of their posteriors", words))
    return found


def _listed(names: list[str], most: int = 4) -> str:
    """The first names, and how many more there are.

    >>> _listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
