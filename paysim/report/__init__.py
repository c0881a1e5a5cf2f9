"""
The report of a run: one HTML file with what was run, warnings, headline numbers, charts and tables.

    from paysim import report

    report.write(results, "report.html")

The file holds all that it needs: opened in a browser it makes no request, and its security policy
forbids any. The same run gives the same bytes, with the same versions of paysim and of the
libraries that draw. They come with `pip install "paysim[plots]"` and are imported when a report is
made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paysim.errors import ScenarioError, shown
from paysim.extras import check_extra
from paysim.regular_file import open_regular
from paysim.report.parts import MARK
from paysim.state_file import as_path, free, place, replace_file

if TYPE_CHECKING:
    from paysim.results import Results

__all__ = ["html", "write"]

TITLE_MAX: Final = 200
"""Characters of a title."""

_START: Final = 1_000
"""Bytes at the beginning of a report within which its head says what made it."""


def html(results: Results, title: str | None = None) -> str:
    """
    Return the report of a run as the text of an HTML file.

    It takes about a megabyte, nine tenths of which are the script that draws the charts.

    Args:
        results: The run; also one that has not ended, which the report then warns of.
        title: What stands above it; absent is the number of agents and days, and the seed.

    Raises:
        ScenarioError: `title` is not 1 to 200 printable characters, or `results` are none.
        PaysimError: A library that it needs is not installed.
    """
    if title is not None and not (
        isinstance(title, str) and title.isprintable() and 1 <= len(title) <= TITLE_MAX
    ):
        raise ScenarioError(f"title must be 1 to {TITLE_MAX} printable characters: {shown(title)}")
    check_extra("plots", "a report needs", "altair", "jinja2", "polars", "vl_convert")
    from paysim.plotting.reading import check_results
    from paysim.report.page import page

    check_results(results)
    return page(results, title)


def write(
    results: Results,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    force: bool = False,
) -> None:
    """
    Write the report of a run to a file, whole or not at all.

    Args:
        results: The run.
        path: The file. A report that is there is replaced; any other file is not.
        title: As for `html`.
        force: Whether any file that is there may be replaced.

    Raises:
        ScenarioError: `path` is not a path, or that of a file that is no report; or a bad title.
        PaysimError: The file cannot be written, or a library is not installed.
    """
    target = as_path(path)
    check_target(target, force)
    text = html(results, title)
    with free(target):
        check_target(target, force)
        replace_file(target, [text.encode()])


def check_target(path: Path, force: bool = False) -> None:
    """
    Make sure that a report may take the place of what is at a path.

    Raises:
        ScenarioError: There is a file that is no report, or no file at all, such as a directory.
    """
    if not os.path.lexists(path):
        return
    try:
        with open(open_regular(path), "rb") as file:
            start = file.read(_START)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ScenarioError(f"{place(path)}  cannot be read: {reason}") from None
    if not force and start and MARK not in start:
        raise ScenarioError(
            f"{place(path)}  must not exist or be an earlier report, as it would be overwritten; "
            "name another file, or give --force"
        )
