"""
`paysim run`: run a scenario and print what came of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, NoReturn

import click
from click.core import ParameterSource

from paysim.cli.common import FilePath, is_terminal, start_logging, tick_progress
from paysim.cli.sources import Sources, source_options, tell_left_out
from paysim.cli.state import on_state
from paysim.cli.writing import Format, Interruption, format_option, write_results

if TYPE_CHECKING:
    from paysim.simulation import Simulation

SLICE_SECONDS = 0.05
"""
What one slice of a run is to last: short enough for Ctrl-C and a smooth progress bar.
"""


@click.command()
@click.argument("file", metavar="[SCENARIO]", required=False, type=FilePath())
@source_options
@click.option("--seed", type=int, help="Seed of the random streams, in place of the scenario's.")
@click.option("--out", "-o", type=FilePath(), help="Directory for tables and event log.")
@format_option
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
@click.option("--log-file", type=FilePath(), help="Append log lines to a file.")
@on_state
def run(
    file: Path | None,
    sources: Sources,
    seed: int | None,
    out: Path | None,
    format: Format,
    lane: Literal["auto", "process", "compiled"],
    quiet: bool,
    as_json: bool,
    verbose: bool,
    log_file: Path | None,
) -> None:
    """
    Run a scenario and print a summary.

    SCENARIO is a YAML or JSON file.
    Transactions and agents may come from files of their own, with or without a SCENARIO that says
    the rules and costs: --transactions payments.csv --agents agents.csv.
    What an option says wins over the same key of the scenario and of a mapping file.

    With --out DIR everything is written into a run directory: the event log as JSON lines, the
    tables as CSV or Parquet, and the scenario with its seed, so that other commands can look at the
    run and paysim rerun can repeat it. Ctrl-C then ends the run after the tick at hand, and the
    ticks before it are written; a second Ctrl-C leaves at once.

    With --state FILE --count N, in the place of SCENARIO and of all other options, a saved state is
    run on by N ticks, and what they have done is printed as JSON.

    \b
    Examples:
      paysim run scenarios/busy_day.yaml --seed 4 --out results
      paysim run rules.yaml --transactions payments.csv --agents banks.csv
      paysim run --state day.state --count 300
    """
    with ExitStack() as stack:
        start_logging(stack, verbose, log_file)
        from paysim.run_directory import check_kept, check_run_directory, writing
        from paysim.simulation import Simulation

        context = click.get_current_context()
        if out is None and context.get_parameter_source("format") == ParameterSource.COMMANDLINE:
            raise click.UsageError("--format needs --out, the directory that is written.")
        sources = sources.with_scenario(file)
        loaded = sources.load()
        tell_left_out(loaded)
        if out is not None:
            check_run_directory(loaded, out)
            check_kept(loaded, loaded.rng_seed)
            # That a directory cannot be written is to be known before the run, not after it.
            with writing(out):
                pass
        simulation = Simulation(loaded, seed=seed, lane=None if lane == "auto" else lane)
        ticks = loaded.num_ticks
        is_shown = is_terminal() and not (quiet or verbose)
        title = Path(sources.name).name
        with tick_progress(is_shown, ticks, title) as report:
            done = advance(simulation, ticks, report, ends_softly=out is not None)
        if done < ticks:
            assert out is not None
            _write_part(simulation, done, ticks, out, format, is_shown)
        results = simulation.results()
        if out is not None:
            write_results(results, out, format, is_shown)
        if as_json:
            totals = {"scenario": sources.name, "seed": results.seed} | results.totals()
            click.echo(json.dumps(totals, indent=2))
        elif not quiet:
            click.echo(f"{sources.name}\n\n{results.summary()}")
        if out is not None and not quiet:
            click.echo(f"wrote {out}", err=True)


def _write_part(
    simulation: Simulation, done: int, ticks: int, out: Path, format: Format, is_shown: bool
) -> NoReturn:
    """
    Write what a run has come to that was told to end before its last tick.
    """
    if done:
        click.echo(f"ended after {done:,} of {ticks:,} ticks, which are written", err=True)
        write_results(simulation.results(), out, format, is_shown)
        click.echo(f"wrote {out}", err=True)
    raise KeyboardInterrupt


def advance(
    simulation: Simulation,
    ticks: int,
    report: Callable[[int], None],
    *,
    ends_softly: bool = False,
) -> int:
    """
    Run a simulation to its end in slices of about `SLICE_SECONDS`.

    Args:
        simulation: The simulation, at its beginning.
        ticks: Its end.
        report: Is told the ticks that are done.
        ends_softly: Whether the first Ctrl-C ends the run after a tick, rather than raise.

    Returns:
        The ticks that are done: all of them, or less after Ctrl-C.
    """
    done, step = 0, 1
    with Interruption() if ends_softly else nullcontext() as interruption:
        while done < ticks and not (interruption and interruption.is_asked):
            start = perf_counter()
            done = min(done + step, ticks)
            simulation.run(until=done)
            took = perf_counter() - start
            if took < SLICE_SECONDS / 2:
                step *= 2
            elif took > SLICE_SECONDS * 2 and step > 1:
                step //= 2
            report(done)
    return done
