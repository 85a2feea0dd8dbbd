"""The list of commands in plain text: it is asked for most, and rich takes longer to import than all the rest."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Group(TyperGroup):
    """The commands under the names of their panels; a single command's help is drawn by rich."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what it is, the commands, the options, how streams and exit status are used."""
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(self.help or "")
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            panels.setdefault(panel, []).append((name, command.get_short_help_str(200)))
        panels["Options"] = [row for option in self.get_params(ctx) if (row := option.get_help_record(ctx)) is not None]
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)
        formatter.write_paragraph()
        formatter.write_text(self.epilog or "")
