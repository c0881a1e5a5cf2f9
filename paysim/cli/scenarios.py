"""
`paysim validate` and `paysim schema`: what a scenario file has to be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from paysim.cli.common import BAD_INPUT, FilePath
from paysim.errors import ScenarioError


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FilePath())
def validate(files: tuple[Path, ...]) -> int:
    """
    Check each scenario FILE completely and print every error with its place.

    The FILE - is standard input.
    Each error is one line: file:line:column  path  what was expected (what was found).
    """
    from paysim.loading import load_scenario, loads_scenario

    status = 0
    for file in files:
        is_input = str(file) == "-"
        name = "<stdin>" if is_input else str(file)
        try:
            scenario = loads_scenario(_input(name), name) if is_input else load_scenario(file)
        except ScenarioError as error:
            click.echo(str(error), err=True)
            status = BAD_INPUT
        else:
            days = f"{scenario.num_days} day" + "s" * (scenario.num_days != 1)
            click.echo(
                f"{name}: ok ({len(scenario.agent_configs)} agents, "
                f"{len(scenario.transactions)} given transactions, "
                f"{days} of {scenario.ticks_per_day} ticks)"
            )
    return status


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
    Print the JSON Schema of scenarios, for completion in an editor.
    """
    from paysim.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
