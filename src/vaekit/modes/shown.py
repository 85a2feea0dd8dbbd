"""What a notebook shows of a result. The writer is a room above this one: it is found by name, when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def shown(result: Any) -> str:
    """A piece of HTML of bounded size."""
    return import_module("vaekit.report.notebook").shown(result)
