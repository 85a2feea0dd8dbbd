"""What the site adds to its pages: source by reference, equations, pictures that follow the colours, files of the repository.

A page stays plain Markdown that any reader shows:

    ```source                     the code of that object, taken from the package when the site is built
    vaekit.objectives.kl:kl
    ```
    $...$, $$...$$                an equation, as MathML
    ![words](../assets/x.svg)     the drawing itself in the page, so that its colours are the page's
    ```generated                  tables made from the package: presets, commands, parts
    presets
    ```
"""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
SOURCE = re.compile(r"^```source\n([\w.]+):([\w.]+)\n```$", re.MULTILINE)
GENERATED = re.compile(r"^```generated\n(\w+)\n```$", re.MULTILINE)
FENCE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
DISPLAY, INLINE = (
    re.compile(r"\$\$(.+?)\$\$", re.DOTALL),
    re.compile(r"(?<![\\$\w])\$([^\s$](?:[^$\n]*[^\s$])?)\$(?!\w)"),
)
PICTURE = re.compile(r'<img alt="([^"]*)" src="((?:\.\./)*assets/[\w.-]+\.svg)"[^>]*>')
SCHEME = re.compile(r'<style id="scheme">.*?</style>', re.DOTALL)
FOLDERS = {"guides": "Guides", "concepts": "Concepts", "notes": "Notes", "reference": "Reference"}
# files of the repository that are pages of the site too, and where their links lead
COPIES = {"project/architecture.md": "ARCHITECTURE.md", "project/changelog.md": "CHANGELOG.md"}


def on_config(config: Any) -> Any:
    """Pages that the navigation does not name join the section of their folder."""
    named = set(re.findall(r"[\w/.-]+\.md", str(config.nav)))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT / "docs").as_posix()
        if name not in named:
            section = next(each for each in config.nav if FOLDERS.get(path.parent.name, "Measured") in each)
            next(iter(section.values())).append(name)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add measured results, and the repository's own pages."""
    for path in sorted((ROOT / "benchmarks/results").glob("*.json")):
        if not path.name.endswith(".partial.json"):
            files.append(File.generated(config, f"results/{path.name}", abs_src_path=str(path)))
    for place, name in COPIES.items():
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](../")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in source, generated tables and equations; links to results stay within the site."""
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(r"\]\((?:\.\./)+benchmarks/results/", f"]({up}results/", markdown)
    markdown = SOURCE.sub(lambda found: source(*found.groups()), markdown)
    markdown = GENERATED.sub(lambda found: generated(found[1]), markdown)
    parts = FENCE.split(markdown)
    return "".join(part if at % 2 else equations(part) for at, part in enumerate(parts))


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Put drawings into the page."""

    def drawn(found: re.Match[str]) -> str:
        path = ROOT / "docs" / found[2].replace("../", "")
        text = SCHEME.sub("", path.read_text(encoding="utf-8"))
        return text.replace("<svg", f'<svg role="img" aria-label="{found[1]}" class="drawing"', 1)

    return PICTURE.sub(drawn, html)


def source(module: str, name: str) -> str:
    """A function or class of the package as a block of code, without its docstring.

    Raises:
        PluginError: when it is not there any more, so that no page shows code that nobody runs.
    """
    spec = find_spec(module)
    path = Path(spec.origin) if spec is not None and spec.origin else None
    if path is None:
        raise PluginError(f"source: there is no module {module}")
    text = path.read_text(encoding="utf-8")
    found: Any = ast.parse(text)
    for part in name.split("."):
        found = next((each for each in found.body if getattr(each, "name", None) == part), None)
        if found is None:
            raise PluginError(f"source: {module} has no {name}")
    lines = text.splitlines()
    first = min([found.lineno, *(each.lineno for each in found.decorator_list)]) - 1
    cut = found.body[0] if ast.get_docstring(found) is not None and len(found.body) > 1 else None
    kept = [line for at, line in enumerate(lines[first : found.end_lineno], first + 1)
            if cut is None or not cut.lineno <= at <= cut.end_lineno]  # fmt: skip
    indent = len(kept[0]) - len(kept[0].lstrip())
    code = "\n".join(line[indent:] for line in kept).replace("\n\n\n", "\n\n")
    return f'```python title="{path.relative_to(ROOT)}"\n{code}\n```'


def equations(text: str) -> str:
    """The text with its equations as MathML."""
    from latex2mathml.converter import convert

    text = DISPLAY.sub(lambda found: convert(found[1].strip(), display="block"), text)
    return INLINE.sub(lambda found: convert(found[1]), text)


def generated(name: str) -> str:
    """A table made from the package."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import tables
    finally:
        sys.path.pop(0)
    if name not in tables.TABLES:
        raise PluginError(f"generated: {name!r} is none of {', '.join(tables.TABLES)}")
    return str(tables.TABLES[name]())
