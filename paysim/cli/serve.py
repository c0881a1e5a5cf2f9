"""
`paysim serve`: serve simulations over HTTP, with a page to watch them.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from paysim.cli.common import FilePath, on_terminal, open_log

HOST: Final = "127.0.0.1"
PORT: Final = 8000


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Name or address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 chooses a free one.",
)
@click.option(
    "--data-dir",
    type=FilePath(),
    help="Directory of simulations and keys, in place of PAYSIM_DATA_DIR.",
)
@click.option("--log-file", type=FilePath(), help="Append log lines to a file too.")
@click.option("--verbose", "-v", is_flag=True, help="Write a log line for each request.")
def serve(
    host: str, port: int, data_dir: Path | None, log_file: Path | None, verbose: bool
) -> None:
    """
    Serve simulations over HTTP, with a page to watch them.

    Simulations are kept in the data directory: what was acknowledged is there again after a
    restart, whatever has ended the server. One server at a time uses a data directory.

    It listens on this machine only, and asks for no key, unless there are keys; another address
    needs at least one (paysim keys). Limits are set by environment variables, PAYSIM_MAX_AGENTS
    for example.

    Ctrl-C and SIGTERM finish what is under way. Log lines are JSON, on standard error.

    \b
    Examples:
      paysim serve
      paysim serve --port 9000 --data-dir simulations
    """
    from paysim.extras import check_extra

    libraries = ("fastapi", "uvicorn", "httptools", "fastapi_offline")
    check_extra("server", "paysim serve needs", *libraries)

    import attrs

    from paysim.logs import configure_logging
    from paysim.server.settings import Settings

    settings = Settings.from_environment()
    if data_dir is not None:
        settings = attrs.evolve(settings, data_dir=data_dir.absolute())
    with ExitStack() as stack:
        streams = [sys.stderr] if sys.stderr is not None else []
        if log_file is not None:
            streams.append(open_log(stack, log_file))
        configure_logging(streams)

        from paysim.server.serving import bind
        from paysim.server.serving import serve as serve_on
        from paysim.server.store.keys import has_keys

        sockets = bind(host, port, is_open=has_keys(settings.data_dir))

        def tell(address: str) -> None:
            place = on_terminal(settings.data_dir)
            click.echo(f"paysim serves {address} (data in {place})")

        serve_on(settings, sockets, tell, is_logged=verbose)
