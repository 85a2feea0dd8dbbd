"""The README shows the example that runs, and only figures that were measured."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _maker():
    spec = importlib.util.spec_from_file_location("make_readme", ROOT / "docs/make_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_the_example_that_runs():
    assert _maker().example() in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["adult", "images", "sensors"])
def test_the_readme_shows_the_figures_of_the_committed_results(name):
    maker = _maker()
    table = maker.TABLES[name](json.loads((maker.RESULTS / f"{name}.json").read_text()))
    assert table in (ROOT / "README.md").read_text()
