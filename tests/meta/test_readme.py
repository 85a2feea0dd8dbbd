"""The README shows the example that runs, and only figures that were measured."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _maker():
    spec = importlib.util.spec_from_file_location("make_readme", ROOT / "docs/make_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_the_example_that_runs():
    assert _maker().example() in (ROOT / "README.md").read_text()


def test_the_readme_shows_the_figures_of_the_committed_result():
    maker = _maker()
    assert maker.figures(json.loads(maker.RESULT.read_text())) in (ROOT / "README.md").read_text()
