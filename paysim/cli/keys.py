"""
`paysim keys`: the keys that callers of a server show.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from paysim.cli.common import FilePath, on_terminal

_data_dir = click.option(
    "--data-dir",
    type=FilePath(),
    help="Directory of simulations and keys, in place of PAYSIM_DATA_DIR.",
)


@click.group()
def keys() -> None:
    """
    Make and remove the keys that callers of paysim serve show.

    With a key in the data directory, every request to /api needs one, as the header
    "Authorization: Bearer TOKEN". A key of scope read looks, run also drives simulations, admin
    also deletes them. Changes count from the next request on, also while a server runs.

    \b
    Examples:
      paysim keys add alice --scope run
      paysim keys list
      paysim keys remove alice
    """


@keys.command()
@click.argument("name")
@click.option("--scope", type=click.Choice(["read", "run", "admin"]), required=True)
@_data_dir
def add(name: str, scope: str, data_dir: Path | None) -> None:
    """
    Make a key and print its token, once: only a digest of it is kept.

    \b
    Example:
      paysim keys add alice --scope run
    """
    from paysim.server.store.keys import add_key

    token = add_key(_directory(data_dir), name, scope)
    click.echo(token)
    told = f"note: this token of {name} is not shown again; send it as Authorization: Bearer TOKEN"
    click.echo(on_terminal(told), err=True)


@keys.command(name="list")
@_data_dir
def list_(data_dir: Path | None) -> None:
    """
    List the keys: name, scope and when each was made.

    \b
    Example:
      paysim keys list
    """
    from paysim.plain_text import aligned
    from paysim.server.store.keys import list_keys

    found = list_keys(_directory(data_dir))
    if not found:
        click.echo("note: there are no keys, so a server asks for none", err=True)
        return
    rows = [("name", "scope", "made"), *((key.name, key.scope, _date(key)) for key in found)]
    for line in aligned(rows, "<<<"):
        click.echo(on_terminal(line.removeprefix("  ")))


@keys.command()
@click.argument("name")
@_data_dir
def remove(name: str, data_dir: Path | None) -> None:
    """
    Remove a key: it is refused from the next request on.

    \b
    Example:
      paysim keys remove alice
    """
    from paysim.server.store.keys import remove_key

    remove_key(_directory(data_dir), name)


def _date(key: Any) -> str:
    return datetime.fromtimestamp(key.created, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _directory(given: Path | None) -> Path:
    if given is not None:
        return given.absolute()
    from paysim.server.settings import Settings

    return Settings.from_environment().data_dir
