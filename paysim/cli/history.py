"""
`paysim trace` and `paysim explain`: what the event log of a run tells of one transaction, and of
one agent in one tick.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from paysim.cli.common import FilePath

_run = click.argument("run", type=FilePath())
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, not text.")


@click.command()
@_run
@click.argument("transaction")
@_json
def trace(run: Path, transaction: str, as_json: bool) -> None:
    """
    Tell the life of one transaction, event by event.

    RUN is a directory that `paysim run --out` has written, and TRANSACTION an id. Each event stands
    with the balances of sender and receiver around it, its place in the queue and what it has cost
    so far.

    \b
    Example:
      paysim trace results rent
    """
    from paysim.reopening import open_results

    _print(open_results(run).trace(transaction), as_json)


@click.command()
@_run
@click.option("--agent", required=True, help="The id of an agent.")
@click.option("--tick", type=int, required=True, help="A tick of the run, from 0.")
@_json
def explain(run: Path, agent: str, tick: int, as_json: bool) -> None:
    """
    Tell what an agent saw and decided in a tick, and why.

    RUN is a directory that `paysim run --out` has written. What is told are the agent's account
    and queues, its decisions, and why its transactions did or did not settle in the tick.

    \b
    Example:
      paysim explain results --agent ALPHA --tick 5
    """
    from paysim.reopening import open_results

    _print(open_results(run).explain(agent, tick), as_json)


def _print(told: dict[str, object], as_json: bool) -> None:
    click.echo(json.dumps(told, indent=2) if as_json else str(told))
