"""
`paysim plot`: charts of a run, or of several, into files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paysim.cli.common import FilePath
from paysim.errors import ScenarioError, shown
from paysim.plotting.kinds import (
    CHARTS,
    KINDS,
    SUFFIXES,
    TRADE_OFF,
    ChartKind,
    check_libraries,
)

_NAMES = "\n".join(f"  {kind.name:21}{kind.title}" for kind in KINDS.values())

HELP = f"""
Draw charts of a run, or of several, into files.

RUN is a directory that `paysim run --out` has written, and NAME one of the charts below. The suffix
of the file says how: {", ".join(SUFFIXES)}. It needs no browser and no network, and an HTML file
loads nothing when it is opened. With --all in the place of NAME every chart of the run is written
into a directory. {TRADE_OFF.name} takes several runs, each a point.

\b
NAME is one of:
{_NAMES}

\b
Examples:
  paysim plot results balances -o balances.svg
  paysim plot results --all -o charts --format pdf
  paysim plot monday tuesday trade_off -o trade_off.html
"""


@click.command(help=HELP)
@click.argument("words", nargs=-1, required=True, metavar="RUN... NAME")
@click.option(
    "--output",
    "--out",
    "-o",
    "output",
    type=FilePath(),
    required=True,
    help="The file to write; with --all the directory.",
)
@click.option("--all", "draws_all", is_flag=True, help="Draw every chart of a run.")
@click.option(
    "--format",
    "suffix",
    type=click.Choice([suffix[1:] for suffix in SUFFIXES]),
    help="With --all: how the charts are written; svg if absent.",
)
@click.option("--day", type=int, help="The day to draw, from 0; all of them if absent.")
@click.option(
    "--agent",
    "agents",
    multiple=True,
    metavar="ID",
    help="For balances: an agent to draw, and none but those named.",
)
def plot(
    words: tuple[str, ...],
    output: Path,
    draws_all: bool,
    suffix: str | None,
    day: int | None,
    agents: tuple[str, ...],
) -> None:
    runs = list(words)
    if draws_all and runs[-1] in KINDS and len(runs) > 1:
        raise click.UsageError(f"--all stands in the place of NAME (got {runs[-1]})")
    kinds = CHARTS if draws_all else (_kind(runs),)
    if suffix is not None and not draws_all:
        raise click.UsageError("--format is for --all: the suffix of a file says how it is written")
    if agents and [kind.name for kind in kinds] != ["balances"]:
        raise click.UsageError("--agent is for balances")
    if day is not None and TRADE_OFF in kinds:
        raise click.UsageError(f"--day is not for {TRADE_OFF.name}")
    if not runs or (len(runs) > 1 and TRADE_OFF not in kinds):
        raise click.UsageError(f"RUN must be one directory before NAME (got {len(runs)})")
    import paysim

    check_libraries()
    from paysim.plotting.saving import checked, save
    from paysim.run_directory import writing

    if draws_all:
        with writing(output):
            pass
    else:
        checked(output)
    if TRADE_OFF in kinds:
        given: Any = {run: paysim.open_results(run) for run in runs}
        options: dict[str, Any] = {}
    else:
        given = paysim.open_results(runs[0])
        options = {"day": day} | ({"agents": agents} if agents else {})
    for kind in kinds:
        path = output / f"{kind.name}.{suffix or 'svg'}" if draws_all else output
        save(kind.function(given, **options), path)
        click.echo(f"wrote {path}", err=True)


def _kind(words: list[str]) -> ChartKind:
    """
    Return the chart that the last of some words names, and take it from them.
    """
    name = words.pop()
    if name in KINDS:
        return KINDS[name]
    from paysim.fields import did_you_mean

    if Path(name).is_dir():
        found = "comes after the directory of a run, or --all in its place"
    else:
        found = did_you_mean(name, KINDS)
    raise ScenarioError(
        f"NAME must be one of {', '.join(KINDS)} (got {shown(name)})"
        + (f"; {found}" if found else "")
    )
