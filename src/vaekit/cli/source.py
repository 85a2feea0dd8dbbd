"""DATA of a command: a file, or the answer to a query (--sql URL --query QUERY)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from vaekit.cli.options import Data
from vaekit.errors import UserError

Url = Annotated[
    str | None,
    typer.Option(
        "--sql", metavar="URL", help="Rows from a database instead of DATA: sqlite:///FILE or postgresql://..."
    ),
]
Query = Annotated[str | None, typer.Option("--query", metavar="QUERY", help="What to select there.")]


def sourced(word: str, run: Callable[..., None]) -> Callable[..., None]:
    """A command whose DATA may be a query; commands without DATA stay as they are."""
    known = signature(run, eval_str=True)
    if known.parameters.get("data", Parameter("data", Parameter.KEYWORD_ONLY)).annotation != Data:
        return run

    @wraps(run)
    def command(*, data: str | None, sql: str | None, query: str | None, **options: Any) -> None:
        run(data=chosen(word, data, sql, query), **options)

    own = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in known.parameters.values()]
    own = [each.replace(default=None, annotation=_may_be_absent()) if each.name == "data" else each for each in own]
    more = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=what)
        for name, what in (("sql", Url), ("query", Query))
    ]
    command.__signature__ = known.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in (*own, *more)}
    return command


def chosen(word: str, data: str | None, sql: str | None, query: str | None) -> Any:
    """A file's name, or a query of a database.

    Args:
        word: the command.
        data: DATA.
        sql: the URL of a database.
        query: what to select there.

    Raises:
        UserError: none of them, both, or half of a query.
    """
    if (sql is None) != (query is None):
        raise UserError(
            "--sql and --query belong together", hint='--sql sqlite:///rows.db --query "select * from rows"'
        )
    if sql is not None and query is not None:
        if data is not None:
            raise UserError(f"DATA ({data!r}) beside --sql: one or the other was expected", hint="leave DATA out")
        from vaekit.sources.sql import sql as rows

        return rows(sql, query)
    if data is None:
        raise UserError(
            "Missing argument 'DATA'", hint=f"DATA is a file, or --sql URL --query QUERY: vaekit {word} --help"
        )
    return data


def _may_be_absent() -> Any:
    """The argument, which need not be given."""
    info = Data.__metadata__[0]  # type: ignore[attr-defined]
    return Annotated[str | None, typer.Argument(metavar="[DATA]", help=info.help, show_default=False)]
