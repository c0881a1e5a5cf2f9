"""
`paysim create`, `tick`, `state` and `run --state`: a run that is kept in a file between commands.

Each command prints one JSON object. The state file is a checkpoint as `Simulation.checkpoint`
writes it. A command that moves it on holds its lock from reading to writing; `state` only reads.
The new state is in place before anything is printed of it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from paysim.cli.common import FilePath, is_terminal, tick_progress
from paysim.errors import ScenarioError

if TYPE_CHECKING:
    from paysim.orchestrator import Orchestrator

TICKS_PER_REPORT = 64
"""
Ticks between two reports of progress.
"""

SUMMED = ("num_arrivals", "num_settlements", "num_lsm_releases", "total_cost")

_state = click.option(
    "--state", "-s", "path", type=FilePath(), required=True, help="The state file."
)


@click.command()
@click.option("--config", "-c", type=FilePath(), required=True, help="The scenario file.")
@click.option("--output", "-o", type=FilePath(), required=True, help="The state file to write.")
@click.option("--force", is_flag=True, help="Replace a state file that is there.")
def create(config: Path, output: Path, force: bool) -> None:
    """
    Write the state of a scenario before its first tick.

    `paysim tick`, `paysim run --state` and `paysim state` go on from the file.

    \b
    Example:
      paysim create --config scenarios/busy_day.yaml --output day.state
    """
    from paysim.checkpoint_format import encoded, is_checkpoint
    from paysim.cli.sources import tell_left_out
    from paysim.loading import load_scenario
    from paysim.orchestrator import Orchestrator
    from paysim.state_file import FileThere, as_path, free, place, replace_file

    target = as_path(output)
    scenario = load_scenario(config)
    tell_left_out(scenario)
    orchestrator = Orchestrator.of(scenario)
    parts = encoded(orchestrator.saved())
    if force:
        with free(target):
            if target.exists() and not is_checkpoint(target):
                raise ScenarioError(f"{place(target)}  is no state file, which --force replaces")
            replace_file(target, parts)
    else:
        try:
            replace_file(target, parts, must_be_new=True)
        except FileThere as error:
            raise ScenarioError(f"{error} (--force replaces it)") from None
    told = _now(orchestrator) | {"agents": len(scenario.agent_configs)}
    _print({"state": str(output)} | told)


@click.command()
@_state
@click.option("--pretty", "-p", is_flag=True, help="Print over several lines.")
def tick(path: Path, pretty: bool) -> None:
    """
    Run one tick of a state file, and print what it has done.

    \b
    Example:
      paysim tick --state day.state --pretty
    """
    with _moved_on(path) as orchestrator:
        outcome = orchestrator.tick()
    _print(outcome, pretty)


@click.command()
@_state
@click.option("--verbose", "-v", is_flag=True, help="Print the transactions too.")
@click.option("--pretty", "-p", is_flag=True, help="Print over several lines.")
def state(path: Path, verbose: bool, pretty: bool) -> None:
    """
    Print the agents and the central queue of a state file.

    \b
    Example:
      paysim state --state day.state --pretty
    """
    from paysim.orchestrator import Orchestrator

    orchestrator = Orchestrator.restore(path)
    standing = orchestrator.get_state()
    if not verbose:
        del standing["transactions"]
    _print(_now(orchestrator) | {"state": standing}, pretty)


def on_state(command: Callable[..., None]) -> Callable[..., None]:
    """
    Let `paysim run` take a state file in the place of a scenario, with options of its own.
    """

    @click.option("--state", "-s", "path", type=FilePath(), help="A state file to run on.")
    @click.option("--count", type=click.IntRange(1, 2**32 - 1), help="Ticks to run it on by.")
    @click.option("--progress", "shows_progress", is_flag=True, help="Show how far it has come.")
    @functools.wraps(command)
    def either(path: Path | None, count: int | None, shows_progress: bool, **others: Any) -> None:
        _check_together(path is not None)
        if path is None:
            command(**others)
        elif count is None:
            raise click.UsageError("--state needs --count, the ticks to run it on by.")
        else:
            _run_on(path, count, shows_progress)

    return either


def _check_together(is_on_state: bool) -> None:
    """
    Refuse what cannot be given with a state file, or cannot be given without one.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        is_given = context.get_parameter_source(name) == ParameterSource.COMMANDLINE
        metavar = (parameter.metavar or name.upper()).strip("[]")
        if is_given and (name in ("path", "count", "shows_progress")) != is_on_state:
            shown = parameter.opts[0] if isinstance(parameter, click.Option) else metavar
            rule = "cannot be given with --state" if is_on_state else "needs --state"
            raise click.UsageError(f"{shown} {rule}.")


def _run_on(path: Path, count: int, shows_progress: bool) -> None:
    """
    Run ticks of a state, and print what they have done together.
    """
    sums = dict.fromkeys(SUMMED, 0)
    with _moved_on(path, count) as orchestrator:
        with _progress(shows_progress, count, path.name) as report:
            for done in range(1, count + 1):
                outcome = orchestrator.tick()
                for key in SUMMED:
                    sums[key] += outcome[key]
                if done % TICKS_PER_REPORT == 0 or done == count:
                    report(done)
        now = _now(orchestrator)
    _print({"ticks": count} | now | sums)


@contextmanager
def _progress(is_shown: bool, ticks: int, title: str) -> Iterator[Callable[[int], None]]:
    """
    Show progress on standard error: a bar on a terminal, else a line for each tenth.
    """
    if not is_shown or is_terminal():
        with tick_progress(is_shown, ticks, title) as report:
            yield report
        return
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        tenths = done * 10 // ticks
        if tenths > told:
            told = tenths
            click.echo(f"{title}: {done} of {ticks} ticks", err=True)

    yield tell


@contextmanager
def _moved_on(path: Path, count: int = 1) -> Iterator[Orchestrator]:
    """
    Hold a state file while its run moves on, and put the new state in its place.
    """
    from paysim.checkpoint_format import encoded
    from paysim.checkpoints import held_checkpoint
    from paysim.fields import TICKS_MAX
    from paysim.orchestrator import Orchestrator
    from paysim.state_file import as_path, held, replace_file

    target = as_path(path)
    with held(target) as file:
        orchestrator = Orchestrator.resumed(held_checkpoint(target, file))
        if orchestrator.current_tick() + count > TICKS_MAX:
            raise ScenarioError(
                f"a run has at most {TICKS_MAX} ticks, and cannot go on by {count} from tick "
                f"{orchestrator.current_tick()}"
            )
        yield orchestrator
        replace_file(target, encoded(orchestrator.saved()))


def _now(orchestrator: Orchestrator) -> dict[str, int]:
    return {
        "current_tick": orchestrator.current_tick(),
        "current_day": orchestrator.current_day(),
    }


def _print(value: dict[str, Any], pretty: bool = False) -> None:
    click.echo(json.dumps(value, indent=2 if pretty else None))
