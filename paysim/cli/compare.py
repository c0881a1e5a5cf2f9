"""
`paysim compare`: what differs between two runs.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from paysim.cli.common import FilePath
from paysim.errors import ScenarioError


@click.command()
@click.argument("a", metavar="RUN_A", type=FilePath())
@click.argument("b", metavar="RUN_B", type=FilePath())
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, not as text.")
@click.option("--out", type=FilePath(), help="CSV file for every transaction of both runs.")
@click.option(
    "--limit",
    type=click.IntRange(0, 1_000_000),
    default=10,
    show_default=True,
    help="Transactions and agents that are printed: those that changed most.",
)
def compare(a: Path, b: Path, as_json: bool, out: Path | None, limit: int) -> None:
    """
    Compare run directory RUN_B with RUN_A, transaction by transaction.

    With the same seed both runs see the same payments, whatever their rules and policies; otherwise
    those that arrive in both are compared, and the rest is counted. Then come agents, and every
    indicator that differs. A change is always B less A.
    """
    from paysim.comparison import compare
    from paysim.reopening import open_results
    from paysim.run_directory import writing

    compared = compare(open_results(a), open_results(b))
    if out is not None:
        if out.exists() and not out.is_file():
            raise ScenarioError(f"{str(out)!r} must be a file, or nothing yet")
        with writing(out.parent):
            compared.transactions().write_csv(out)
    if as_json:
        told = {"a": str(a), "b": str(b)} | compared.to_dict(limit)
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(compared.summary((str(a), str(b)), limit))
    if out is not None:
        click.echo(f"wrote {out}", err=True)
