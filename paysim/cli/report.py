"""
`paysim report`: one HTML file that tells what came of a run.
"""

from __future__ import annotations

from pathlib import Path

import click

from paysim.cli.common import FilePath
from paysim.errors import ScenarioError

SUFFIXES = (".html", ".htm")
"""
What the name of a report ends in, so that whatever opens it takes it for what it is.
"""


@click.command()
@click.argument("run", type=FilePath())
@click.option(
    "--output",
    "--out",
    "-o",
    "output",
    required=True,
    type=FilePath(),
    help="The HTML file to write.",
)
@click.option("--title", help="What stands above it, in place of the size of the run.")
@click.option("--force", is_flag=True, help="Replace a file that is no report, too.")
@click.option("--quiet", "-q", is_flag=True, help="Do not tell what was written.")
def report(run: Path, output: Path, title: str | None, force: bool, quiet: bool) -> None:
    """
    Write a report of a run as one HTML file.

    RUN is a directory that `paysim run --out` has written. The file needs no network, and holds
    what was run, warnings, headline numbers, charts, tables, and the rules in force. The same run
    gives the same bytes. An earlier report is replaced; any other file is not.

    \b
    Example:
      paysim report results -o report.html
    """
    import paysim
    from paysim.report import check_target, write
    from paysim.state_file import place

    if output.suffix.lower() not in SUFFIXES:
        raise ScenarioError(f"{place(output)}  must end in {' or '.join(SUFFIXES)}")
    # What cannot be written is to be known before the work is done.
    check_target(output, force)
    write(paysim.open_results(run), output, title=title, force=force)
    if not quiet:
        click.echo(f"wrote {output} ({output.stat().st_size / 1e6:.1f} MB)", err=True)
