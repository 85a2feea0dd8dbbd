"""The documentation is true: every block of its pages runs, and the site builds without a warning."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ELSEWHERE = re.compile(r"<(?:script|img|iframe)[^>]*src=\"https?:|<link[^>]*stylesheet[^>]*href=\"https?:")
PAGES = _module("pages")


def test_there_are_pages() -> None:
    assert len(PAGES.programs()) > 7


@pytest.mark.timeout(400)  # a busy machine takes its time
@pytest.mark.filterwarnings("default::vaekit.errors.VaekitWarning")  # a name that training never saw is ordinary
@pytest.mark.parametrize("path", PAGES.programs(), ids=lambda path: path.stem)
def test_a_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drawings = tmp_path / "drawings"
    drawings.mkdir()
    made, text = PAGES.run(path, drawings), path.read_text()
    assert _outputs(made) == _outputs(text), "run docs/pages.py: a page shows what its code prints"
    for drawing in drawings.iterdir():
        assert (DOCS / "assets" / drawing.name).exists(), f"run docs/pages.py: {drawing.name} was never drawn"


def _outputs(text: str) -> list[bool]:
    """Whether each output has something in it; numbers differ a little between machines."""
    return [bool(found[1].strip()) for found in re.finditer(r"^```output\n(.*?)```$", text, re.DOTALL | re.MULTILINE)]


def test_a_drawing_belongs_to_a_page() -> None:
    text = "".join(path.read_text() for path in [*DOCS.rglob("*.md"), ROOT / "README.md"])
    assert [path.name for path in (DOCS / "assets").glob("*.svg") if f"assets/{path.name}" not in text] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_is_built_without_a_warning_and_needs_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not ELSEWHERE.search(text), page.name
        assert "$$" not in text and "```" not in text, page.name


def test_the_reference_has_every_question_and_every_preset(site: Path) -> None:
    from vaekit.modes import MODES
    from vaekit.presets import PRESETS

    model = (site / "reference/model.html").read_text(encoding="utf-8")
    assert all(f'id="vaekit.Model.{name}"' in model for name in MODES)
    presets = (site / "reference/presets.html").read_text(encoding="utf-8")
    assert all(f"<code>{name}</code>" in presets for name in PRESETS)


def test_source_that_is_not_there_is_refused() -> None:
    from mkdocs.exceptions import PluginError

    hooks = _module("hooks")
    code = hooks.source("vaekit.objectives.kl", "kl")
    assert "def kl(" in code and '"""' not in code
    for name in (("vaekit.objectives.kl", "absent"), ("vaekit.absent", "kl")):
        with pytest.raises(PluginError):
            hooks.source(*name)


def test_equations_and_code_are_told_apart() -> None:
    hooks = _module("hooks")
    assert hooks.equations("costs $5 or $6, $x^2$").count("<math") == 1
    assert "<math" in hooks.equations("$$\n\\frac{1}{2}\n$$") and "<math" not in hooks.equations("US$ 5 and US$ 6")


def _commands() -> list[str]:
    """Commands in blocks that are too long, or wait too long, to be run."""
    blocks = [
        block for path in DOCS.rglob("*.md") for block in re.findall(r"^```\n(.*?)^```$", path.read_text(), re.M | re.S)
    ]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = [re.search(r"(?:^|[|] |-m )(vaekit [a-z-]+ [^|>#]*)", line) for line in lines]
    return sorted({" ".join(each[1].split()) for each in found if each})


@pytest.mark.parametrize("line", _commands())
def test_a_command_that_is_not_run_is_understood(line: str) -> None:
    import shlex

    import typer.main

    from vaekit.cli.app import app

    _, name, *words = shlex.split(line.replace("...", ""))
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    with command.make_context(name, words) as context:  # raises for an option that is not there
        assert context.params
