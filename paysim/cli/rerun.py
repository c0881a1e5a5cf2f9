"""
`paysim rerun`: run again what a run directory tells, and prove that it gives the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paysim.cli.common import FilePath, is_terminal, on_terminal, tick_progress
from paysim.cli.run import advance
from paysim.cli.writing import file_progress, write_results

if TYPE_CHECKING:
    from paysim.rerunning import Kept
    from paysim.results import Results


@click.command()
@click.argument("directory", metavar="RUN", type=FilePath())
@click.option("--check", is_flag=True, help="Compare every file of RUN with what is run now.")
@click.option("--out", "-o", type=FilePath(), help="Directory for what is run now.")
@click.option("--quiet", "-q", is_flag=True, help="Print no summary, no proofs and no progress.")
def rerun(directory: Path, check: bool, out: Path | None, quiet: bool) -> None:
    """
    Run a run again, and prove that it gives the same.

    RUN is a directory that `paysim run --out` has written. RUN/scenario.json is run with the seed
    of the run, for as many ticks. With --check each file that this gives is compared with that of
    RUN, byte for byte; it prints a line for each that is the same and ends with code 0, or tells
    the first difference and ends with code 1. RUN itself is never changed.

    A run in which agents decided in Python cannot be run again from its directory.

    \b
    Example:
      paysim rerun results --check
    """
    from paysim import __version__
    from paysim.rerunning import kept_run, proofs
    from paysim.run_directory import check_run_directory, writing

    kept = kept_run(directory)
    is_shown = is_terminal() and not quiet
    if not kept.is_of_this_version:
        click.echo(
            f"note: paysim {kept.record.paysim} has written {directory}, and this is {__version__}",
            err=True,
        )
    if out is not None:
        _check_apart(directory, out)
        check_run_directory(kept.scenario, out)
        with writing(out):
            pass
    results = _results(kept, is_shown)
    if out is not None:
        write_results(results, out, kept.record.format, is_shown)  # type: ignore[arg-type]
    if check:
        lines = []
        with file_progress(is_shown, "comparing") as report:
            for proof in proofs(kept, results, report):
                lines.append(str(proof))
                if not (quiet or is_shown):
                    click.echo(proof)
        if is_shown:
            click.echo("\n".join(lines))
    elif not quiet:
        click.echo(f"{on_terminal(directory)}\n\n{results.summary()}")
    if out is not None and not quiet:
        click.echo(f"wrote {out}", err=True)


def _check_apart(directory: Path, out: Path) -> None:
    if out.exists() and out.samefile(directory):
        raise click.UsageError("--out must be another directory than RUN, which stays as it is.")


def _results(kept: Kept, is_shown: bool) -> Results:
    """
    Run again, with progress.
    """
    from paysim.rerunning import run_again

    simulation = kept.simulation()
    record = kept.record
    planned = min(record.ticks, record.ticks_planned)
    with tick_progress(is_shown, planned, kept.folder.name) as report:
        advance(simulation, planned, report)
    return run_again(simulation, record.ticks)
