"""
A small CSV text as rows of cells, and the place of each cell.

It is for tables that are read whole, such as one row for each agent; transactions, of which there
are many, are read by the compiled reader.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

import attrs

from paysim.texts import Place, SyntaxProblem

DELIMITERS: Final = (",", ";", "\t", "|")
"""What may stand between cells; that of a text without any is the first."""

_BLANKS: Final = " \t"

CELLS_MAX: Final = 4096
"""Cells of a header."""

_QUOTED = re.compile(r'"(?:[^"]|"")*"?')
_CLOSING = re.compile(r'(?:[^"]|"")*"(?!")')


@attrs.frozen
class Row:
    """
    One record: its cells without surrounding blanks, and the line that it begins in.
    """

    cells: tuple[str, ...]
    line: int


@attrs.frozen
class Cells:
    """
    What a CSV text says.

    Attributes:
        header: The first row.
        rows: The others; empty lines are left out.
        delimiter: What stands between cells.
        lines: The lines of the text, with their ends.
    """

    header: Row
    rows: list[Row]
    delimiter: str
    lines: list[str] = attrs.field(repr=False)

    def place(self, row: Row, column: int) -> Place:
        """
        Return line and column of a cell, or of the end of a row that has no such cell.
        """
        line, at = row.line, 0
        for _ in range(column):
            line, at = self._end(line, at)
            if not self.lines[line - 1].startswith(self.delimiter, at):
                return line, at + 1
            at += 1
        text = self.lines[line - 1]
        while text.startswith((" ", "\t"), at) and not text.startswith(self.delimiter, at):
            at += 1
        return line, at + 1

    def _end(self, line: int, at: int) -> tuple[int, int]:
        """
        Return the line and position at which the cell that begins at another ends.
        """
        text = self.lines[line - 1]
        if text.startswith('"', at):
            start = at + 1
            while (end := _CLOSING.match(text, start)) is None:
                # A quoted cell may go on in the next line.
                line, start, text = line + 1, 0, self.lines[line]
            at = end.end()
        end_at = text.find(self.delimiter, at)
        return line, end_at if end_at >= 0 else len(text.rstrip("\r\n"))


def read_csv(text: str, delimiter: str | None = None, most: int | None = None) -> Cells:
    """
    Return the rows of a CSV text whose first row is a header.

    Args:
        text: The text.
        delimiter: What stands between cells; `None` takes that which the header has most of.
        most: The most rows to read, besides the header.

    Raises:
        SyntaxProblem: If the text is empty, its header too wide, or its quotes do not match.
    """
    lines = list(io.StringIO(text, newline=""))
    filled = next((i for i, line in enumerate(lines) if line.strip(" \r\n")), None)
    if filled is None:
        raise SyntaxProblem("must begin with a header line, and is empty", None)
    if lines[filled].startswith("sep=") and len(lines[filled].rstrip("\r\n")) <= 5:
        text = "must begin with its header; take out the line sep=, and say what stands between "
        found = repr(lines[filled].rstrip("\r\n"))
        raise SyntaxProblem(f'{text}cells as delimiter (delimiter: ";")', (filled + 1, 1), found)
    if delimiter is None:
        bare = _QUOTED.sub("", lines[filled])
        delimiter = max(DELIMITERS, key=bare.count)
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if len(cells) > 1 or any(cell.strip() for cell in cells):
                rows.append(Row(tuple(cell.strip(_BLANKS) for cell in cells), line))
                if len(rows[0].cells) > CELLS_MAX:
                    text = f"a header must have at most {CELLS_MAX} cells"
                    raise SyntaxProblem(text, (line, 1), str(len(cells)))
            line = reader.line_num + 1
            if most is not None and len(rows) > most + 1:
                break
    except csv.Error as error:
        raise SyntaxProblem(*_reason(error, line, len(lines))) from None
    if not rows:
        raise SyntaxProblem("must begin with a header line, and has none", (1, 1))
    header, *rest = rows
    return Cells(header, rest, delimiter, lines)


def _reason(error: csv.Error, line: int, lines: int) -> tuple[str, Place]:
    place = min(line, lines), 1
    if "unexpected end" in str(error):
        return "must close the quotes that begin in this row", place
    if "expected after" in str(error):
        return "must have quotes around a whole cell, and double those within it", place
    if "field limit" in str(error):
        return f"must have cells of at most {csv.field_size_limit()} characters", place
    return f"cannot be read as CSV: {error}", place
