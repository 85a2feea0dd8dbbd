"""inspect, presets, kinds: what there is, for people; on a terminal in colour, elsewhere in plain lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaekit.cli import files
from vaekit.cli.options import ModelFile
from vaekit.errors import SpecError

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 160  # columns of text where nobody's terminal says otherwise


def inspect(
    model: ModelFile, as_json: Annotated[bool, typer.Option("--json", help="The whole card as JSON.")] = False
) -> None:
    """What a model was fitted on, what it made of the columns, and what it can be asked."""
    card = files.open_model(model).card
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
        return
    from vaekit.cli.card import show

    show(card, model, console())


def presets() -> None:
    """The papers' models that --preset names, one a line."""
    from rich.text import Text

    from vaekit.presets import PRESETS

    out, wide = console(), max(map(len, PRESETS))
    for name, preset in PRESETS.items():
        line = Text.assemble((f"{name:<{wide}}", "bold"), f"  {preset.line}  ", (f"[{preset.reference}]", "dim"))
        out.print(line, soft_wrap=True)


def kinds(
    part: Annotated[str | None, typer.Argument(metavar="PART", help="net, posterior, prior, ...; all without.")] = None,
) -> None:
    """The kinds of a part and their options, as --set takes them: --set prior=normal, --set net.hidden=[400]."""
    from vaekit.spec import meant

    known = families()
    if part is not None and part not in known:
        raise SpecError(
            f"kinds {part}: there is no such part, expected one of {', '.join(known)}",
            hint=meant(part, known) or "vaekit kinds lists them all",
        )
    for name in known if part is None else [part]:
        _list(name, known[name], console())


def families() -> dict[str, Mapping[str, Callable[..., Any]]]:
    """Every part that has kinds."""
    from vaekit.likelihoods import LIKELIHOODS
    from vaekit.nets import NETS
    from vaekit.objectives import OBJECTIVES
    from vaekit.pace import adamw
    from vaekit.posteriors import POSTERIORS
    from vaekit.priors import PRIORS

    return {
        "net": NETS, "posterior": POSTERIORS, "prior": PRIORS, "likelihood": LIKELIHOODS, "objective": OBJECTIVES,
        "train": {"adamw": adamw},
    }  # fmt: skip


def _list(part: str, family: Mapping[str, Callable[..., Any]], out: Console) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from vaekit.spec import options

    for kind, chosen in options(family).items():
        doc = (family[kind].__doc__ or "").strip().split("\n\n")[0]
        out.print(Text.assemble((f"{part}={kind}", "bold"), f"  {' '.join(doc.split())}"), soft_wrap=True)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        for name, option in chosen.items():
            default = json.dumps(option.default, default=str)
            table.add_row(f"{part}.{name}={default}", Text(option.annotation, "dim"), Text(option.doc))
        if chosen:
            out.print(Padding(table, (0, 0, 0, 2)))


def console() -> Console:
    """Standard output; as wide as its lines where it is no terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)
