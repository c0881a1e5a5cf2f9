"""
`paysim indicators`: what a run came to, in the measures of the literature.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from paysim.cli.common import FilePath

if TYPE_CHECKING:
    from paysim._kernel import Table


@click.command()
@click.argument("folder", metavar="RUN", type=FilePath())
@click.option("--by", type=click.Choice(["agent", "tick"]), help="One line per agent or tick.")
@click.option("--day", type=int, help="Only this day, from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print all indicators as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all columns as CSV; goes with --by.")
def indicators(
    folder: Path,
    by: Literal["agent", "tick"] | None,
    day: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """
    Print what a run came to: liquidity, delay, costs and more.

    RUN is a directory that `paysim run --out` has written. Its indicators are liquidity used and
    its bounds, turnover, delay, queues, throughput, gridlock, netting, concentration, costs; with
    --json also the monitoring tools of BCBS 248 for each agent. Of several days numerators and
    denominators are summed before they are divided. As text, --by shows the main columns only.

    \b
    Examples:
      paysim indicators results
      paysim indicators results --by agent --csv > agents.csv
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if as_csv and by is None:
        raise click.UsageError("--csv goes with --by agent or --by tick")
    from paysim.indicators.text import agents_text, system_text, ticks_text
    from paysim.reopening import open_results

    results = open_results(folder)
    if by is None:
        found = results.indicators(day=day)
        click.echo(json.dumps(found, indent=2) if as_json else system_text(found))
        return
    table = results.indicators(by=by, day=day)
    if as_json:
        click.echo(json.dumps(table.to_dicts(), indent=2))
    elif as_csv:
        _print_csv(table)
    else:
        click.echo(agents_text(table) if by == "agent" else ticks_text(table))


def _print_csv(table: Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*map(table.column, table.column_names), strict=True))
