"""
What a report is made of: tables, warnings, figures and headline numbers, as plain texts.

Nothing here is escaped; the template does that to everything it is given.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Final

import attrs

GENERATOR: Final = "paysim report"
"""What the head of a report says made it."""

MARK: Final = f'<meta name="generator" content="{GENERATOR}">'.encode()
"""By which a file is known as a report."""

Row = Sequence[str]

SIZES: Final = {"fits": 90, "wide": 110, "wider": 132}
"""Characters that stand side by side on an upright A4 page, in smaller and smaller print."""

TEXT_WIDTH: Final = 20
"""Characters of a text up to which it stays on one line."""

ROWS_TOGETHER: Final = 32
"""Rows of a table that stays on one sheet of paper."""


@attrs.frozen
class Column:
    """
    One column of a table.

    Attributes:
        head: Its heading, with the unit where the cells have one.
        is_number: Whether its cells are figures, which are set flush right.
    """

    head: str
    is_number: bool = True


@attrs.frozen
class Table:
    """
    A table; the first cell of each row is the row's heading.

    Attributes:
        caption: What it shows.
        columns: Its columns, with that of the row headings.
        rows: Its rows, in order.
        sums: Rows under a line: the rest and the total.
        note: What has to be known to read it, or empty.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sums: tuple[Row, ...] = ()
    note: str = ""

    @property
    def is_short(self) -> bool:
        """
        Whether it is to stay on one sheet of paper.
        """
        return len(self.rows) + len(self.sums) <= ROWS_TOGETHER

    @property
    def size(self) -> str:
        """
        How wide it is: `fits`, `wide` or `wider` as far as paper can hold it unbroken, or `widest`.

        Figures are not broken, texts are.
        """
        characters = 0
        for at, column in enumerate(self.columns):
            longest = max((len(row[at]) for row in (*self.rows, *self.sums)), default=0)
            word = max(map(len, column.head.split()), default=0)
            characters += max(longest if column.is_number else min(longest, TEXT_WIDTH), word)
        # The space around a cell takes as much as two characters.
        characters += 2 * len(self.columns)
        return next((size for size, most in SIZES.items() if characters <= most), "widest")


@attrs.frozen
class Number:
    """
    A headline number.

    Attributes:
        label: What it is.
        value: Its value, with thousands separated.
        unit: Its unit, or empty for a plain number.
        note: How it is to be read, or empty.
    """

    label: str
    value: str
    unit: str = ""
    note: str = ""


@attrs.frozen
class Warning:
    """
    Something in a run that its reader has to know before the figures are used.

    Attributes:
        name: A short name, unique in a report.
        title: What it is, in a few words.
        text: Who, when and how much.
        table: The ones concerned, the most first, or `None`.
        commands: Command lines that look further; RUN stands for the directory of the run.
        advice: What may be done about it, or empty.
    """

    name: str
    title: str
    text: str
    table: Table | None = None
    commands: tuple[str, ...] = ()
    advice: str = ""


@attrs.frozen
class Figure:
    """
    A chart with its words.

    Attributes:
        name: A short name, unique in a report.
        title: Its heading.
        caption: What it shows and how to read it; the text alternative of the chart.
        spec: The Vega-Lite specification.
    """

    name: str
    title: str
    caption: str
    spec: dict[str, Any]


def command(*words: object) -> str:
    """
    Return a command line of paysim, each word quoted as far as a shell needs it.
    """
    return " ".join(["paysim", *(shlex.quote(str(word)) for word in words)])
