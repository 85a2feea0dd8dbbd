"""Parts of the reference that are made from the package's own tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from vaekit.cli.about import families
from vaekit.modes import MODES
from vaekit.presets import PRESETS
from vaekit.spec import options

ORDER = ("net", "posterior", "prior", "likelihood", "objective", "train")


def modes() -> str:
    """Every question, and what it needs."""
    link = "[`{0}`](model.md#vaekit.Model.{0})"
    rows = [f"| {link.format(name)} | {mode.line} | {', '.join(mode.needs)} |" for name, mode in MODES.items()]
    return "\n".join(["| question | answer | needs |", "|---|---|---|", *rows])


def presets() -> str:
    """Every preset with its reference."""
    rows = [f"| `{name}` | {preset.line} | {preset.reference} |" for name, preset in PRESETS.items()]
    return "\n".join(["| preset | what it is | reference |", "|---|---|---|", *rows])


def parts() -> str:
    """Every part, its kinds, and their options."""
    return "\n".join(line for name in ORDER for line in _family(name, families()[name]))


def _family(part: str, family: Any) -> Iterator[str]:
    yield f"## {part}\n"
    for kind, chosen in options(family).items():
        first = " ".join((family[kind].__doc__ or "").strip().split("\n\n")[0].split())
        yield f"### `{part}={kind}` {{: #{part}-{kind.replace('_', '-')} }}\n\n{first}\n"
        if chosen:
            yield "| option | default | type | |\n|---|---|---|---|"
            yield from (
                f"| `{name}` | `{json.dumps(each.default, default=str)}` | {_cell(each.annotation)} | {_cell(each.doc)} |"
                for name, each in chosen.items()
            )
            yield ""


def commands() -> str:
    """Every command with its arguments, as its help says."""
    import typer.main

    from vaekit.cli.app import app

    return "\n".join(_command(name, command) for name, command in typer.main.get_command(app).commands.items())  # type: ignore[attr-defined]


def _command(name: str, command: Any) -> str:
    usage = " ".join(["vaekit", name, *(_use(each) for each in command.params if each.param_type_name == "argument")])
    lines = [f"## {name}\n", " ".join((command.help or "").split()), "", f"```\n{usage}\n```\n"]
    found = [
        each for each in command.params if each.param_type_name == "option" and not each.hidden and each.name != "help"
    ]
    if found:
        lines += ["| option | |", "|---|---|"]
        lines += [f"| `{', '.join(sorted(each.opts, key=len))}` | {_cell(each.help or '')} |" for each in found]
    return "\n".join([*lines, ""])


def _use(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()).strip("[]")
    return name if argument.required else f"[{name}]"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


TABLES: dict[str, Callable[[], str]] = {"modes": modes, "presets": presets, "parts": parts, "commands": commands}
