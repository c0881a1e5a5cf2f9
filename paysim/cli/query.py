"""
`paysim query`: SQL over runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from paysim.cli.common import FilePath
from paysim.errors import ScenarioError

SQL_BYTES_MAX = 2**20
"""
Bytes that a query may have.
"""

ROWS_SHOWN = 40


@click.command()
@click.argument("arguments", metavar="RUN... [SQL]", nargs=-1, required=True)
@click.option("--file", "-f", "file", type=FilePath(), help="Read the SQL from a file.")
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "csv", "json", "jsonl", "parquet"]),
    help="Of what is printed or written.  [default: text; with --out, by the file's ending]",
)
@click.option("--out", "-o", type=FilePath(), help="Write the answer to a file.")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=ROWS_SHOWN,
    show_default=True,
    help="Rows that are printed as text; 0 is all.",
)
def query(
    arguments: tuple[str, ...],
    file: Path | None,
    format: str | None,
    out: Path | None,
    rows: int,
) -> None:
    """
    Ask one run or several a question in SQL.

    RUN is a directory that `paysim run --out` has written. Each table of a run is a view of its own
    name: events, transactions, agents, ticks, days, costs, queues, bilateral, positions and delays.
    Its first column, run, is the name of the directory. The view runs has a row per RUN. The
    dialect is DuckDB's.

    The SQL is the last argument, or comes from a file, or from standard input if it is -.
    It reads the views and nothing else: no file, no network.

    \b
    Examples:
      paysim query results "show tables"
      paysim query results "select agent_id, min(balance) from agents group by 1"
      paysim query results/* -f delays.sql --format csv
    """
    runs = list(arguments)
    sql = _sql(runs, file)
    if not runs:
        raise click.UsageError("give the RUNs first and then the SQL.")
    if format == "parquet" and out is None:
        raise click.UsageError("--format parquet needs --out FILE.")
    from paysim.queries import query as ask
    from paysim.queries.output import LINES, format_of

    if out is not None:
        # That a format cannot be had is to be known before the query, not after it.
        format_of(out, format)
    answer = ask(runs, sql)
    if out is not None:
        answer.write(out, format)
        click.echo(f"wrote {len(answer)} rows to {out}", err=True)
    elif format in (None, "text"):
        click.echo(answer.text(rows or None))
    else:
        for text in LINES[str(format)](answer):
            click.echo(text, nl=False)


def _sql(runs: list[str], file: Path | None) -> str:
    """
    Return the SQL, and take it from the arguments if it is one of them.
    """
    if file is not None:
        return _text(str(file))
    if os.path.isdir(runs[-1]):
        raise click.UsageError("give the SQL after the RUNs, or --file.")
    if os.path.isfile(runs[-1]):
        raise click.UsageError(f"--file {runs[-1]} reads the SQL from the file.")
    sql = runs.pop()
    return _text("-") if sql == "-" else sql


def _text(name: str) -> str:
    shown = "standard input" if name == "-" else repr(name)
    try:
        if name == "-":
            if sys.stdin is None:
                raise ScenarioError("standard input cannot be read: it is closed")
            content = sys.stdin.buffer.read(SQL_BYTES_MAX + 1)
        else:
            with open(name, "rb") as stream:
                content = stream.read(SQL_BYTES_MAX + 1)
    except OSError as error:
        raise ScenarioError(
            f"{shown} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None
    if len(content) > SQL_BYTES_MAX:
        raise ScenarioError(f"{shown} must have at most {SQL_BYTES_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"{shown} must be text in UTF-8") from None
