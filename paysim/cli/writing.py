"""
Writing what a command has run: progress, and what Ctrl-C leaves.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

import click

from paysim.cli.common import progress_bar

if TYPE_CHECKING:
    from paysim.results import Results
    from paysim.run_directory import Report

Format = Literal["csv", "parquet"]

format_option = click.option(
    "--format",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Format of the tables of --out; neither needs anything more to be installed.",
)


@contextmanager
def file_progress(is_shown: bool, verb: str) -> Iterator[Report]:
    """
    Show on standard error which file is at work.

    Args:
        is_shown: Whether anything is shown.
        verb: What is done with it, such as `writing`.
    """
    if not is_shown:
        yield lambda name, done, files: None
        return
    with progress_bar(verb, None) as update:
        yield lambda name, done, files: update(
            description=f"{verb} {name}", completed=done, total=files
        )


def write_results(results: Results, out: Path, format: Format, is_shown: bool) -> None:
    """
    Write a run directory with progress, and say what is missing in it if Ctrl-C stops that.
    """
    try:
        with file_progress(is_shown, "writing") as report:
            results.write(out, format, report=report)
    except KeyboardInterrupt as error:
        for note in getattr(error, "__notes__", ()):
            click.echo(note, err=True)
        raise


class Interruption:
    """
    Takes note of the first Ctrl-C in place of an error, so that a run comes to the end of a tick.

    The second raises `KeyboardInterrupt`, as the first does where Ctrl-C has another meaning.

    Attributes:
        is_asked: Whether there was one.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._takes = False

    def __enter__(self) -> Interruption:
        # Somebody else's handler stays, as does that of a process started to ignore Ctrl-C.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                signal.signal(signal.SIGINT, self._note)
                self._takes = True
            except ValueError:
                pass  # Only the main thread is asked.
        return self

    def __exit__(self, *_: object) -> None:
        if self._takes:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True
