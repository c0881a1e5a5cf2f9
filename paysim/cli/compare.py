"""
`paysim compare`: what differs between two runs.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from paysim.cli.common import FilePath
from paysim.errors import ScenarioError

SUFFIXES = (".csv", ".parquet")


@click.command()
@click.argument("a", metavar="RUN_A", type=FilePath())
@click.argument("b", metavar="RUN_B", type=FilePath())
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, not as text.")
@click.option(
    "--out",
    "-o",
    type=FilePath(),
    help="File for every transaction of both runs, .csv or .parquet.",
)
@click.option(
    "--limit",
    type=click.IntRange(0, 1_000_000),
    default=10,
    show_default=True,
    help="Transactions and agents that are printed: those that changed most.",
)
def compare(a: Path, b: Path, as_json: bool, out: Path | None, limit: int) -> None:
    """
    Compare two runs, transaction by transaction.

    RUN_A and RUN_B are directories that `paysim run --out` has written. With the same seed both
    runs see the same payments, whatever their rules and policies; otherwise those that arrive in
    both are compared, and the rest is counted. Then come agents, and every indicator that differs.
    A change is always B less A.

    \b
    Example:
      paysim compare as_it_is offsetting --out payments.csv
    """
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise ScenarioError(f"{str(out)!r} must end in {' or '.join(SUFFIXES)}")
    from paysim.comparison import compare
    from paysim.reopening import open_results
    from paysim.run_directory import writing

    compared = compare(open_results(a), open_results(b))
    if out is not None:
        if out.exists() and not out.is_file():
            raise ScenarioError(f"{str(out)!r} must be a file, or nothing yet")
        with writing(out.parent):
            table = compared.transactions()
            (table.write_csv if out.suffix.lower() == ".csv" else table.write_parquet)(out)
    if as_json:
        told = {"a": str(a), "b": str(b)} | compared.to_dict(limit)
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(compared.summary((str(a), str(b)), limit))
    if out is not None:
        click.echo(f"wrote {out}", err=True)
