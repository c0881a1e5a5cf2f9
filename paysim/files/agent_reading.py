"""
How to read agents from a file: which column holds what, and how amounts are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import attrs

from paysim.errors import Problems
from paysim.fields import Steps
from paysim.files.columns import column_kinds
from paysim.files.kinds import FileName, Headers, absence, resolved
from paysim.files.transaction_reading import (
    DecimalComma,
    Decimals,
    Delimiter,
    Mapping,
    read_mapping,
)
from paysim.records import Checked, Optional, Record, layout


@attrs.frozen(kw_only=True)
class AgentReading(Checked):
    """
    How to read agents from a file, as a mapping file says it.
    """

    map: Annotated[
        dict[str, str | None] | None,
        Optional(Headers(help="Keys and the headers of their columns.")),
    ] = None
    decimals: Decimals = None
    decimal_comma: DecimalComma = None
    delimiter: Delimiter = None


@attrs.frozen(kw_only=True)
class AgentFile(AgentReading):
    """
    Agents that stand in a CSV file.
    """

    file: Annotated[str | Path, FileName("The file, one row for each agent.")]
    mapping: Annotated[
        str | Path | None, Optional(FileName("A YAML file that says how to read it."))
    ] = None


def agent_reading(
    file: AgentFile, folder: str | os.PathLike[str], record: Record, problems: Problems
) -> AgentReading | None:
    """
    Return how to read a file, or None: what is said of it wins over its mapping file, key by key.

    Args:
        file: What is said of it.
        folder: What the name of its mapping file is relative to.
        record: The record of an agent.
        problems: Where problems go.
    """
    before = problems.count
    _check_keys(file, ("agent_configs",), record, problems)
    if file.mapping is None:
        return file if problems.count == before else None
    if absence(file.mapping, folder, ("agent_configs", "mapping"), problems):
        return None
    mapping = read_mapping(resolved(file.mapping, folder), problems)
    reading = None if mapping is None else _over(file, mapping, record, problems)
    return reading if problems.count == before else None


def _over(
    reading: AgentReading, mapping: Mapping, record: Record, problems: Problems
) -> AgentReading:
    """
    Return the settings of a mapping file with those that are given directly put over them.

    How amounts are written may also stand at its top, where it counts for transactions too.
    """
    found = Problems()
    values: dict[str, Any] = {}
    if mapping.agents is not None:
        own = Record(AgentReading).read(mapping.agents, ("agents",), found)
        if not found.count:
            _check_keys(own, ("agents",), record, found)
            values = _said(own, layout(AgentReading))
    for problem in found.kept:
        problems.add_placed(mapping.placed(problem))
    shared = _said(mapping.reading, ("decimals", "decimal_comma"))
    direct = _said(reading, layout(AgentReading))
    columns = values.get("map", {}) | direct.get("map", {})
    return AgentReading(**(shared | values | direct | {"map": columns}))


def _said(reading: Any, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(reading, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _check_keys(reading: AgentReading, steps: Steps, record: Record, problems: Problems) -> None:
    if reading.map is not None:
        Headers(tuple(column_kinds(record))).check(reading.map, (*steps, "map"), problems)
