"""
The command line: `paysim run`, `paysim validate`, `paysim schema`.

Exit codes: 0, 1 for an error while running or writing, 2 for bad input, 130 for Ctrl-C.
Errors go to standard error in one clear text, results to standard output.
What a command needs is imported when it runs, so that `paysim --help` is quick.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from paysim.errors import PaysimError, ScenarioError

if TYPE_CHECKING:
    from paysim.simulation import Simulation

RUN_ERROR = 1
BAD_INPUT = 2
INTERRUPTED = 130

SLICE_SECONDS = 0.05
"""
What one slice of a run is to last: short enough for Ctrl-C and a smooth progress bar.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return its exit code.

    Args:
        arguments: What stands after the program's name; `None` takes the process's own.
    """
    try:
        status = cli.main(arguments, prog_name="paysim", standalone_mode=False)
        # A process may be started without standard output.
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except ScenarioError as error:
        click.echo(f"error: {error}", err=True)
        return BAD_INPUT
    except PaysimError as error:
        click.echo(f"error: {error}", err=True)
        return RUN_ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted.
        _drop_output()
        return RUN_ERROR
    except OSError as error:
        _drop_output()
        click.echo(f"error: cannot write the output: {error.strerror or error}", err=True)
        return RUN_ERROR


def _drop_output() -> None:
    """
    Lead standard output nowhere, as the interpreter flushes what is left of it at exit.
    """
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _FilePath(click.Path):
    """
    A path that is not empty, which would be the working directory.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("must not be empty", param, ctx)
        return super().convert(value, param, ctx)


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        import paysim

        click.echo(f"paysim {paysim.__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """
    Simulate how banks settle payments with each other, and what it costs them.
    """


@cli.command()
@click.argument("scenario", type=_FilePath())
@click.option("--seed", type=int, help="Seed of the random streams, in place of the scenario's.")
@click.option("--out", type=_FilePath(), help="Directory for tables and event log.")
@click.option(
    "--lane",
    type=click.Choice(["auto", "process", "compiled"]),
    default="auto",
    show_default=True,
    help="How ticks are driven; the results are the same.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print no summary and no progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the totals as JSON, not as text.")
@click.option("--verbose", "-v", is_flag=True, help="Write log lines to standard error.")
@click.option("--log-file", type=_FilePath(), help="Append log lines to a file.")
def run(
    scenario: Path,
    seed: int | None,
    out: Path | None,
    lane: Literal["auto", "process", "compiled"],
    quiet: bool,
    as_json: bool,
    verbose: bool,
    log_file: Path | None,
) -> None:
    """
    Run SCENARIO, a YAML or JSON file, and print a summary.

    With --out DIR the tables are written as CSV, the event log as JSON lines, and the scenario with
    its seed, so that the run can be repeated.
    """
    with ExitStack() as stack:
        _start_logging(stack, verbose, log_file)
        from paysim.loading import load_scenario
        from paysim.results import writing
        from paysim.simulation import Simulation

        loaded = load_scenario(scenario)
        if out is not None:
            # That a directory cannot be written is to be known before the run, not after it.
            with writing(out):
                pass
        simulation = Simulation(loaded, seed=seed, lane=None if lane == "auto" else lane)
        ticks = loaded.ticks_per_day * loaded.num_days
        shows_progress = not (quiet or verbose) and sys.stderr.isatty()
        with _progress(ticks, scenario.name) if shows_progress else _no_progress() as report:
            _advance(simulation, ticks, report)
        results = simulation.results()
        if out is not None:
            results.write(out)
        if as_json:
            totals = {"scenario": str(scenario), "seed": results.seed} | results.totals()
            click.echo(json.dumps(totals, indent=2))
        elif not quiet:
            click.echo(f"{scenario}\n\n{results.summary()}")
        if out is not None and not quiet:
            click.echo(f"wrote {out}", err=True)


@cli.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FilePath())
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


@cli.command()
def schema() -> None:
    """
    Print the JSON Schema of scenarios, for completion in an editor.
    """
    from paysim.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _advance(simulation: Simulation, ticks: int, report: Callable[[int], None]) -> None:
    """
    Run a simulation to its end in slices of about `SLICE_SECONDS`.
    """
    done, step = 0, 1
    while done < ticks:
        start = perf_counter()
        done = min(done + step, ticks)
        simulation.run(until=done)
        took = perf_counter() - start
        if took < SLICE_SECONDS / 2:
            step *= 2
        elif took > SLICE_SECONDS * 2 and step > 1:
            step //= 2
        report(done)


@contextmanager
def _no_progress() -> Iterator[Callable[[int], None]]:
    yield lambda done: None


@contextmanager
def _progress(ticks: int, title: str) -> Iterator[Callable[[int], None]]:
    """
    Show a progress bar on standard error, redrawn at most ten times a second.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), refresh_per_second=10, transient=True)
    task: Any = bar.add_task(title, total=ticks)
    with bar:
        yield lambda done: bar.update(task, completed=done)


def _start_logging(stack: ExitStack, verbose: bool, log_file: Path | None) -> None:
    streams: list[TextIO] = []
    if log_file is not None:
        try:
            streams.append(stack.enter_context(log_file.open("a", encoding="utf-8")))
        except OSError as error:
            raise PaysimError(f"cannot write {str(log_file)!r}: {error.strerror}") from error
    if verbose:
        streams.append(sys.stderr)
    if streams:
        from paysim.logs import configure_logging

        configure_logging(streams)
