"""
The views of a query: the tables of all runs under their own names, and `runs`.

A view is made only if the SQL names it, as some tables of a large run take a while to make.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from paysim.queries.runs import NamedRun
from paysim.results import TABLES

if TYPE_CHECKING:
    from paysim._kernel import Table

VIEWS: Final = ("runs", *TABLES)
"""
The names of all views.
"""

_RUNS: Final = (
    ("run", "VARCHAR"),
    ("path", "VARCHAR"),
    ("seed", "UBIGINT"),
    ("ticks", "BIGINT"),
    ("ticks_per_day", "BIGINT"),
    ("scenario_sha256", "VARCHAR"),
    ("version", "VARCHAR"),
)

_WORD = re.compile(r"\w+")
_CATALOGUE = re.compile(r"\b(information_schema|duckdb_\w+|pg_\w+|sqlite_\w+)\b")
_LIST = re.compile(r"\s*(show(\s+all)?(\s+tables)?|describe)\s*;?\s*", re.IGNORECASE)


def listing(sql: str) -> str | None:
    """
    Return SQL that lists the views, if that is what a text asks for, such as `show tables`.
    """
    if not _LIST.fullmatch(sql):
        return None
    rows = ", ".join(f"({_literal(name)})" for name in VIEWS)
    return f"SELECT * FROM (VALUES {rows}) AS t(view)"


def views_in(sql: str) -> list[str]:
    """
    Return the names of the views that a text may mean; of all if it asks what there is.
    """
    text = sql.lower()
    words = set(_WORD.findall(text))
    return [name for name in VIEWS if name in words or _CATALOGUE.search(text)]


def add_view(connection: Any, name: str, runs: Sequence[NamedRun]) -> list[str]:
    """
    Make a view of all runs in a connection, and return the names of the tables that it reads.
    """
    if name == "runs":
        _add_runs(connection, runs)
        return []
    sources = []
    parts = []
    for number, run in enumerate(runs):
        source = f"{name} of run {number}"
        _hand_over(connection, source, getattr(run.results, name))
        sources.append(source)
        parts.append(f'SELECT {_literal(run.name)} AS run, * FROM "{source}"')
    connection.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")
    return sources


def _hand_over(connection: Any, name: str, table: Table) -> None:
    """
    Let a connection read a table, where it stands if DuckDB can.
    """
    import duckdb

    try:
        connection.register(name, table)
    except duckdb.InvalidInputException:
        # DuckDB 1 reads a table where it stands only with the help of pyarrow.
        connection.register("stream", table.__arrow_c_stream__())
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM stream')
        connection.unregister("stream")


def _add_runs(connection: Any, runs: Sequence[NamedRun]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in _RUNS)
    connection.execute(f"CREATE TABLE runs ({columns})")
    marks = ", ".join("?" * len(_RUNS))
    for run in runs:
        told = run.results.run_record("csv")
        connection.execute(
            f"INSERT INTO runs VALUES ({marks})",
            [
                run.name,
                run.path,
                told.seed,
                told.ticks,
                told.ticks_per_day,
                told.scenario_sha256,
                run.version,
            ],
        )


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
