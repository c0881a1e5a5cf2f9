"""
How to read transactions from a file: which column holds what, and how it is written.

The same keys stand in a scenario, in a mapping file kept beside the data, and as options of the
command line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import attrs

from paysim.errors import Problem, Problems, ScenarioError, path_text, shown
from paysim.fields import Choice, Flag, Kind, Steps, Whole
from paysim.files.csv_text import DELIMITERS
from paysim.files.documents import decoded, parsed, place_text, placed, read_bytes
from paysim.files.kinds import FileName, Headers, Mark
from paysim.records import Checked, Optional, Record
from paysim.texts import Document

FIELDS: Final = (
    "id",
    "sender_id",
    "receiver_id",
    "amount",
    "arrival_tick",
    "arrival_time",
    "arrival_date",
    "deadline_tick",
    "deadline_time",
    "deadline_date",
    "priority",
    "divisible",
)
"""What a file may have columns for."""

DECIMALS_MAX: Final = 9


# Said of agents as of transactions.
Decimals = Annotated[
    int | None,
    Optional(Whole(0, DECIMALS_MAX, "Decimal places of amounts; 0 reads minor units.")),
]
DecimalComma = Annotated[bool | None, Optional(Flag("Whether a comma is the decimal point."))]
Delimiter = Annotated[
    str | None, Optional(Mark(DELIMITERS, "Between cells; recognised unless given."))
]
Dates = Literal["ymd", "dmy", "mdy"]
OutsideHours = Literal["error", "next-open", "drop"]

SECOND: Final = 10**9
DAY: Final = 86_400 * SECOND
"""Nanoseconds, as all lengths of time here."""

_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
_LENGTH = re.compile(r"([1-9][0-9]{0,8}) ?(h|min|s|ms|us)", re.ASCII)
_UNITS = {"h": 3600 * SECOND, "min": 60 * SECOND, "s": SECOND, "ms": 10**6, "us": 10**3}


@attrs.frozen(eq=False)
class ClockTime(Kind):
    """
    A time of the day, `08:00` or `08:00:00`; `24:00` is its end.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        match = _CLOCK.fullmatch(value) if type(value) is str else None
        if match is None or clock_time(value) > DAY:
            problems.add(steps, "must be a time of the day like 08:00 or 08:00:00", shown(value))


@attrs.frozen(eq=False)
class Length(Kind):
    """
    A length of time, such as `1min`, `30s` or `500ms`.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str or not _LENGTH.fullmatch(value):
            problems.add(steps, "must be a length like 1min, 30s, 500ms or 1h", shown(value))


def clock_time(text: str) -> int:
    """
    Return a time of the day in nanoseconds after midnight.
    """
    hours, minutes, seconds = (int(part or 0) for part in _CLOCK.fullmatch(text).groups())  # type: ignore[union-attr]
    return ((hours * 60 + minutes) * 60 + seconds) * SECOND


def length(text: str) -> int:
    """
    Return a length of time in nanoseconds.
    """
    number, unit = _LENGTH.fullmatch(text).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS[unit]


@attrs.frozen(kw_only=True)
class TransactionReading(Checked):
    """
    How to read transactions from a file; what is None is not said.
    """

    map: Annotated[
        dict[str, str | None] | None,
        Optional(Headers(FIELDS, "Keys and the headers of their columns.")),
    ] = None
    decimals: Decimals = None
    decimal_comma: DecimalComma = None
    delimiter: Delimiter = None
    open: Annotated[
        str | None, Optional(ClockTime("When a business day opens, such as 08:00."))
    ] = None
    close: Annotated[
        str | None, Optional(ClockTime("When it closes; not after open, it is on the next date."))
    ] = None
    tick: Annotated[str | None, Optional(Length("What a tick lasts, such as 1min or 30s."))] = None
    dates: Annotated[
        Dates | None, Optional(Choice(get_args(Dates), "Order of day, month and year; ymd."))
    ] = None
    outside_hours: Annotated[
        OutsideHours | None,
        Optional(Choice(get_args(OutsideHours), "What becomes of arrivals out of hours; error.")),
    ] = None


@attrs.frozen(kw_only=True)
class TransactionFile(TransactionReading):
    """
    Transactions that stand in a CSV or Parquet file.
    """

    file: Annotated[str | Path, FileName("The file, one row for each transaction.")]
    mapping: Annotated[
        str | Path | None, Optional(FileName("A YAML file that says how to read it."))
    ] = None


@attrs.frozen(kw_only=True)
class MappingFile(TransactionReading):
    """
    What a mapping file says: how to read transactions, and under `agents` how to read agents.
    """

    agents: Annotated[Any, Kind()] = None


@attrs.frozen
class Mapping:
    """
    A mapping file that has been read.

    Attributes:
        reading: How to read transactions.
        agents: What it says of agents, as plain data.
        name: The name of the file.
    """

    reading: TransactionReading
    agents: Any
    name: str
    document: Document = attrs.field(repr=False)

    def placed(self, problem: Problem) -> Problem:
        """
        Return a problem, whose steps begin at the top of the file, with its place.
        """
        return placed(problem, self.document, self.name)


def read_mapping(path: str, problems: Problems) -> Mapping | None:
    """
    Return what a mapping file says, or None if something is wrong with it.

    Agents and transactions may be read by the same file: what is known of it is not told again.
    """
    found: list[Problem] = []
    mapping = None
    try:
        document = parsed(decoded(read_bytes(path), path), path, "a mapping")
    except ScenarioError as error:
        found += error.problems
    else:
        own = Problems()
        said = Record(MappingFile).read(document.data, (), own)
        at = [
            (place, Problem("", path_text(steps), "key is given twice", ""))
            for steps, place in document.repeated
        ]
        at += ((document.locate(p.steps, p.at_key), p) for p in own.kept)
        at.sort(key=lambda pair: pair[0])
        found += (attrs.evolve(p, place=place_text(path, place)) for place, p in at)
        if not found:
            mapping = Mapping(said, said.agents, path, document)
    for problem in found:
        if problem not in problems.kept:
            problems.add_placed(problem)
    return mapping


def merged(file: TransactionFile, mapping: TransactionReading | None) -> TransactionReading:
    """
    Return how to read a file: what it says itself wins over a mapping file, key by key.
    """
    values = {}
    for field in attrs.fields(TransactionReading):
        value = getattr(file, field.name)
        other = getattr(mapping, field.name, None)
        if field.name == "map":
            value = {**(other or {}), **(value or {})}
        values[field.name] = other if value is None else value
    return TransactionReading(**values)


def hours(
    reading: TransactionReading, steps: Steps, problems: Problems
) -> tuple[int, int, int] | None:
    """
    Return the opening, the length of the business day, and that of a tick, in nanoseconds.

    None of it is said for arrivals in ticks; of only a part of it nothing can be made.
    """
    said = {name: getattr(reading, name) for name in ("open", "close", "tick")}
    missing = [name for name, value in said.items() if value is None]
    if missing:
        if len(missing) < len(said):
            problems.add((*steps, missing[0]), "is missing beside the others of open, close, tick")
        return None
    opening, tick = clock_time(said["open"]) % DAY, length(said["tick"])
    day = (clock_time(said["close"]) - opening - 1) % DAY + 1
    if day % tick:
        text = "must divide the opening hours into whole ticks"
        problems.add((*steps, "tick"), text, shown(said["tick"]))
        return None
    return opening, day, tick
