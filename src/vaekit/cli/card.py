"""The card of a model, for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vaekit.cli.words import as_typed


def show(card: Mapping[str, Any], path: str, out: Console) -> None:
    """Print the card: training, columns, latents, modes, quality, limits, and what is kept of the training rows."""
    out.print(Text.assemble((path, "bold"), f"  preset {card['preset']}"))
    for line in training(card):
        out.print(line, soft_wrap=True)
    tables = {
        "Columns": _columns,
        "Latents": _latents,
        "Modes": _modes,
        "Quality": _quality,
        "Limits": _limits,
        "Kept": _kept,
    }
    for title, table in tables.items():
        out.print()
        out.print(Text(title, "bold"))
        out.print(table(card))


def training(card: Mapping[str, Any]) -> Iterator[str]:
    """Lines on how it was fitted."""
    train, spec = card["spec"]["train"], card["spec"]
    ended = ", ".join(f"{stage}: {how}" for stage, how in card["ended"].items())
    versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    if card["windows"] is None:
        yield f"{card['rows']:,} rows: {card['train_rows']:,} trained, {card['held_out_rows']:,} held out"
    else:
        yield f"{card['rows']:,} steps: {card['train_rows']:,} windows trained, {card['held_out_rows']:,} held out"
        yield windows(card["windows"])
    yield f"{card.get('seconds', 0):,.1f} s on {card['device']}, seed {card['seed']}, {card['parameters']:,} parameters"
    yield f"up to {train['epochs']} epochs of batches of {train['batch']}; ended {ended}"
    yield ", ".join(f"{part} {spec[part]['kind']}" for part in ("net", "posterior", "prior", "objective"))
    yield f"{card['created']}, {versions}"


def windows(cut: Mapping[str, Any]) -> str:
    """How a stream is cut, in one line.

    >>> windows({"size": 32, "stride": 4, "time": "at", "by": ["pump"], "interval": 60.0, "own": False, "dated": True})
    "windows of 32 steps, stride 4; clock 'at', a step every 60 s; machines by 'pump'"
    """
    told = [f"windows of {cut['size']} steps, stride {cut['stride']}"]
    if cut["time"] is None:
        told.append("the clock is the order of the rows")
    else:
        unit = " s" if cut["dated"] else ""
        pace = f"a step every {cut['interval']:g}{unit}" if cut["interval"] is not None else "no usual step"
        told.append(f"clock {cut['time']!r}, {'each machine at its own pace' if cut['own'] else pace}")
    told += [f"machines by {', '.join(map(repr, cut['by']))}"] if cut["by"] else []
    return "; ".join(told)


def _columns(card: Mapping[str, Any]) -> Table:
    table = _table("name", "kind", "role", "why")
    for name, column in card["columns"].items():
        role = _role(card, name, column["role"])
        style = "dim" if name in card["set_aside"] else ""
        kind = " ".join([column["kind"], " x ".join(map(str, column.get("shape", ())))]).strip()
        table.add_row(*(Text(word, style) for word in (name, kind, role, column["why"])))
    return table


def _role(card: Mapping[str, Any], name: str, role: str) -> str:
    cut = card["windows"]
    if cut is not None and name in (cut["time"], *cut["by"]):
        return "clock" if name == cut["time"] else "machine"
    return "set aside" if name in card["set_aside"] else role


def _latents(card: Mapping[str, Any]) -> Table:
    rates = card["latents"]["kl_nats"]
    if rates is None:
        return _table(f"{card['latents']['count']} coordinates of a plain autoencoder, which have no rate")
    active = card["quality"]["active_latents"]
    table = _table("latent", "KL in nats", f"{active} of {len(rates)} active, {sum(rates):.1f} nats in all")
    most = max([*rates, 1e-9])
    for latent in sorted(range(len(rates)), key=lambda i: -rates[i]):
        table.add_row(str(latent), f"{rates[latent]:.2f}", "█" * round(30 * max(rates[latent], 0) / most))
    return table


def _modes(card: Mapping[str, Any]) -> Table:
    table = _table("mode", "")
    for name, state in card["modes"].items():
        state = as_typed(state)
        table.add_row(name, Text(state, "green" if state == "available" else "yellow"))
    return table


def _quality(card: Mapping[str, Any]) -> Table:
    table, quality = _table("measure", ""), card["quality"]
    for name, value in quality.items():
        if name != "worries" and value is not None:
            table.add_row(
                name.replace("_", " "), f"{value:,}" if not isinstance(value, bool) else "yes" if value else "no"
            )
    for worry in quality["worries"]:
        table.add_row("to look into", Text(worry, "yellow"))
    return table


def _limits(card: Mapping[str, Any]) -> Table:
    table = _table("about", "")
    for about, words in card["limits"].items():
        table.add_row(about.replace("_", " "), words)
    return table


def _kept(card: Mapping[str, Any]) -> Table:
    table = _table("what", "training rows", "what it shows of them")
    for each in card["keeps"]:
        table.add_row(
            each["what"], "" if each["rows"] is None else f"{each['rows']:,} of {each['of']:,}", each["shows"]
        )
    return table


def _table(*headers: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for header in headers:
        table.add_column(header)
    return table
