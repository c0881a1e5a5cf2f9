"""
`paysim validate` and `paysim schema`: what a scenario file has to be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paysim.cli.common import BAD_INPUT, FilePath
from paysim.cli.sources import Sources, source_options, tell_left_out
from paysim.errors import ScenarioError

if TYPE_CHECKING:
    from paysim.scenario import Scenario


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=FilePath())
@source_options
def validate(files: tuple[Path, ...], sources: Sources) -> int:
    """
    Check scenarios and print every error with its place.

    Each FILE is checked completely; the FILE - is standard input.
    Transactions and agents in files of their own are checked with it, row by row; their options are
    those of `paysim run`, and go with one FILE at most.
    Each error is one line: file:line:column  path  what was expected (what was found).

    \b
    Examples:
      paysim validate scenarios/*.yaml
      paysim validate rules.yaml --transactions payments.csv --agents banks.csv
    """
    if not sources.are_given:
        if not files:
            raise click.UsageError("give a scenario FILE, or --transactions FILE and --agents FILE")
        return max(_checked(str(file), _loading(file)) for file in files)
    if len(files) > 1 or files == (Path("-"),):
        raise click.UsageError("options go with one scenario FILE, and not with standard input")
    sources = sources.with_scenario(files[0] if files else None)
    return _checked(sources.name, sources.load)


def _loading(file: Path) -> Callable[[], Scenario]:
    from paysim.loading import loads_scenario

    if str(file) != "-":
        return Sources(scenario=file).load
    return lambda: loads_scenario(_input("<stdin>"), "<stdin>")


def _checked(name: str, load: Callable[[], Scenario]) -> int:
    try:
        scenario = load()
    except ScenarioError as error:
        click.echo(str(error), err=True)
        return BAD_INPUT
    tell_left_out(scenario)
    days = f"{scenario.num_days} day" + "s" * (scenario.num_days != 1)
    click.echo(
        f"{'<stdin>' if name == '-' else name}: ok ({len(scenario.agent_configs)} agents, "
        f"{len(scenario.transactions)} given transactions, "
        f"{days} of {scenario.ticks_per_day} ticks)"
    )
    return 0


def _input(name: str) -> bytes:
    """
    Return what standard input holds, up to one byte more than a scenario may have.
    """
    from paysim.loading import BYTES_MAX

    if sys.stdin is None:
        raise ScenarioError(f"{name}  cannot be read: it is closed")
    try:
        return sys.stdin.buffer.read(BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ScenarioError(f"{name}  cannot be read: {reason.lower()}") from None


@click.command()
def schema() -> None:
    """
    Print the JSON Schema of scenarios, for an editor.

    With it an editor completes keys and finds mistakes while you type.

    \b
    Example:
      paysim schema > paysim.schema.json
    """
    from paysim.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
