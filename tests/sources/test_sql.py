"""Rows from databases: SQLite in a file, and a PostgreSQL server that is started here."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from vaekit.errors import DataError, SpecError
from vaekit.sources import batches, read
from vaekit.sources.sql import sql

ROWS = [(i, None if i % 5 == 0 else i / 4, f"n{i % 3}") for i in range(1_000)]


@pytest.fixture
def shop(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table orders (id integer, price real, name text)")
        base.executemany("insert into orders values (?, ?, ?)", ROWS)
    base.close()
    return f"sqlite:///{tmp_path}/shop.db"


def as_rows(table):
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


def test_a_query_of_sqlite(shop):
    table = read(sql(shop, "select id, price, name from orders order by id")).arrow
    assert as_rows(table) == ROWS and table.schema.types == [pa.int64(), pa.float64(), pa.string()]
    assert sum(each.table.rows for each in batches(sql(shop, "select * from orders"))) == 1_000


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from order_s", "no such table"),
        ("selec", "syntax error"),
        ("select * from orders where id < 0", "no rows"),
        ("select id, id from orders", "column names must differ"),
    ],
)
def test_a_refused_query_is_told(shop, query, message):
    for reading in (lambda: read(sql(shop, query)), lambda: list(batches(sql(shop, query)))):
        with pytest.raises(DataError, match=message) as caught:
            reading()
        assert caught.value.hint


def test_what_is_no_database(shop):
    with pytest.raises(SpecError, match="begins with no known scheme"):
        sql("oracle://host/db", "select 1")
    with pytest.raises(SpecError, match="the query is empty"):
        sql(shop, " ")
    with pytest.raises(DataError, match=r"there is no database .*absent\.db"):
        read(sql(shop.replace("shop.db", "absent.db"), "select 1"))
    assert not Path(shop.removeprefix("sqlite:///").replace("shop.db", "absent.db")).exists()


def test_a_missing_driver_is_told(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite.dbapi", None)
    with pytest.raises(SpecError, match="needs adbc-driver-sqlite") as caught:
        read(sql(shop, "select 1"))
    assert "vaekit[sql]" in caught.value.hint


# -- PostgreSQL ------------------------------------------------------------------------------------------------------------


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest where there are several."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return installed[-1].parent if installed else Path(beside).parent if beside else None


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URL of a server on loopback that lives as long as this module's tests; it refuses to run as root."""
    if (folder := programs()) is None:
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    place = Path(tmp_path_factory.mktemp("postgresql"))
    for each in (place, *place.parents[:3]):
        each.chmod(each.stat().st_mode | 0o711)
    if user:
        shutil.chown(place, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*words):
        subprocess.run([str(word) for word in words], check=True, capture_output=True, user=user, cwd=place, timeout=90)

    run(folder / "initdb", "-D", place / "data", "-U", "ann", "--auth=trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
    run(folder / "pg_ctl", "-D", place / "data", "-w", "-t", "80", "-l", place / "log", "-o", options, "start")
    yield f"postgresql://ann:secret@127.0.0.1:{port}/postgres"
    run(folder / "pg_ctl", "-D", place / "data", "-m", "immediate", "stop")


def test_a_query_of_postgresql(server):
    query = (
        "select i::int as id, case when i % 5 = 0 then null else i / 4.0 end as price, 'n' || i % 3 as name, "
        "timestamp '2024-01-01' + i * interval '1 hour' as at, i % 2 = 0 as even from generate_series(0, 999) as i"
    )
    table = read(sql(server, query)).arrow
    assert as_rows(table.select(["id", "price", "name"])) == ROWS
    assert pa.types.is_floating(table.schema.field("price").type)  # a numeric
    assert pa.types.is_timestamp(table.schema.field("at").type) and table["even"].to_pylist()[:2] == [True, False]
    assert sum(each.table.rows for each in batches(sql(server, query))) == 1_000


def test_postgresql_refuses_without_telling_the_password(server):
    with pytest.raises(DataError, match='relation "absent" does not exist') as caught:
        read(sql(server, "select * from absent"))
    with pytest.raises(DataError, match="refuses") as gone:
        read(sql("postgresql://ann:secret@127.0.0.1:1/postgres", "select 1"))
    assert "secret" not in str(caught.value) + str(gone.value)
