"""
Agents from a CSV file: one row for each, read by the same statements as agents in YAML.
"""

from __future__ import annotations

import os
import re
from typing import Any

import attrs

from paysim.errors import Problem, Problems, ScenarioError, shown
from paysim.fields import AGENTS_MAX, Steps
from paysim.files.agent_reading import AgentFile, AgentReading, agent_reading
from paysim.files.columns import Told, Unread, cell_value, column_kinds, find_columns
from paysim.files.csv_text import Cells, Row, read_csv
from paysim.files.documents import decoded, place_text, read_bytes
from paysim.files.kinds import absence, resolved
from paysim.records import MISSING, Record, layout
from paysim.texts import SyntaxProblem

__all__ = ["AgentFile", "AgentReading", "AgentRows", "agent_rows", "read_agents"]

_AGENT = re.compile(r"agent_configs\[([0-9]+)\]")


@attrs.frozen
class AgentRows:
    """
    The agents of a file as dicts, as YAML would give them.

    Attributes:
        rows: A dict for each agent; what could not be read is MISSING in it.
        name: The name of the file.
    """

    rows: list[dict[str, Any]]
    name: str
    cells: Cells = attrs.field(repr=False)
    columns: dict[str, int] = attrs.field(repr=False)

    @property
    def unused(self) -> tuple[str, ...]:
        """
        Headers of the columns that say nothing of an agent.
        """
        used = self.columns.values()
        return tuple(word for i, word in enumerate(self.cells.header.cells) if i not in used)

    def placed(self, problem: Problem) -> Problem:
        """
        Return a problem of these agents with its place in the file and the name of its column.
        """
        expected = _AGENT.sub(self._line_of, problem.expected)
        if len(problem.steps) < 2 or not isinstance(problem.steps[1], int):
            return attrs.evolve(
                problem, place=place_text(self.name, None), path="agents", expected=expected
            )
        index, key = problem.steps[1], ".".join(map(str, problem.steps[2:]))
        row, found = self.cells.rows[index], problem.found
        column = self.columns.get(key, 0)
        if key in self.columns and found == shown(self.rows[index].get(key)):
            # The cell, not what it was read as.
            found = shown(row.cells[column])
        return attrs.evolve(
            problem,
            place=self._place(row, column),
            path=self._label(key),
            expected=expected,
            found=found,
        )

    def read_rows(self, record: Record, decimals: int, mark: str, told: Told) -> None:
        """
        Read the cells of each row; an empty one says nothing.
        """
        kinds = column_kinds(record)
        count = len(self.cells.header.cells)
        unread = {f.name: MISSING for f in layout(record.cls).values() if f.is_required}
        for row in self.cells.rows:
            values: dict[str, Any] = {}
            if len(row.cells) != count:
                text = f"must have {count} cells, as the header has"
                told(Problem(self._place(row, 0), "", text, str(len(row.cells))))
                values |= unread
            else:
                for key, column in self.columns.items():
                    if text := row.cells[column]:
                        values[key] = cell_value(text, kinds[key], decimals, mark)
            for key, value in values.items():
                if isinstance(value, Unread):
                    column = self.columns[key]
                    place, found = self._place(row, column), shown(row.cells[column])
                    told(Problem(place, self._label(key), value.text, found, value.hint))
                    values[key] = MISSING
            self.rows.append(values)

    def _place(self, row: Row, column: int) -> str:
        return place_text(self.name, self.cells.place(row, column))

    def _label(self, key: str) -> str:
        header = self.cells.header.cells[self.columns[key]] if key in self.columns else key
        header = header if header.isprintable() else ascii(header)[1:-1]
        return key if header == key else f"{key} ({header})"

    def _line_of(self, match: re.Match[str]) -> str:
        return f"line {self.cells.rows[int(match[1])].line}"


def read_agents(
    raw: Any, folder: str | os.PathLike[str], problems: Problems, record: Record
) -> AgentRows | None:
    """
    Return the agents of a file, or `None` if they cannot be told.

    Args:
        raw: The name of the file, or a mapping with the keys of `AgentFile`.
        folder: What names of files in it are relative to.
        problems: Where problems go.
        record: The record of an agent.
    """
    before = problems.count
    steps: Steps = ("agent_configs",)
    whole = raw if isinstance(raw, dict) else {"file": raw}
    file = Record(AgentFile).read(whole, steps, problems)
    if problems.count > before:
        return None
    reading = agent_reading(file, folder, record, problems)
    if reading is None:
        return None
    if absence(file.file, folder, (*steps, "file") if whole is raw else steps, problems):
        return None
    name = resolved(file.file, folder)
    try:
        text = decoded(read_bytes(name), name)
    except ScenarioError as error:
        for problem in error.problems:
            problems.add_placed(problem)
        return None
    return agent_rows(text, name, reading, record, problems.add_placed)


def agent_rows(
    text: str, name: str, reading: AgentReading, record: Record, told: Told
) -> AgentRows | None:
    """
    Return the agents that a CSV text lists, or `None` if its columns cannot be told.

    Args:
        text: The text.
        name: The name of its file.
        reading: How to read it.
        record: The record of an agent.
        told: Where problems go.
    """
    try:
        cells = read_csv(text, reading.delimiter, AGENTS_MAX)
    except SyntaxProblem as problem:
        told(Problem(place_text(name, problem.place), "", problem.text, problem.found))
        return None
    if len(cells.rows) > AGENTS_MAX:
        expected = f"must hold at most {AGENTS_MAX} agents"
        told(Problem(place_text(name, None), "agents", expected, "more"))
        return None
    columns = find_columns(cells, name, reading.map or {}, record, told)
    if columns is None:
        return None
    rows = AgentRows([], name, cells, columns)
    rows.read_rows(record, reading.decimals or 0, "," if reading.decimal_comma else ".", told)
    return rows
