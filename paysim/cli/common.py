"""
What several commands share: exit codes, paths, progress and log lines.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from paysim.errors import PaysimError

RUN_ERROR = 1
BAD_INPUT = 2
INTERRUPTED = 130


def on_terminal(text: object) -> str:
    """
    Return a text with escapes in the place of what a terminal may obey, newlines excepted.
    """
    return "\n".join(
        line if line.isprintable() else "".join(map(_on_terminal, line))
        for line in str(text).split("\n")
    )


def _on_terminal(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


class FilePath(click.Path):
    """
    A path that is not empty, which would be the working directory.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("must not be empty", param, ctx)
        return super().convert(value, param, ctx)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """
    Tell warnings as they are told to people: one line on standard error, without a place in code.
    """

    def tell(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, UserWarning):
            click.echo(f"note: {on_terminal(message)}", err=True)
        else:
            before(message, category, *place)

    with warnings.catch_warnings():
        before = warnings.showwarning
        warnings.showwarning = tell  # type: ignore[assignment]
        yield


def is_terminal() -> bool:
    """
    Whether standard error is a terminal, on which people see a bar.
    """
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def tick_progress(is_shown: bool, ticks: int, title: str) -> Iterator[Callable[[int], None]]:
    """
    Show on standard error how many ticks are done.

    Args:
        is_shown: Whether anything is shown.
        ticks: All of them.
        title: What stands before the bar.
    """
    if not is_shown:
        yield lambda done: None
        return
    with progress_bar(title, ticks) as update:
        yield lambda done: update(completed=done)


@contextmanager
def progress_bar(title: str, total: int | None) -> Iterator[Callable[..., None]]:
    """
    Show a progress bar on standard error, redrawn at most ten times a second.

    What it yields takes the keywords of `rich.progress.Progress.update`.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), refresh_per_second=10, transient=True)
    task = bar.add_task(title, total=total)
    with bar:
        yield partial(bar.update, task)


def start_logging(stack: ExitStack, verbose: bool, log_file: Path | None) -> None:
    streams: list[TextIO] = []
    if log_file is not None:
        streams.append(open_log(stack, log_file))
    if verbose:
        streams.append(sys.stderr)
    if streams:
        from paysim.logs import configure_logging

        tell = configure_logging(streams)

        def leave(_: object, error: BaseException | None, __: object) -> None:
            if error is not None:
                tell(error)

        stack.push(leave)


def open_log(stack: ExitStack, log_file: Path) -> TextIO:
    """
    Open a file that log lines are appended to, until `stack` closes it.

    Raises:
        PaysimError: It cannot be written.
    """
    try:
        return stack.enter_context(log_file.open("a", encoding="utf-8"))
    except OSError as error:
        raise PaysimError(f"cannot write {str(log_file)!r}: {error.strerror}") from error
