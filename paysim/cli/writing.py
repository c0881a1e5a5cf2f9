"""
Writing what a command has run: progress, and what Ctrl-C leaves.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import click

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


def shows_progress(quiet: bool) -> bool:
    """
    Whether progress is to be shown: only to people, and to those who did not ask for quiet.
    """
    return not quiet and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def file_progress(shown: bool, verb: str) -> Iterator[Report]:
    """
    Show on standard error which file is at work.

    Args:
        shown: Whether anything is shown.
        verb: What is done with it, such as `writing`.
    """
    if not shown:
        yield lambda name, done, files: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), refresh_per_second=10, transient=True)
    task: Any = bar.add_task(verb, total=None)
    with bar:
        yield lambda name, done, files: bar.update(
            task, description=f"{verb} {name}", completed=done, total=files
        )


def write_results(results: Results, out: Path, format: Format, shown: bool) -> None:
    """
    Write a run directory with progress, and say what is missing in it if Ctrl-C stops that.
    """
    try:
        with file_progress(shown, "writing") as report:
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
