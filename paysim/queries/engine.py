"""
The engine of a query: a DuckDB connection that can reach nothing but the views.

A query may come from anywhere, so it is one statement that reads. It opens no file, reaches no
network, loads no extension, sees no variable of the program, and writes nothing to the disk.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from paysim.errors import PaysimError, ScenarioError, shown
from paysim.extras import check_extra
from paysim.fields import did_you_mean
from paysim.queries.answer import ANSWER, QueryResult
from paysim.queries.runs import Runs, named_runs
from paysim.queries.views import VIEWS, add_view, listing, views_in

LOCKS: Final = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    # What does not fit into memory is an error, not a file in the working directory.
    "temp_directory": "",
    "lock_configuration": "true",
}
"""
Settings of the connection, which no statement can change.
"""

READING: Final = {"SELECT", "EXPLAIN", "MULTI"}
"""
Types of statements that only read. DuckDB makes several statements of one PIVOT.
"""

WAIT_SECONDS: Final = 0.2
"""
Between two looks for Ctrl-C, where a wait is not broken off by it.
"""

_NO_COLUMN = re.compile(r'Referenced column "(.+?)" not found')

_NO_TABLE = re.compile(r"Table with name (.+?) does not exist")


def query(runs: Runs, sql: str) -> QueryResult:
    """
    Return what a statement of SQL finds in one run or many.

    Each table of results is a view of its own name, with the name of the run as its first column,
    `run`; the view `runs` has a row per run. `docs/guides/logs.md` has examples.

        paysim.query("results", "select sum(amount) from transactions where status = 'settled'")
        paysim.query({"with": first, "without": second}, "select run, cost from days")

    Args:
        runs: Results, run directories, a list of either, or a mapping from names to either.
            Without names a directory has its own, with as much of its path as tells it apart from
            others; results are `run_1`, `run_2`, ...
        sql: One statement that reads, in DuckDB's dialect.

    Raises:
        ScenarioError: `runs` is nothing of the kind, a directory is no run, or the SQL is wrong.
        PaysimError: DuckDB is not installed, or there is not enough memory for the query.
    """
    check_extra("tables", "query needs", "duckdb")
    import duckdb

    if not isinstance(sql, str):
        raise ScenarioError(f"sql must be text (got {shown(sql)})")
    if any("\ud800" <= character <= "\udfff" for character in sql):
        raise ScenarioError("sql must be text that can be written in UTF-8 (got half a character)")
    named = named_runs(runs)
    if not named:
        raise ScenarioError("runs must name at least one run (got none)")
    for run in named:
        run.check()
    connection = duckdb.connect(":memory:", config=dict(LOCKS))
    try:
        _check_reading(connection, sql)
        sql = listing(sql) or _without_end(sql)
        sources = [source for view in views_in(sql) for source in add_view(connection, view, named)]
        _interruptible(connection, lambda: connection.sql(sql).create(ANSWER))
        for source in sources:
            # The answer stands by itself; what it was made from may go.
            connection.unregister(source)
        return QueryResult(connection)
    except (duckdb.OutOfMemoryException, duckdb.InternalException) as error:
        connection.close()
        raise PaysimError(f"the query failed: {_told(error)}") from error
    except duckdb.Error as error:
        connection.close()
        raise ScenarioError(_explained(error, sql)) from error
    except BaseException:
        connection.close()
        raise


def _check_reading(connection: Any, sql: str) -> None:
    """
    Make sure that a text is one statement that reads.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        found = f"{len(statements)} statements" if statements else "an empty text"
        raise ScenarioError(f"sql must be one statement (got {found})")
    kind = statements[0].type.name
    if kind not in READING:
        raise ScenarioError(
            f"sql must be a statement that reads, such as select (got one of type {kind})"
        )


def _without_end(sql: str) -> str:
    """
    Return a statement without its semicolon and the comments that follow, which DuckDB would take
    for part of it.
    """
    import duckdb

    text = sql.encode()
    for start, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.operator and text[start : start + 1] == b";":
            return text[:start].decode()
    return sql


def _interruptible(connection: Any, work: Callable[[], object]) -> None:
    """
    Let a connection work in a thread of its own, so that Ctrl-C can break it off.
    """
    failures: list[BaseException] = []
    done = threading.Event()
    is_broken_off = False

    def run() -> None:
        try:
            if not is_broken_off:
                work()
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="paysim query", daemon=True)
    try:
        thread.start()
        while not done.wait(WAIT_SECONDS):
            pass
    except BaseException:
        is_broken_off = True
        # An interruption that comes before the work has no effect. The program must not end with
        # the thread at work, nor is it kept any longer by a second Ctrl-C.
        while thread.is_alive():
            with suppress(KeyboardInterrupt):
                connection.interrupt()
                thread.join(WAIT_SECONDS / 10)
        raise
    thread.join()
    if failures:
        raise failures[0]


def _explained(error: Exception, sql: str) -> str:
    """
    Return what is wrong with the SQL, with the views there are if it names another.
    """
    found = _NO_TABLE.search(str(error))
    if found is None:
        column = _NO_COLUMN.search(str(error))
        quoted = column is not None and f'"{column[1]}"' in sql
        hint = "\ntext stands in single quotes, and names in double ones" if quoted else ""
        return f"the SQL cannot be run: {_told(error)}{hint}"
    name = found[1].strip('"')
    hint = did_you_mean(name, VIEWS)
    return (
        f"the SQL names {name!r}, and there is no such view"
        f"{f'; {hint}' if hint else ''}\nthe views are {', '.join(VIEWS)}"
    )


def _told(error: Exception) -> str:
    return "\n".join(line.rstrip() for line in str(error).splitlines() if line.strip())
