"""What holds for every file: sizes, docstrings with examples, a mirror test, and words that a stranger understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import vaekit
from vaekit.distributions import CELL_LAWS
from vaekit.nets import NETS
from vaekit.objectives import OBJECTIVES
from vaekit.posteriors import POSTERIORS
from vaekit.priors import PRIORS

ROOT = Path(__file__).parents[2]
SRC, TESTS = ROOT / "src/vaekit", ROOT / "tests"
SOURCES = sorted(SRC.rglob("*.py"))
MOST_LINES, MOST_OF_A_FUNCTION, SMALL = 350, 40, 25

# Files that a neighbour's test covers: the file, and the test that imports from it.
COVERED = {
    "cli/__init__.py": "cli/test_app.py",
    "cli/card.py": "cli/test_about.py",
    "cli/files.py": "cli/test_rows.py",
    "cli/group.py": "cli/test_words.py",
    "cli/options.py": "cli/test_fit.py",
    "demo/__init__.py": "demo/test_demo.py",
    "demo/answers.py": "demo/test_demo.py",
    "demo/digits_answers.py": "demo/test_digits.py",
    "demo/digits_story.py": "demo/test_digits.py",
    "demo/pictures.py": "demo/test_demo.py",
    "demo/story.py": "demo/test_demo.py",
    "demo/told.py": "demo/test_demo.py",
    "demo/weather_answers.py": "demo/test_weather.py",
    "demo/weather_story.py": "demo/test_weather.py",
    "distributions/__init__.py": "laws/test_cell_laws.py",
    "figures/__init__.py": "figures/test_figures.py",
    "figures/latents.py": "figures/test_figures.py",
    "figures/quality.py": "figures/test_figures.py",
    "figures/rows.py": "figures/test_figures.py",
    "figures/style.py": "figures/test_figures.py",
    "modes/judge.py": "modes/test_quality.py",
    "posteriors/__init__.py": "laws/test_models.py",
    "priors/__init__.py": "laws/test_models.py",
    "objectives/__init__.py": "laws/test_models.py",
    "report/common.py": "report/test_evaluation.py",
    "report/rows.py": "report/test_evaluation.py",
    "schema/__init__.py": "schema/test_infer.py",
    "schema/column.py": "schema/test_declare.py",
    "schema/look.py": "schema/test_conform.py",
    "schema/schema.py": "schema/test_infer.py",
    "serve/asked.py": "serve/test_app.py",
    "serve/bodies.py": "serve/test_app.py",
    "serve/meters.py": "serve/test_app.py",
    "serve/problems.py": "serve/test_app.py",
    "serve/questions.py": "serve/test_app.py",
    "sources/__init__.py": "sources/test_frames.py",
    "sources/table.py": "sources/test_frames.py",
}

# What only somebody who saw the files being written would understand.
FOREIGN = re.compile(
    r"/work/|/home/|/root/|\b(TODO|FIXME|XXX|HACK)\b|\bissue \d|\b(session|assistant|agent)s?\b", re.IGNORECASE
)
ALLOWED = re.compile(r"scope=\"session\"|user[- ]agent", re.IGNORECASE)


def _name(path: Path) -> str:
    return str(path.relative_to(SRC))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines below the signature and the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", [*SOURCES, *sorted(TESTS.rglob("*.py"))], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_can_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) < MOST_LINES
    long = {
        function.name: lines
        for function in _functions(path)
        if (lines := _lines_of_code(function)) > MOST_OF_A_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text())
    public = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert ast.get_docstring(tree), "a module says what it is for"
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def _shown() -> dict[str, Any]:
    """What a user meets by name: the package's own names, and every part that a spec can name."""
    names = {name: getattr(vaekit, name) for name in vaekit.__all__}
    own = {name: value for name, value in names.items() if callable(value) and not _is_error(value)}
    return own | CELL_LAWS | NETS | POSTERIORS | PRIORS | OBJECTIVES


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception | Warning)


@pytest.mark.parametrize("name", sorted(_shown()))
def test_what_a_user_meets_has_an_example(name: str) -> None:
    assert ">>>" in (_shown()[name].__doc__ or "")


def test_every_method_of_a_model_says_what_it_does() -> None:
    methods = [value for name, value in vars(vaekit.Model).items() if not name.startswith("_")]
    assert all((value.fget if isinstance(value, property) else value).__doc__ for value in methods)


@pytest.mark.parametrize("path", [path for path in SOURCES if len(path.read_text().splitlines()) > SMALL], ids=_name)
def test_every_source_file_has_its_test(path: Path) -> None:
    own = TESTS / path.relative_to(SRC).with_name(f"test_{path.stem.strip('_')}.py")
    if not own.exists():
        assert _name(path) in COVERED, f"write {own.relative_to(ROOT)}"
        assert (TESTS / COVERED[_name(path)]).exists()


def test_nothing_is_excused_without_need() -> None:
    for name in COVERED:
        path = SRC / name
        assert path.exists() and not (TESTS / name).with_name(f"test_{path.stem.strip('_')}.py").exists(), name


def test_the_project_speaks_of_itself_alone() -> None:
    texts = [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.py")]
    for path in [*texts, *(ROOT / "benchmarks").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "Makefile"]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = FOREIGN.search(ALLOWED.sub("", line))
            assert not found, f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
