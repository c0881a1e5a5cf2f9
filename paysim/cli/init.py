"""
`paysim init`: a directory with a scenario, payments and agents to begin from.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import click

from paysim.cli.common import FilePath
from paysim.errors import PaysimError, ScenarioError

FILES: Final = ("scenario.yaml", "payments.csv", "agents.csv", "mapping.yaml")
"""What is written, each a copy of the file of that name in `paysim/starter`."""


@click.command()
@click.argument("directory", metavar="DIR", type=FilePath())
def init(directory: Path) -> None:
    """
    Write a scenario to begin from, with example data.

    DIR/scenario.yaml replays payments.csv among the banks of agents.csv; mapping.yaml says which
    column holds what. Put your own files in their place. Nothing that exists is overwritten.

    \b
    Example:
      paysim init my_day
    """
    from importlib.resources import files

    there = [
        name for name in FILES if (directory / name).is_symlink() or (directory / name).exists()
    ]
    if there:
        raise ScenarioError(
            f"{str(directory)!r} holds {', '.join(there)} already, which init would overwrite"
        )
    starter = files("paysim") / "starter"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            # Whoever writes a file of this name in this very moment is not overwritten either.
            with (directory / name).open("xb") as file:
                file.write((starter / name).read_bytes())
    except OSError as error:
        raise PaysimError(f"cannot write into {str(directory)!r}: {error.strerror}") from error
    scenario = shlex.quote(str(directory / FILES[0]))
    results = shlex.quote(str(directory / "results"))
    click.echo(
        f"wrote {', '.join(FILES)} into {directory}\n\n"
        "Next:\n"
        f"  paysim validate {scenario}\n"
        f"  paysim run {scenario}\n"
        f"  paysim run {scenario} --out {results}\n"
        f"  paysim indicators {results}\n\n"
        "Then put your own files in place of payments.csv and agents.csv, and say in mapping.yaml\n"
        "which column holds what."
    )
