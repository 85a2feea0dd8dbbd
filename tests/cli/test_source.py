"""DATA of a command: a file, or the answer to a query."""

from __future__ import annotations

import sqlite3

import pytest

from vaekit.cli.source import chosen
from vaekit.errors import UserError
from vaekit.sources import read


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((None, None, None), "Missing argument 'DATA'"),
        ((None, "sqlite:///rows.db", None), "belong together"),
        (("rows.csv", "sqlite:///rows.db", "select 1"), "one or the other"),
    ],
)
def test_data_are_a_file_or_a_query(words, message):
    with pytest.raises(UserError, match=message) as caught:
        chosen("score", *words)
    assert caught.value.hint
    assert chosen("score", "rows.csv", None, None) == "rows.csv"
    assert chosen("score", None, "sqlite:///rows.db", "select 1").query == "select 1"


def test_a_query_is_answered_as_its_rows_are(run, here):
    table = read("rows.csv").arrow
    names = ", ".join(f'"{name}"' for name in table.column_names)
    with sqlite3.connect("rows.db") as base:
        base.execute(f"create table rows ({names})")
        rows = [[None if cell is None else cell for cell in row.values()] for row in read("rows.csv").arrow.to_pylist()]
        base.executemany(
            f"insert into rows values ({', '.join('?' * len(rows[0]))})",
            [[cell if isinstance(cell, int | float | str | None) else str(cell) for cell in row] for row in rows],
        )
    base.close()
    done = run("encode", "label.vae", "--sql", "sqlite:///rows.db", "--query", "select * from rows", "-o", "sql.csv")
    assert done.status == 0, done.err
    run("encode", "label.vae", "rows.csv", "-o", "file.csv")
    one, other = (read(name).arrow["mean_0"].to_pylist() for name in ("sql.csv", "file.csv"))
    assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


def test_a_command_says_what_is_missing(run, here):
    assert "Missing argument 'DATA'" in run("encode", "label.vae").err
    assert "--sql" in run("score", "--help").out and "--sql" not in run("decode", "--help").out
