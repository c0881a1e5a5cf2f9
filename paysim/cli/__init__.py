"""
The command line: `paysim init`, `run`, `validate`, `schema`; `rerun` and others for what runs have
left; and `create`, `tick`, `state` for saved runs.

Exit codes: 0, 1 for an error while running or writing, 2 for bad input, 130 for Ctrl-C.
Errors go to standard error in one clear text, results to standard output.
What a command needs is imported when it runs, so that `paysim --help` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from paysim.cli.common import BAD_INPUT, INTERRUPTED, RUN_ERROR, on_terminal, warnings_as_notes
from paysim.cli.compare import compare
from paysim.cli.history import explain, trace
from paysim.cli.indicators import indicators
from paysim.cli.init import init
from paysim.cli.keys import keys
from paysim.cli.plot import plot
from paysim.cli.query import query
from paysim.cli.report import report
from paysim.cli.rerun import rerun
from paysim.cli.run import run
from paysim.cli.scenarios import schema, validate
from paysim.cli.sections import Sections
from paysim.cli.serve import serve
from paysim.cli.state import create, state, tick
from paysim.errors import PaysimError, ScenarioError


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return its exit code.

    Args:
        arguments: What stands after the program's name; `None` takes the process's own.
    """
    try:
        with warnings_as_notes():
            status = cli.main(arguments, prog_name="paysim", standalone_mode=False)
        # A process may be started without standard output.
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except ScenarioError as error:
        click.echo(f"error: {on_terminal(error)}", err=True)
        return BAD_INPUT
    except PaysimError as error:
        click.echo(f"error: {on_terminal(error)}", err=True)
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


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        import paysim

        click.echo(f"paysim {paysim.__version__}")
        context.exit()


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
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

    A scenario is run, its results are kept in a directory, and the other commands look at them.
    RUN is that directory everywhere.

    \b
    To begin:
      paysim init my_day
      paysim run my_day/scenario.yaml --out results
      paysim indicators results
      paysim run --help
    """


assert isinstance(cli, Sections)
cli.add_section("Run a scenario", init, validate, run, schema)
cli.add_section("Look at a run", indicators, query, trace, explain, compare, plot, report, rerun)
cli.add_section("Keep a run in a file between commands", create, tick, state)
cli.add_section("Serve simulations", serve, keys)
