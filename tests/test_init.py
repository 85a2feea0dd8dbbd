"""The public names: there, lazy, and cheap to import."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import vaekit
from vaekit import errors

ROOT = Path(__file__).parents[1]


def imported_by(code: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(shown.stdout.split())


@pytest.mark.parametrize("code", ["import vaekit", "import vaekit; vaekit.UserError, dir(vaekit), vaekit.__version__"])
def test_importing_vaekit_imports_nothing_heavy(code):
    heavy = {"torch", "numpy", "pyarrow", "pandas", "polars", "sklearn", "pydantic", "narwhals", "rich", "typer"}
    assert not imported_by(code) & heavy


@pytest.mark.parametrize("name", vaekit.__all__)
def test_every_public_name_is_there(name):
    assert name in dir(vaekit)
    assert getattr(vaekit, name) is not None


def test_errors_are_the_ones_of_the_tree():
    for name in (
        "VaekitError",
        "UserError",
        "SchemaError",
        "SpecError",
        "DataError",
        "ModeUnavailable",
        "VaekitWarning",
    ):
        assert getattr(vaekit, name) is getattr(errors, name)


def test_presets_is_the_module_whichever_way_it_is_reached():
    assert vaekit.presets is sys.modules["vaekit.presets"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'vaekit' has no attribute 'fitt'"):
        vaekit.fitt  # noqa: B018


def test_the_version_is_the_packages():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == vaekit.__version__


def test_constraints_pin_every_dependency_without_local_versions():
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(line.count("==") == 1 and not set("+@/") & set(line) for line in pins)
    names = {line.split("==")[0].lower() for line in pins}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = declared["dependencies"] + declared["optional-dependencies"]["dev"]
    assert {word.split(">=")[0] for word in needed if ">=" in word} <= names
