"""What a query of a database answers, batch by batch through ADBC into Arrow: SQLite and PostgreSQL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc

from vaekit.errors import DataError, SpecError
from vaekit.schema.look import nearest
from vaekit.sources.frames import refuse_twice
from vaekit.sources.table import Table

BATCH = "16384"  # rows from which SQLite's types are found, and that come at once


@dataclass(frozen=True)
class Sql:
    """A query of a database, not yet run; its password is never shown."""

    url: str
    query: str

    def __repr__(self) -> str:
        return f"sql({shown(self.url)!r}, {self.query!r})"


def sql(url: str, query: str) -> Sql:
    """Rows from a database, for `fit` and for every mode.

    Args:
        url: ``sqlite:///rows.db`` (``sqlite:////var/rows.db`` is absolute) or ``postgresql://user:password@host/name``.
        query: what to select; it is run anew each time the rows are read.

    Raises:
        SpecError: another scheme, or an empty query.

    >>> sql("postgresql://ann:secret@db/shop", "select * from orders")
    sql('postgresql://ann:...@db/shop', 'select * from orders')
    """
    _driver(url)
    if not query.strip():
        raise SpecError("sql: the query is empty", hint='query="select * from TABLE"')
    return Sql(url, query)


def is_sql(data: object) -> bool:
    """True for what `sql` made."""
    return isinstance(data, Sql)


def read_sql(data: Sql) -> Table:
    """All rows that the query answers."""
    tables = list(sql_tables(data))
    rows = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
    if not rows.num_rows:
        raise no_rows(data)
    return Table(rows, "arrow")


def no_rows(data: Sql) -> DataError:
    """What is said of a query without an answer."""
    return DataError(f"the query {data.query!r} answers no rows", hint="at least one row is needed")


def sql_tables(data: Sql) -> Iterator[pa.Table]:
    """The answer's batches in turn.

    Raises:
        SpecError: the driver is not installed.
        DataError: no such database or table, a query that the database refuses.
    """
    driver = _driver(data.url)
    with _told(data), closing(driver.connect(data.url)) as connection, closing(connection.cursor()) as cursor:
        if driver.options:
            cursor.adbc_statement.set_options(**driver.options)
        cursor.execute(data.query)
        for batch in cursor.fetch_record_batch():
            refuse_twice(batch.schema.names)
            yield _plain(pa.Table.from_batches([batch]))


@dataclass(frozen=True)
class _Driver:
    """How a scheme is connected to."""

    module: str
    address: Callable[[str], str]
    options: dict[str, str]

    def connect(self, url: str) -> Any:
        try:
            module = import_module(f"{self.module}.dbapi")
        except ModuleNotFoundError:
            name = self.module.replace("_", "-")
            raise SpecError(f"sql: {shown(url)} needs {name}", hint="pip install 'vaekit[sql]'") from None
        return module.connect(self.address(url), autocommit=True)


def _file(url: str) -> str:
    """A SQLite file opened to be read, so that none is made where there is none."""
    path = unquote(re.sub(r"^sqlite:(///)?", "", url))
    if not os.path.isfile(path):
        folder = os.path.dirname(path) or "."
        beside = (
            [os.path.join(os.path.dirname(path), name) for name in os.listdir(folder)] if os.path.isdir(folder) else []
        )
        raise DataError(
            f"sql: there is no database {path!r}", hint=nearest(path, beside) or "check the name and the folder"
        )
    return f"file:{quote(path)}?mode=ro"


_SQLITE = _Driver("adbc_driver_sqlite", _file, {"adbc.sqlite.query.batch_rows": BATCH})
_POSTGRESQL = _Driver("adbc_driver_postgresql", lambda url: url, {})
DRIVERS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "postgres": _POSTGRESQL}


def _driver(url: str) -> _Driver:
    scheme = url.partition(":")[0]
    if scheme not in DRIVERS:
        raise SpecError(
            f"sql: {shown(url)!r} begins with no known scheme, expected sqlite or postgresql",
            hint="sqlite:///rows.db, or postgresql://user@host/name",
        )
    return DRIVERS[scheme]


def shown(url: str) -> str:
    """A URL without its password.

    >>> shown("postgresql://ann:secret@db/shop"), shown("sqlite:///rows.db")
    ('postgresql://ann:...@db/shop', 'sqlite:///rows.db')
    """
    return re.sub(r"(password=)[^&]*", r"\1...", re.sub(r"(//[^/@:]*:)[^@/]*@", r"\1...@", url))


@contextmanager
def _told(data: Sql) -> Iterator[None]:
    from_driver = (OSError, pa.ArrowException)
    try:
        yield
    except from_driver as error:
        raise _refused(data, error) from None
    except Exception as error:
        if not type(error).__module__.startswith("adbc_driver_manager"):
            raise
        raise _refused(data, error) from None


def _refused(data: Sql, error: Exception) -> DataError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines)[:300].replace(data.url, shown(data.url))
    return DataError(
        f"sql: {shown(data.url)} refuses {data.query!r}: {said}", hint="check the query, and the names in it"
    )


def _plain(table: pa.Table) -> pa.Table:
    """PostgreSQL's numeric, which comes as text, as numbers; other types of its own as the text that they come as."""
    for at, field in enumerate(table.schema):
        if isinstance(field.type, pa.ExtensionType | pa.OpaqueType):
            table = table.set_column(at, field.name, table.column(at).cast(field.type.storage_type))
        if (field.metadata or {}).get(b"ADBC:postgresql:typname") == b"numeric":
            table = table.set_column(at, field.name, pc.cast(table.column(at), pa.float64()))
    return table.replace_schema_metadata(None)
