"""Docstrings as the site reads them: examples stand in fences, so that Markdown leaves them alone."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n\1(?! *$).+)*", re.MULTILINE)


class Fenced(Extension):
    """Fences around doctests."""

    def on_instance(self, *, obj: Any, **_: Any) -> None:
        """Change the docstring of every object that was read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    r"""The text with each doctest in a fence, unless it stands in one.

    >>> fenced("One.\n\n>>> 1 + 1\n2\n\nTwo.").splitlines()[2:6]
    ['```pycon', '>>> 1 + 1', '2', '```']
    """
    parts = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(
        part if at % 2 else EXAMPLE.sub(lambda found: f"{found[1]}```pycon\n{found[0]}\n{found[1]}```", part)
        for at, part in enumerate(parts)
    )
